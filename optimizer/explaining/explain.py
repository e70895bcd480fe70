"""Why a plan is as it is: codes and parameters, never sentences (`lcm-explanation/1`).

For each need that is short of seats: the reason, what blocks it, the nearest sessions, and the questions
that hang on its best conditional pairs. For each match: how its fit comes about, which rules wait for an
answer, and which other sessions it could have had. For each question: the seats of the plan that hang on
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from optimizer.explaining.changes import Change
from optimizer.explaining.prices import Price, PriceList
from optimizer.explaining.unmet import Tally, find_unmet
from optimizer.explaining.would_help import ChangeSearch, NeedChanges
from optimizer.files.canonical import problem_sha256
from optimizer.files.plan_files import clash_to_document
from optimizer.plan import Assignment, Clash, Nearest, OpenQuestion, Plan, Question, UnmetNeed
from optimizer.problem import Problem
from optimizer.rules.compatibility import Pair, Unknown, judge_pair
from optimizer.rules.facts import Facts
from optimizer.rules.fit import fit_parts
from optimizer.rules.pairs import find_pairs, group_by_need

EXPLANATION_FORMAT: Final = "lcm-explanation/1"
MAX_ALTERNATIVES: Final = 5


@dataclass(frozen=True, slots=True)
class PairInWaiting:
    """A conditional pair of an unmet need: its fit, the seats the session has left, the questions in its
    way.
    """

    session: str
    fit: int
    seats_left: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class UnmetExplanation:
    """Why a need is short of seats, which of its best conditional pairs wait for an answer, and what would
    help (``None``: not looked for).
    """

    need: str
    seats_short: int
    reason: str
    blocked_counts: Mapping[str, int]
    nearest: tuple[Nearest, ...]
    waiting: tuple[PairInWaiting, ...]
    changes: NeedChanges | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another session that the need could have had: its fit, and the seats it has left in this plan."""

    session: str
    fit: int
    firm: bool
    seats_left: int


