"""What a run gives up: ways out of pins that clash (which pairs to release, or which sessions to hold below
their least), and what a coordinator withdraws by a correcting plan.

Ways out are read from the stored problem and the stored answer alone, so that what is offered is what was
found.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from lcm_service.domain.errors import NotValid
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import DECLINE_REASONS, LIVE_MATCH_STATES
from lcm_service.persistence.tables import Match
from lcm_service.services.match_turns import is_answered
from lcm_service.services.snapshot_records import PairCodes, pair_of

# Of one clash so many pins are tried by themselves, and no more once so many ways have found a plan.
MOST_RELEASES: Final = 6
ENOUGH_WAYS: Final = 3
LONGEST_NOTICE: Final = 2000
NO_WAY_OUT: Final = sentence(
    "Matches are given up only where they clash, and only those that do. Anything else is withdrawn by a "
    "correcting plan."
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correcting plan withdraws: each pair with the reason for it, which a pair that nobody has
    answered yet may lack; and the notice that both sides of each will read. ``may_return``: the plan may give
    the same pairs seats again, about which their sides are asked anew.
    """

    notice: str
    reasons: tuple[tuple[PairCodes, str | None], ...]
    may_return: bool = False

    @property
    def pairs(self) -> frozenset[PairCodes]:
        return frozenset(pair for pair, _ in self.reasons)

    def reason_of(self, pair: PairCodes) -> str | None:
        return dict(self.reasons).get(pair)

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read ``{"notice": text, "withdraw": [[need, session, reason or null], ...], "may_return": true}``,
        the last of which may be absent.

        Raises NotValid for anything else, by the fields ``notice`` and ``withdraw``.
        """
        fields = {"notice", "withdraw"}
        if not isinstance(document, Mapping) or set(document) - {"may_return"} != fields:
            raise NotValid(
                sentence("A correction has a notice and what it withdraws."), faults={"correction": []}
            )
        notice, rows, may_return = document["notice"], document["withdraw"], document.get("may_return", False)
        if not isinstance(may_return, bool):
            raise NotValid(
                sentence("What is withdrawn may be planned again, or not."), faults={"correction": []}
            )
        if not isinstance(notice, str) or not notice.strip() or len(notice) > LONGEST_NOTICE:
            raise NotValid(
                sentence("A correcting plan tells its reason."),
                faults={
                    "notice": [
                        sentence(
                            "Say what both sides will read, in at most %(most)s characters.",
                            most=LONGEST_NOTICE,
                        )
                    ]
                },
            )
        if not all(map(_is_shown, notice)):
            raise NotValid(
                sentence("A correcting plan tells its reason in words."),
                faults={"notice": [sentence("This holds characters that cannot be shown.")]},
            )
        if not isinstance(rows, list) or not rows or not all(_is_withdrawal(row) for row in rows):
            raise NotValid(
                sentence("A correcting plan withdraws something."),
                faults={"withdraw": [sentence("Choose a match, and why.")]},
            )
        reasons = {(need, code): reason for need, code, reason in rows}
        return cls(notice.strip(), tuple(sorted(reasons.items())), may_return)

    def to_document(self) -> dict[str, Any]:
        """The same, as it is stored with a run."""
        rows = [[*pair, reason] for pair, reason in self.reasons]
        document: dict[str, Any] = {"notice": self.notice, "withdraw": rows}
        return document | ({"may_return": True} if self.may_return else {})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a coordinator would give up: pairs whose seats are released, those of a correction among them, and
    sessions held in the hope of others.
    """

    release: frozenset[PairCodes] = frozenset()
    hold: frozenset[str] = frozenset()
    correction: Correction | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Self:
        """Read ``{"release": [[need, session], ...], "hold": [session, ...], "correction": {...}}``; each may
        be absent (`Correction.from_document`).

        Raises NotValid for anything else.
        """
        document = document or {}
        pairs, sessions = document.get("release", []), document.get("hold", [])
        is_whole = set(document) <= {"release", "hold", "correction"}
        is_whole = is_whole and isinstance(pairs, list) and isinstance(sessions, list)
        if not is_whole or not all(_is_pair(pair) for pair in pairs):
            raise NotValid(
                sentence("A choice names pairs to release, or sessions to hold."), faults={"choice": []}
            )
        if not all(isinstance(code, str) for code in sessions):
            raise NotValid(sentence("A session to hold is named by its code."), faults={"choice": []})
        written = document.get("correction")
        correction = None if written is None else Correction.from_document(written)
        withdrawn = frozenset() if correction is None else correction.pairs
        release = frozenset((need, code) for need, code in pairs)
        return cls(release | withdrawn, frozenset(sessions), correction)

    @property
    def withdrawn(self) -> frozenset[PairCodes]:
        """What a correction withdraws."""
        return frozenset() if self.correction is None else self.correction.pairs

    @property
    def barred(self) -> Mapping[PairCodes, str | None]:
        """What a correction withdraws for good as far as its own plan goes, each with the reason for it."""
        if self.correction is None or self.correction.may_return:
            return {}
        return dict(self.correction.reasons)

    @property
    def given_up(self) -> frozenset[PairCodes]:
        """What is released as a way out of a clash, beside what a correction withdraws."""
        return self.release - self.withdrawn

    def to_document(self) -> dict[str, Any]:
        """The same, as it is stored with a run: lists in order, a part that is empty left out."""
        document: dict[str, Any] = {}
        if self.release:
            document["release"] = [list(pair) for pair in sorted(self.release)]
        if self.hold:
            document["hold"] = sorted(self.hold)
        if self.correction is not None:
            document["correction"] = self.correction.to_document()
        return document

    def describe(self) -> str:
        """In one line, for a run's story."""
        parts = [f"release {need} in {code}" for need, code in sorted(self.release)]
        parts += [f"hold {code}" for code in sorted(self.hold)]
        return ", ".join(parts) or "nothing is given up"

    def carried_on(self, wanted: "Choice") -> "Choice":
        """What is wanted as a way out of a clash that was found under this choice: what a correction
        withdraws stays withdrawn.
        """
        if wanted.correction is not None or self.correction is None:
            return wanted
        return replace(wanted, release=wanted.release | self.withdrawn, correction=self.correction)

    def joined(self, release: Iterable[PairCodes] = (), hold: Iterable[str] = ()) -> "Choice":
        return replace(self, release=self.release | frozenset(release), hold=self.hold | frozenset(hold))


