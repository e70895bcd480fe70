"""The changes of one need, or one more support, that could gain it seats: each kind from the smallest up.

A ladder is one kind of change: each step allows all that the steps before it allow, and steps between which
the round stays the same are left out (a window that opens by a day meets nobody until it meets a session).
So the least change of a kind is the first step that helps. What is never changed here is what a need asks
for: its seats and its priority.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np

from optimizer.model.supply import required_units
from optimizer.problem import ANY, MODES, Need, Problem, Session, Support
from optimizer.rules.compatibility import RULES, Pair, find_bridges, judge_pair
from optimizer.rules.facts import INTERPRETATION, Facts, fold_languages, is_any
from optimizer.rules.fit import fit_of_pair
from optimizer.rules.words import SAYS_NO, RuleWords

ChangeKind = Literal[
    "language", "earlier", "later", "min_group", "mode", "max_groups", "not_whole", "support"
]
CHANGE_KINDS: Final[tuple[ChangeKind, ...]] = (
    "language",
    "earlier",
    "later",
    "min_group",
    "mode",
    "max_groups",
    "not_whole",
    "support",
)

WINDOW_KINDS: Final[tuple[ChangeKind, ...]] = ("earlier", "later")


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    ``word``: the language or mode that is accepted too, or the kind of the new support. ``languages``: those
    that a new support of interpretation links, sorted. ``amount``: days by which the window opens, the new
    smallest group, the new number of groups, or the units (dollars) of the new support.
    """

    kind: ChangeKind
    word: str | None = None
    languages: tuple[str, ...] | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """One kind of change, from its smallest step to its widest; a kind without amounts has one step."""

    kind: ChangeKind
    amounts: Sequence[int | None] = (None,)
    word: str | None = None

    def __len__(self) -> int:
        return len(self.amounts)

    def __getitem__(self, position: int) -> Change:
        return Change(self.kind, self.word, amount=self.amounts[position])


def change_need(need: Need, change: Change) -> Need:
    """The need after a change of its own."""
    days = timedelta(days=change.amount or 0)
    match change.kind:
        case "language":
            return replace(need, languages=(*(need.languages or ()), change.word or ""))
        case "mode":
            return replace(need, modes=(*(need.modes or ()), change.word or ""))
        case "earlier":
            return replace(need, earliest=None if need.earliest is None else need.earliest - days)
        case "later":
            return replace(need, latest=None if need.latest is None else need.latest + days)
        case "min_group":
            return replace(need, min_group=change.amount or 1)
        case "max_groups":
            return replace(need, max_groups=change.amount)
        case "not_whole":
            return replace(need, whole=False)
        case "support":
            return need


def add_support(problem: Problem, change: Change) -> tuple[Problem, Support]:
    """The round with one more support of the change's kind and quantity.

    It is open to all, fits everywhere and may give all that it has to one session.
    """
    id_, number = f"new-{change.word}", 1
    while id_ in problem.support_by_id:
        number += 1
        id_ = f"new-{change.word}-{number}"
    languages = None if change.languages is None else frozenset(change.languages)
    new = Support(id_, problem.providers[0].id, change.word or "", change.amount, languages=languages)
    supports = tuple(sorted((*problem.supports, new), key=lambda support: support.id))
    return replace(problem, supports=supports), new


def facts_with_need(facts: Facts, need: Need) -> Facts:
    """The facts of the round with this need in place of the one of its id."""
    needs = (need if need.id == other.id else other for other in facts.problem.needs)
    return Facts(replace(facts.problem, needs=tuple(needs)))


def apply_change(problem: Problem, need_id: str, change: Change) -> Problem:
    """The round with only this change."""
    if change.kind == "support":
        return add_support(problem, change)[0]
    needs = (change_need(need, change) if need.id == need_id else need for need in problem.needs)
    return replace(problem, needs=tuple(needs))


