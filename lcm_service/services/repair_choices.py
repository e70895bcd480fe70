"""Ways out of pins that clash: which pairs to release, or which sessions to hold below their least.

Read from the stored problem and the stored answer alone, so that what is offered is what was found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from lcm_service.domain.errors import NotValid

type PairCodes = tuple[str, str]

# Of one clash so many pins are tried by themselves, and no more once so many ways have found a plan.
MOST_RELEASES: Final = 6
ENOUGH_WAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What a coordinator would give up: pairs whose seats are released, sessions held in the hope of
    others.
    """

    release: frozenset[PairCodes] = frozenset()
    hold: frozenset[str] = frozenset()

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Self:
        """Read ``{"release": [[need, session], ...], "hold": [session, ...]}``; either may be absent.

        Raises NotValid for anything else.
        """
        document = document or {}
        pairs, sessions = document.get("release", []), document.get("hold", [])
        is_whole = (
            set(document) <= {"release", "hold"} and isinstance(pairs, list) and isinstance(sessions, list)
        )
        if not is_whole or not all(_is_pair(pair) for pair in pairs):
            raise NotValid("A choice names pairs to release, or sessions to hold.", faults={"choice": []})
        if not all(isinstance(code, str) for code in sessions):
            raise NotValid("A session to hold is named by its code.", faults={"choice": []})
        return cls(frozenset((need, code) for need, code in pairs), frozenset(sessions))

    def to_document(self) -> dict[str, Any]:
        """The same, as it is stored with a run: lists in order, a part that is empty left out."""
        document: dict[str, Any] = {}
        if self.release:
            document["release"] = [list(pair) for pair in sorted(self.release)]
        if self.hold:
            document["hold"] = sorted(self.hold)
        return document

    def describe(self) -> str:
        """In one line, for a run's story."""
        parts = [f"release {need} in {code}" for need, code in sorted(self.release)]
        parts += [f"hold {code}" for code in sorted(self.hold)]
        return ", ".join(parts) or "nothing is given up"

    def joined(self, release: Iterable[PairCodes] = (), hold: Iterable[str] = ()) -> "Choice":
        return Choice(self.release | frozenset(release), self.hold | frozenset(hold))


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
    if base == Choice():
        ways = [base.joined(release=[pair]) for pair in pins[:MOST_RELEASES]]
    elif base.hold and {one.code for one in short} - base.hold:
        ways = []
    elif base.release and short:
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
    is_other_way = bool(base.release) and not base.hold
    return None if is_other_way or holding == base else holding


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(code, str) for code in value)
    )