@dataclass(frozen=True, slots=True)
class ShortSession:
    """A session in which the pinned seats are fewer than it needs to run.

    ``least``: the seats that it needs; ``most``: the most that all who fit could fill, where it was counted;
    ``pinned``: every pinned pair in it, as (need, seats).
    """

    code: str
    least: int
    most: int | None
    pinned: tuple[tuple[str, int], ...]

    @property
    def pinned_seats(self) -> int:
        return sum(seats for _, seats in self.pinned)

    @property
    def lacks(self) -> int:
        """Seats that must come from others before it can run."""
        return self.least - (self.pinned_seats if self.most is None else max(self.most, self.pinned_seats))


def find_short_sessions(problem: Mapping[str, Any], clash: Mapping[str, Any]) -> tuple[ShortSession, ...]:
    """The sessions of a clash that fall below their least, by code."""
    pins: dict[str, list[tuple[str, int]]] = {}
    for pin in problem["pinned"]:
        pins.setdefault(pin["session"], []).append((pin["need"], pin["seats"]))
    sessions = {row["id"]: row for row in problem["sessions"]}
    short = []
    for limit in clash["limits"]:
        session = sessions.get(limit["record"])
        if limit["code"] != "C1" or session is None:
            continue
        pinned = tuple(sorted(pins.get(session["id"], ())))
        if sum(seats for _, seats in pinned) < session["min_seats"]:
            short.append(ShortSession(session["id"], session["min_seats"], limit["available"], pinned))
    return tuple(sorted(short, key=lambda one: one.code))