class NeedPairs:
    """Finds the pairs of one need, also of one that the problem states otherwise, as `find_pairs` does."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        words = RuleWords(facts)
        self._tables = [words.table(rule.code) for rule in RULES]

    def find(self, need: Need) -> list[Pair]:
        """Every pair of the need, by session."""
        facts = self.facts
        refused = np.zeros(len(facts.problem.sessions), dtype=np.bool_)
        for table in self._tables:
            refused |= (table.row(need) == SAYS_NO)[table.looks.column]
        pairs: list[Pair] = []
        for index in np.flatnonzero(~refused):
            session = facts.problem.sessions[index]
            verdict = judge_pair(facts, need, session)
            is_kept = verdict.is_firm or facts.problem.policy.unknowns == "allow"
            if is_kept or (need.id, session.id) in facts.pin_by_pair:
                fit, bridges = fit_of_pair(facts, need, session), find_bridges(facts, need, session)
                pairs.append(Pair(need.id, session.id, verdict.is_firm, fit, verdict.questions, bridges))
        return pairs


# -- changes of the need itself ---------------------------------------------------------------------------


def find_ladders(finder: NeedPairs, need: Need) -> Iterator[Ladder]:
    """Each kind of change of the need that could open or ease anything, in the order of `CHANGE_KINDS`."""
    facts, now = finder.facts, finder.find(need)
    asked = facts.seats_of_need(need)
    for ladder in _words_around(facts, need, "language"):
        if finder.find(change_need(need, ladder[0])) != now:
            yield ladder
    for kind in WINDOW_KINDS:
        days = _days_until_sessions(finder, need, kind, {pair.session for pair in now})
        if days:
            yield Ladder(kind, days)
    if need.min_group > 1:
        # A group is never larger than what the need asks for, so larger ones change nothing.
        yield Ladder("min_group", range(min(need.min_group - 1, asked), 0, -1))
    for ladder in _words_around(facts, need, "mode"):
        if finder.find(change_need(need, ladder[0])) != now:
            yield ladder
    if need.max_groups is not None and need.max_groups < len(now):
        yield Ladder("max_groups", range(need.max_groups + 1, len(now) + 1))
    if need.whole:
        yield Ladder("not_whole")


def _words_around(facts: Facts, need: Need, kind: Literal["language", "mode"]) -> list[Ladder]:
    if kind == "language":
        return [Ladder("language", word=language) for language in _languages_around(facts, need)]
    if need.modes is None or is_any(need.modes):
        return []
    return [Ladder("mode", word=mode) for mode in MODES if mode not in need.modes]


def _languages_around(facts: Facts, need: Need) -> list[str]:
    """Languages, as somebody spells them, that the need does not name and sessions or interpreters do."""
    if need.languages is None or is_any(need.languages):
        return []
    problem = facts.problem
    interpreters = facts.supports_by_kind.get(INTERPRETATION, ())
    named = [one.languages or () for one in problem.sessions]
    named += [one.languages or () for one in interpreters]
    spelt: dict[str, str] = {}
    for language in sorted({language for languages in named for language in languages} - {ANY}):
        spelt.setdefault(language.casefold(), language)
    return [spelt[folded] for folded in sorted(spelt.keys() - set(fold_languages(need.languages)))]


def _days_until_sessions(finder: NeedPairs, need: Need, kind: ChangeKind, now: Iterable[str]) -> list[int]:
    """By how many days the window must open for each session that it would gain, each number once."""
    if (need.earliest if kind == "earlier" else need.latest) is None:
        return []
    opened = replace(need, earliest=date.min) if kind == "earlier" else replace(need, latest=date.max)
    gained = {pair.session for pair in finder.find(opened)} - set(now)
    sessions = [finder.facts.problem.session_by_id[session] for session in gained]
    return sorted({_days_outside(need, session, kind) for session in sessions})


def _days_outside(need: Need, session: Session, kind: ChangeKind) -> int:
    """By how many days the session begins too early (or ends too late) for the need; 0 where it does not."""
    if kind == "earlier":
        days = [day for day in (session.start, session.end, session.not_after) if day is not None]
        return max(((need.earliest - day).days for day in days), default=0) if need.earliest else 0
    days = [day for day in (session.start, session.end, session.not_before) if day is not None]
    return max(((day - need.latest).days for day in days), default=0) if need.latest else 0


def first_step_that_allows(facts: Facts, need: Need, ladder: Ladder, seats: Mapping[str, int]) -> int:
    """The lowest step under which the need may be placed so (session -> seats), by what the ladder changes.

    The last step allows it.
    """
    last = len(ladder) - 1
    if ladder.kind == "min_group":
        most = ladder[0].amount or 1
        return max(0, most - min(seats.values(), default=1))
    if ladder.kind == "max_groups":
        return max(0, len(seats) - (ladder[0].amount or 1))
    if ladder.kind in WINDOW_KINDS:
        sessions = [facts.problem.session_by_id[session] for session in seats]
        used = max((_days_outside(need, session, ladder.kind) for session in sessions), default=0)
        return next((i for i in range(last) if (ladder[i].amount or 0) >= used), last)
    return last


# -- one more support -------------------------------------------------------------------------------------


def find_new_supports(finder: NeedPairs, need: Need, sessions: Iterable[Session]) -> Iterator[Change]:
    """One more support of each kind that these sessions require, and of interpretation for each two languages
    that would open or serve a pair of the need; as much of it as they could ever use.
    """
    facts, looked_at = finder.facts, list(sessions)
    most: dict[str, int] = {}
    for session in looked_at:
        for kind, (quantity, per_seat) in required_units(session).items():
            most[kind] = most.get(kind, 0) + quantity + per_seat * facts.seats_of_session(session)
    links = _links_of_need(finder, need)
    spoken = len(facts.problem.sessions) * len(facts.problem.needs)
    for kind in sorted(most):
        if most[kind] > 0:
            yield Change("support", kind, amount=most[kind])
    for languages in sorted(links):
        yield Change(
            "support", INTERPRETATION, languages, amount=most.get(INTERPRETATION, 0) + max(1, spoken)
        )


def _links_of_need(finder: NeedPairs, need: Need) -> set[tuple[str, ...]]:
    """Two languages each, one of the need and one of a session that nothing but the language keeps away."""
    if need.languages is None or is_any(need.languages):
        return set()
    facts, open_need = finder.facts, replace(need, languages=(ANY,))
    own = fold_languages(need.languages)
    links: set[tuple[str, ...]] = set()
    for pair in finder.find(open_need):
        session = facts.problem.session_by_id[pair.session]
        given = set(fold_languages(session.languages))
        if session.languages is None or is_any(session.languages) or given & set(own):
            continue
        links |= {tuple(sorted((one, other))) for one in own for other in given}
    return links
