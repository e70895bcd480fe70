"""The limits that clashing pins meet, checked one by one against the problem.

A limit names its code, the record that sets it, every pinned pair that it binds and, where it counts
something, what the clashing pins require against what there is. All of that is worked out again here, but two
numbers: how many seats a session or a `whole` need could reach at best is found by solving, so of those it is
only checked that they are too few and no fewer than the pins themselves hold.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from optimizer.plan import Clash, ClashLimit
from optimizer.problem import Pin, Session
from optimizer.verifying.constraints import Violation
from optimizer.verifying.rules import Facts, judge_pair_again, support_fits

# Which of the problem's records sets each limit. C11 is the pins themselves.
_SETTERS = {
    "C1": ("session",),
    "C2": ("need",),
    "C3": ("need",),
    "C4": ("need",),
    "C5": ("session",),
    "C6": ("offer",),
    "C7": ("provider",),
    "C8": ("provider",),
    "C9": ("session", "support"),
    "C10": ("session",),
    "C12": ("need",),
}
# How many limits of one code a record can set: seats and min_seats, seats and whole, recipients and seats of
# each; else one. C9 and C10 have no such number, for they set one for each kind and each language.
_SET_TWICE = ("C1", "C3", "C5")
_SET_OFTEN = ("C9", "C10")


def refusals_of(facts: Facts, pin: Pin) -> tuple[str, ...]:
    """Return the rules that refuse a pinned pair."""
    need, session = facts.problem.need_by_id[pin.need], facts.problem.session_by_id[pin.session]
    return tuple(code for code, word in judge_pair_again(facts, need, session).items() if word == "no")


def check_limits(facts: Facts, clash: Clash) -> Iterator[Violation]:
    """A clash names at least one limit; each is the problem's, binds the pairs named and refuses the pins."""
    if not clash.limits:
        yield Violation("outcome", None, None, "The clash names no limit. Name those that its pins meet.")
    yield from _check_repeated(clash)
    refused = [pin for pin in clash.pins if refusals_of(facts, pin)]
    if refused:
        yield from _check_refused_pin(facts, clash, refused[0])
        return
    for limit in clash.limits:
        readings = [kind for kind in _SETTERS.get(limit.code, ()) if _is_declared(facts, kind, limit.record)]
        if not readings:
            message = f"Limit {limit.code} cannot be set by {limit.record} on these pins. Take it away."
            yield Violation("outcome", None, None, message)
            continue
        reading = next((kind for kind in readings if limit.pairs == _bound(facts, limit, kind)), None)
        if reading is None:
            pairs = ", ".join(f"{need} in {session}" for need, session in _bound(facts, limit, readings[0]))
            message = f"Limit {limit.code} of {limit.record} binds the pinned pairs {pairs or 'of none'}."
            yield Violation("outcome", None, None, f"{message} Name all of these and no other.")
        elif not _has_true_numbers(facts, clash, limit, reading):
            message = f"Limit {limit.code} of {limit.record} is said to be met by {limit.required}"
            message += f" against {limit.available}, and is not. State true numbers that refuse, or neither."
            yield Violation("outcome", None, None, message)


def _check_repeated(clash: Clash) -> Iterator[Violation]:
    """A limit is named once; a record may set two of one code, but not with the same numbers."""
    counts = Counter((row.code, row.record) for row in clash.limits)
    same = Counter(row for row in clash.limits if row.code in ("C1", "C3") and row.required is not None)
    repeated = {(row.code, row.record) for row, count in same.items() if count > 1}
    for (code, record), count in counts.items():
        most = 2 if code in _SET_TWICE else 1
        if (count > most and code not in _SET_OFTEN) or (code, record) in repeated:
            message = f"Limit {code} of {record} is named {count} times. Name each limit once."
            yield Violation("duplicate", None, None, message)


def _check_refused_pin(facts: Facts, clash: Clash, pin: Pin) -> Iterator[Violation]:
    """A pin that rules refuse is a clash by itself, and its limits are those rules."""
    codes = refusals_of(facts, pin)
    expected = tuple(ClashLimit(code, pin.session, ((pin.need, pin.session),)) for code in codes)
    if len(clash.pins) > 1 or sorted(clash.limits, key=repr) != sorted(expected, key=repr):
        message = f"The pin of need {pin.need} in session {pin.session} is refused by {', '.join(codes)}."
        message += " It is a clash by itself; name these rules of this session as its limits."
        yield Violation("outcome", pin.need, pin.session, message)


def _is_declared(facts: Facts, kind: str, record: str) -> bool:
    problem = facts.problem
    match kind:
        case "session":
            return record in problem.session_by_id
        case "need":
            return record in problem.need_by_id
        case "offer":
            return record in problem.offer_by_id
        case "provider":
            return record in problem.provider_by_id
    return record in problem.support_by_id


def _bound(facts: Facts, limit: ClashLimit, kind: str) -> tuple[tuple[str, str], ...]:
    """Return every pinned pair of the problem that a limit of this record binds, by need and session."""
    return tuple(
        (pin.need, pin.session) for pin in facts.problem.pinned if _binds(facts, limit.record, kind, pin)
    )