def pairs_in_clash(problem: Mapping[str, Any], clash: Mapping[str, Any]) -> frozenset[PairCodes]:
    """The pins that clash, and all that are pinned in a session that cannot run: those to decide about."""
    pairs = {(pin["need"], pin["session"]) for pin in clash["pins"]}
    for short in find_short_sessions(problem, clash):
        pairs |= {(need, short.code) for need, _ in short.pinned}
    return frozenset(pairs)


def require_way_out(
    wanted: Choice, base: Choice, problem: Mapping[str, Any], clash: Mapping[str, Any]
) -> None:
    """Raise NotValid where more would be given up than is to be decided about in a clash that was found under
    ``base``: whatever else is released is withdrawn by a correction, with a notice and a reason.
    """
    short = {one.code for one in find_short_sessions(problem, clash)}
    released = wanted.given_up - base.given_up - pairs_in_clash(problem, clash)
    if released or wanted.hold - base.hold - short:
        raise NotValid(NO_WAY_OUT, faults={"choice": []})


def find_releasing_choices(
    base: Choice,
    problem: Mapping[str, Any],
    clash: Mapping[str, Any],
    weight_of: Callable[[PairCodes], int],
) -> tuple[Choice, ...]:
    """What could be released to resolve a clash that was found under ``base``, in the order to be tried.

    Of a first clash each of its own pins alone, at most `MOST_RELEASES` of them: nobody is given up who need
    not be. ``weight_of`` says how much has been answered about a pair: those that are merely proposed are
    tried before those that people have agreed to. A clash that is left after a release goes on in that way
    alone, with all that is pinned in a session that still cannot run, or else with its lightest pin. One that
    is left after sessions were held releases only where holding cannot save it.
    """
    short = find_short_sessions(problem, clash)
    pins = sorted(
        {(pin["need"], pin["session"]) for pin in clash["pins"]}, key=lambda pair: (weight_of(pair), pair)
    )
    if not base.given_up and not base.hold:
        ways = [base.joined(release=[pair]) for pair in pins[:MOST_RELEASES]]
    elif base.hold and {one.code for one in short} - base.hold:
        ways = []
    elif base.given_up and short:
        ways = [base.joined(release=[(need, one.code) for one in short for need, _ in one.pinned])]
    else:
        ways = [base.joined(release=pins[:1])]
    return tuple(way for way in ways if way != base)


def find_holding_choice(base: Choice, problem: Mapping[str, Any], clash: Mapping[str, Any]) -> Choice | None:
    """To hold the sessions that lack seats, in the hope of others; None where none does, or the way is
    another.
    """
    short = {one.code for one in find_short_sessions(problem, clash)}
    holding = base.joined(hold=short)
    is_other_way = bool(base.given_up) and not base.hold
    return None if is_other_way or holding == base else holding


def find_lacking_reasons(choice: Choice, matches: Iterable[Match]) -> Sequence[PairCodes]:
    """What a correction withdraws without a reason of its own although a side has answered about it."""
    if choice.correction is None:
        return ()
    return [
        pair_of(match)
        for match in matches
        if pair_of(match) in choice.withdrawn
        and match.state in LIVE_MATCH_STATES
        and is_answered(match)
        and choice.correction.reason_of(pair_of(match)) is None
    ]


def _is_shown(one: str) -> bool:
    """No control character but the end of a line, none that turns the direction, no half of a pair."""
    return one in "\n\r\t" or (
        unicodedata.category(one) not in ("Cc", "Cs")
        and not "\u202a" <= one <= "\u202e"
        and not ("\u2066" <= one <= "\u2069")
    )


def _is_withdrawal(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 3 or not _is_pair(value[:2]):
        return False
    return value[2] is None or value[2] in DECLINE_REASONS


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(code, str) for code in value)
    )