@dataclass(frozen=True, slots=True)
class MatchExplanation:
    """Why a match is one.

    ``fit_parts`` holds each part of the fit (0..100); it is ``None`` where a coordinator's own score stands.
    ``unknown_rules`` are the rules that wait for an answer; empty where the match is firm.
    """

    need: str
    session: str
    seats: int
    fit: int
    fit_parts: Mapping[str, int] | None
    firm: bool
    pinned: bool
    bridged_by: str | None
    unknown_rules: tuple[str, ...]
    questions: tuple[Question, ...]
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer, for one plan of one problem. Where pins clash there is no plan to explain but the
    clash.
    """

    problem_sha256: str
    unmet: tuple[UnmetExplanation, ...] = ()
    matches: tuple[MatchExplanation, ...] = ()
    questions: tuple[OpenQuestion, ...] = field(default_factory=tuple)
    prices: tuple[Price, ...] | None = None
    clash: Clash | None = None


def explain(
    problem: Problem, plan: Plan, need: str | None = None, *, search: ChangeSearch | None = None
) -> Explanation:
    """Return why the plan's needs are met or unmet; of one need alone where ``need`` is its id.

    The plan is expected to hold (`verify`); what is said of one that does not has no meaning. With a
    ``search`` of this problem and plan, the changes that would help each unmet need are looked for, and the
    prices of pins, bans, questions and matches are worked out.

    Raises
    ------
    ValueError: the problem has no such need.
    """
    if need is not None and need not in problem.need_by_id:
        raise ValueError(f"the problem has no need {need!r}")
    facts = Facts(problem)
    pairs = find_pairs(facts, need)
    pairs_of_need = group_by_need(pairs)
    seats = {(row.need, row.session): row.seats for row in plan.assignments}
    tally = Tally(facts, seats)
    unmet = find_unmet(facts, pairs, seats, need) if plan.clash is None else ()
    return Explanation(
        problem_sha256=problem_sha256(problem),
        unmet=tuple(_explain_unmet(tally, row, pairs_of_need.get(row.need, []), search) for row in unmet),
        matches=tuple(
            _explain_match(tally, row, pairs_of_need.get(row.need, []))
            for row in plan.assignments
            if need in (None, row.need)
        ),
        questions=_weigh_questions(plan.assignments, need),
        prices=None if search is None else tuple(PriceList(search.around, search.clock).all(need)),
        clash=plan.clash,
    )


def _explain_unmet(
    tally: Tally, row: UnmetNeed, pairs: Sequence[Pair], search: ChangeSearch | None
) -> UnmetExplanation:
    waiting = [pair for pair in pairs if not pair.firm and (pair.need, pair.session) not in tally.seats]
    best = sorted(waiting, key=lambda pair: (-pair.fit, len(pair.questions), pair.session))
    return UnmetExplanation(
        row.need,
        row.seats_short,
        row.reason,
        row.blocked_counts,
        row.nearest,
        tuple(
            PairInWaiting(pair.session, pair.fit, _seats_left(tally, pair), pair.questions)
            for pair in best[:MAX_ALTERNATIVES]
        ),
        None if search is None else search.find_changes(row.need),
    )


def _explain_match(tally: Tally, row: Assignment, pairs: Sequence[Pair]) -> MatchExplanation:
    facts = tally.facts
    need, session = facts.problem.need_by_id[row.need], facts.problem.session_by_id[row.session]
    answers = judge_pair(facts, need, session).answers
    is_scored = (row.need, row.session) in facts.score_by_pair
    return MatchExplanation(
        need=row.need,
        session=row.session,
        seats=row.seats,
        fit=row.fit,
        fit_parts=None if is_scored else fit_parts(facts, need, session),
        firm=row.firm,
        pinned=(row.need, row.session) in facts.pin_by_pair,
        bridged_by=row.bridged_by,
        unknown_rules=tuple(code for code, answer in answers.items() if isinstance(answer, Unknown)),
        questions=row.questions,
        alternatives=_find_alternatives(tally, row, pairs),
    )


def _find_alternatives(tally: Tally, row: Assignment, pairs: Sequence[Pair]) -> tuple[Alternative, ...]:
    """The other sessions that pair with the need and do not serve it: best fit first, firm ones before
    others.
    """
    others = [pair for pair in pairs if (pair.need, pair.session) not in tally.seats]
    others.sort(key=lambda pair: (-pair.fit, not pair.firm, pair.session))
    return tuple(
        Alternative(pair.session, pair.fit, pair.firm, _seats_left(tally, pair))
        for pair in others[:MAX_ALTERNATIVES]
    )


def _seats_left(tally: Tally, pair: Pair) -> int:
    session = tally.facts.problem.session_by_id[pair.session]
    return tally.facts.seats_of_session(session) - tally.filled.get(session.id, 0)


def _weigh_questions(assignments: Sequence[Assignment], need: str | None) -> tuple[OpenQuestion, ...]:
    """Seats of the plan that hang on each question, most first; those of one need where it is named."""
    seats: dict[Question, int] = {}
    for row in assignments:
        if need in (None, row.need):
            for question in row.questions:
                seats[question] = seats.get(question, 0) + row.seats
    ranked = sorted(seats.items(), key=lambda item: (-item[1], item[0]))
    return tuple(OpenQuestion(question.record, question.field, hanging) for question, hanging in ranked)


# -- the document -----------------------------------------------------------------------------------------


def explanation_to_document(explanation: Explanation) -> dict[str, Any]:
    """Return the `lcm-explanation/1` document, every key written out."""
    return {
        "format": EXPLANATION_FORMAT,
        "problem_sha256": explanation.problem_sha256,
        "unmet": [_write_unmet(row) for row in explanation.unmet],
        "matches": [_write_match(row) for row in explanation.matches],
        "questions": [
            {"record": row.record, "field": row.field, "seats": row.seats} for row in explanation.questions
        ],
        "prices": None if explanation.prices is None else [asdict(price) for price in explanation.prices],
        "clash": None if explanation.clash is None else clash_to_document(explanation.clash),
    }


def _write_unmet(row: UnmetExplanation) -> dict[str, Any]:
    return {
        "need": row.need,
        "seats_short": row.seats_short,
        "reason": row.reason,
        "blocked_counts": dict(row.blocked_counts),
        "nearest": [{"session": near.session, "rules": list(near.rules)} for near in row.nearest],
        "waiting": [
            {
                "session": pair.session,
                "fit": pair.fit,
                "seats_left": pair.seats_left,
                "questions": _write_questions(pair.questions),
            }
            for pair in row.waiting
        ],
        "changes": None if row.changes is None else _write_changes(row.changes),
    }


def _write_changes(changes: NeedChanges) -> dict[str, Any]:
    return {
        "proof": changes.proof,
        "gains_unchanged": changes.gains_unchanged,
        "helps": [
            {
                "change": _write_change(one.change),
                "is_least": one.is_least,
                "effects": {
                    "seats_gained": one.effects.seats_gained,
                    "seats_lost_by_others": one.effects.seats_lost_by_others,
                    "needs_losing": one.effects.needs_losing,
                },
            }
            for one in changes.helps
        ],
        "not_settled": [_write_change(change) for change in changes.not_settled],
    }


def _write_change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "word": change.word,
        "languages": None if change.languages is None else list(change.languages),
        "amount": change.amount,
    }


def _write_match(row: MatchExplanation) -> dict[str, Any]:
    return {
        "need": row.need,
        "session": row.session,
        "seats": row.seats,
        "fit": row.fit,
        "fit_parts": None if row.fit_parts is None else dict(row.fit_parts),
        "firm": row.firm,
        "pinned": row.pinned,
        "bridged_by": row.bridged_by,
        "unknown_rules": list(row.unknown_rules),
        "questions": _write_questions(row.questions),
        "alternatives": [
            {
                "session": other.session,
                "fit": other.fit,
                "firm": other.firm,
                "seats_left": other.seats_left,
            }
            for other in row.alternatives
        ],
    }


def _write_questions(questions: Sequence[Question]) -> list[dict[str, str]]:
    return [{"record": question.record, "field": question.field} for question in questions]