def _binds(facts: Facts, record: str, kind: str, pin: Pin) -> bool:
    session = facts.problem.session_by_id[pin.session]
    match kind:
        case "session":
            return record == pin.session
        case "need":
            return record == pin.need
        case "offer":
            return record == session.offer
        case "provider":
            return record == facts.offer_of(session).provider
    return support_fits(facts, facts.problem.support_by_id[record], session)


def _has_true_numbers(facts: Facts, clash: Clash, limit: ClashLimit, kind: str) -> bool:
    """Say whether the numbers are absent, or more is required than there is and both are the limit's own."""
    required, available = limit.required, limit.available
    if required is None or available is None:
        return required is None and available is None
    if required <= available:
        return False
    count = _Count(facts, [pin for pin in clash.pins if _binds(facts, limit.record, kind, pin)])
    if (required, available) in count.numbers(limit.code, limit.record, kind):
        return True
    return required == count.needed_at_once(limit.code, limit.record) and available >= count.seats


class _Count:
    """What the clashing pins that one limit binds require, and what there is of it."""

    def __init__(self, facts: Facts, pins: list[Pin]) -> None:
        self.facts, self.problem, self.pins = facts, facts.problem, pins
        self.seats = sum(pin.seats for pin in pins)
        self.sessions = [self.problem.session_by_id[id] for id in sorted({pin.session for pin in pins})]

    def numbers(self, code: str, record: str, kind: str) -> set[tuple[int | None, int | None]]:
        """Return the (required, available) that a limit of this code and record can mean."""
        problem = self.problem
        match code:
            case "C1":
                return {(self.seats, self.facts.seats_of_session(problem.session_by_id[record]))}
            case "C2":
                fewest = min((pin.seats for pin in self.pins), default=None)
                return {(problem.need_by_id[record].min_group, fewest)}
            case "C3":
                return {(self.seats, self.facts.seats_of_need(problem.need_by_id[record]))}
            case "C4":
                return {(len(self.pins), problem.need_by_id[record].max_groups)}
            case "C5":
                return self._of_recipients(problem.session_by_id[record])
            case "C6":
                return {(len(self.sessions), problem.offer_by_id[record].max_sessions)}
            case "C7":
                return {(self._teams_at_once(), problem.provider_by_id[record].teams)}
            case "C8":
                return {(self.seats, problem.provider_by_id[record].seats)}
            case "C9":
                return self._of_support(record) if kind == "support" else self._of_supplies(record)
            case "C10":
                return {(1, 0)}
        return {self._of_women(record)}

    def needed_at_once(self, code: str, record: str) -> int | None:
        """Return the seats that must be reached together, for the limits whose `available` is found by
        solving: a session's least, and all the seats of a whole need.
        """
        if code == "C1":
            return self.problem.session_by_id[record].min_seats
        if code == "C3" and self.problem.need_by_id[record].whole:
            return self.facts.seats_of_need(self.problem.need_by_id[record])
        return None

    def _of_recipients(self, session: Session) -> set[tuple[int | None, int | None]]:
        seats: dict[str, int] = defaultdict(int)
        for pin in self.pins:
            seats[self.problem.need_by_id[pin.need].recipient] += pin.seats
        travels = session.mode == "mobile_team" and session.place is None
        most = 1 if travels else session.max_recipients
        return {(len(seats), most), (max(seats.values(), default=0), session.max_per_recipient)}

    def _teams_at_once(self) -> int:
        spans = [(one.start, one.end) for one in self.sessions if one.team and one.start and one.end]
        return max((sum(start <= day <= end for start, end in spans) for day, _ in spans), default=0)

    def _of_supplies(self, record: str) -> set[tuple[int | None, int | None]]:
        session = self.problem.session_by_id[record]
        return {
            (self._units(session, kind, self.seats), self._supply(session, kind))
            for kind in {row.kind for row in session.requires or ()}
        }

    def _supply(self, session: Session, kind: str) -> int:
        """Return the most units of a kind that the supports that fit could give to this one session."""
        fitting = [
            row
            for row in self.problem.supports
            if row.kind == kind and support_fits(self.facts, row, session)
        ]
        most = [(row.quantity or 0, row.per_session) for row in fitting]
        return sum(units if limit is None else min(units, limit) for units, limit in most)

    def _of_support(self, record: str) -> set[tuple[int | None, int | None]]:
        support = self.problem.support_by_id[record]
        units = []
        for session in self.sessions:
            seats = sum(pin.seats for pin in self.pins if pin.session == session.id)
            units.append(self._units(session, support.kind, seats))
        return {(max(units, default=0), support.per_session), (sum(units), support.quantity or 0)}

    def _units(self, session: Session, kind: str, seats: int) -> int:
        """Return what a session requires of a kind with these seats, or its least where those are more."""
        least = max(seats, session.min_seats)
        rows = [row for row in session.requires or () if row.kind == kind]
        return sum(row.quantity + row.per_seat * least for row in rows)

    def _of_women(self, record: str) -> tuple[int, int]:
        need = self.problem.need_by_id[record]
        taken = sum(pin.seats for pin in self.pins if self.problem.session_by_id[pin.session].women_only)
        return taken, self.facts.seats_of_need(need) if need.women is None else need.women
