"""Which limits clashing pins meet, with what they need against what there is where that is a number.

A limit belongs to the clash when the pins would hold without it: limits are left out of the program one by
one, and those that can go while the pins still clash are gone for good. What stays is a set of limits none of
which can be spared.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from optimizer.clashes.asking import Asker
from optimizer.model.limits import most_recipients
from optimizer.model.program import Limit, PulpProgram
from optimizer.model.supply import required_units
from optimizer.model.vectors import RoundModel
from optimizer.plan import ClashLimit
from optimizer.problem import Pin, Session
from optimizer.rules.compatibility import Pair, judge_pair
from optimizer.rules.facts import INTERPRETATION, Facts
from optimizer.solving.solvers import careful


def limits_of_refused_pin(facts: Facts, pin: Pin) -> tuple[ClashLimit, ...]:
    """The rules that refuse a pinned pair; empty where none does."""
    need, session = facts.problem.need_by_id[pin.need], facts.problem.session_by_id[pin.session]
    codes = judge_pair(facts, need, session).refusals
    return tuple(ClashLimit(code, pin.session, ((pin.need, pin.session),)) for code in codes)


def find_limits(
    facts: Facts, pairs: Sequence[Pair], pins: Sequence[Pin], asker: Asker
) -> tuple[ClashLimit, ...]:
    """Return limits that keep these pins from holding together, none of which can be spared, by code and
    record.

    ``pairs`` are those that can decide it (`clash.find_relevant_pairs`); ``pins`` clash.
    """
    held = Facts(replace(facts.problem, pinned=tuple(pins)))
    every = _limits_in_play(held, pairs)
    near = [limit for limit in every if _touches(held, limit, pins)]
    far = [limit for limit in every if limit not in near]
    left_out: set[Limit] = set()
    for group in ([far] if far else []) + [[limit] for limit in reversed(near)]:
        if not _can_hold(held, pairs, left_out | set(group), asker):
            left_out |= set(group)
    kept = [limit for limit in every if limit not in left_out]
    return tuple(_describe(facts, pairs, pins, limit, asker) for limit in kept)


def _limits_in_play(facts: Facts, pairs: Sequence[Pair]) -> list[Limit]:
    """Every limit that the program states, but the pins themselves, by code, record and field."""
    model = RoundModel(facts, pairs, as_stated=True)
    limits = {row.limit for row in model.program.rows if row.limit is not None}
    for pair in pairs:
        # These also bound a pair by itself, where they need no row.
        limits |= {
            Limit("C1", pair.session, "seats"),
            Limit("C3", pair.need, "seats"),
            Limit("C5", pair.session, "max_per_recipient"),
            Limit("C12", pair.need, "women"),
        }
    return sorted(
        (limit for limit in limits if limit.code != "C11"),
        key=lambda limit: (int(limit.code[1:]), limit.record, limit.field),
    )


def _touches(facts: Facts, limit: Limit, pins: Sequence[Pin]) -> bool:
    """Whether the limit is one of a pin's own need, session, offer, provider or fitting support."""
    for pin in pins:
        session = facts.problem.session_by_id[pin.session]
        provider = facts.offer_of(session).provider
        match limit.code:
            case "C2" | "C3" | "C4" | "C12":
                is_near = limit.record == pin.need
            case "C6":
                is_near = limit.record == session.offer
            case "C7" | "C8":
                is_near = limit.record == provider
            case "C9" if limit.record in facts.problem.support_by_id and limit.field in SUPPORT_FIELDS:
                is_near = facts.support_fits(facts.problem.support_by_id[limit.record], session)
            case _:
                is_near = limit.record == pin.session
        if is_near:
            return True
    return False


SUPPORT_FIELDS = ("quantity", "per_session", "only")


def _can_hold(facts: Facts, pairs: Sequence[Pair], left_out: set[Limit], asker: Asker) -> bool:
    """Whether some plan holds all pins once these limits are left out."""
    model = RoundModel(facts, pairs, without=frozenset(left_out))
    program = PulpProgram(model.program)
    program.set_objective([])
    attempt = asker.ask(program, careful(asker.effort, model.find_spread()))
    return attempt.values is not None and attempt.ending != "infeasible"


def _describe(
    facts: Facts, pairs: Sequence[Pair], pins: Sequence[Pin], limit: Limit, asker: Asker
) -> ClashLimit:
    """The limit with every pinned pair that it binds and, where it counts something, required and available.

    Numbers are stated only where they show the clash: more is required than there is.
    """
    concerned = [pin for pin in facts.problem.pinned if _touches(facts, limit, [pin])]
    held = Facts(replace(facts.problem, pinned=tuple(pins)))
    required, available = _NUMBERS[limit.code](held, pairs, limit, asker)
    if required is None or available is None or required <= available:
        required = available = None
    pinned_pairs = tuple((pin.need, pin.session) for pin in concerned)
    return ClashLimit(limit.code, limit.record, pinned_pairs, required, available)


# -- numbers, by code. Each gets the problem with the clashing pins alone ----------------------------------

Numbers = tuple[int | None, int | None]


def _seats_pinned(facts: Facts, limit: Limit) -> int:
    return sum(pin.seats for pin in facts.problem.pinned if _touches(facts, limit, [pin]))


def _numbers_of_session(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    session = facts.problem.session_by_id[limit.record]
    if limit.field == "min_seats":
        in_session = [position for position, pair in enumerate(pairs) if pair.session == session.id]
        return session.min_seats, _most_seats(facts, pairs, in_session, limit, asker)
    return _seats_pinned(facts, limit), facts.seats_of_session(session)


def _numbers_of_group(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    # A need without a pin meets the limit too, where the others in a session are too few without its group.
    fewest = min((pin.seats for pin in facts.problem.pinned if pin.need == limit.record), default=None)
    return facts.problem.need_by_id[limit.record].min_group, fewest


def _numbers_of_need(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    need = facts.problem.need_by_id[limit.record]
    if limit.field == "whole":
        of_need = [position for position, pair in enumerate(pairs) if pair.need == need.id]
        return facts.seats_of_need(need), _most_seats(facts, pairs, of_need, limit, asker)
    return _seats_pinned(facts, limit), facts.seats_of_need(need)


def _numbers_of_groups(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    groups = sum(pin.need == limit.record for pin in facts.problem.pinned)
    return groups, facts.problem.need_by_id[limit.record].max_groups


def _numbers_of_recipients(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    session = facts.problem.session_by_id[limit.record]
    seats: dict[str, int] = {}
    for pin in facts.problem.pinned:
        if pin.session == session.id:
            recipient = facts.problem.need_by_id[pin.need].recipient
            seats[recipient] = seats.get(recipient, 0) + pin.seats
    if limit.field == "max_recipients":
        return len(seats), most_recipients(session)
    return max(seats.values(), default=0), session.max_per_recipient


def _numbers_of_offer(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    sessions = {pin.session for pin in facts.problem.pinned if _touches(facts, limit, [pin])}
    return len(sessions), facts.problem.offer_by_id[limit.record].max_sessions


def _numbers_of_teams(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    names = sorted({pin.session for pin in facts.problem.pinned if _touches(facts, limit, [pin])})
    sessions = [facts.problem.session_by_id[name] for name in names]
    spans = [(s.start, s.end) for s in sessions if s.team and s.start is not None and s.end is not None]
    at_once = max((sum(start <= day <= end for start, end in spans) for day, _ in spans), default=0)
    return at_once, facts.problem.provider_by_id[limit.record].teams


def _numbers_of_provider(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    return _seats_pinned(facts, limit), facts.problem.provider_by_id[limit.record].seats


def _numbers_of_supply(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    """What the pinned seats of sessions require of a kind, against what the supports that fit could give."""
    if limit.field in SUPPORT_FIELDS and limit.record in facts.problem.support_by_id:
        return _numbers_of_support(facts, limit)
    session = facts.problem.session_by_id[limit.record]
    return _units_required(facts, session, limit.field), _units_given(facts, session, limit.field)


def _numbers_of_support(facts: Facts, limit: Limit) -> Numbers:
    support = facts.problem.support_by_id[limit.record]
    if limit.field == "only":
        return None, None
    sessions = {pin.session for pin in facts.problem.pinned if _touches(facts, limit, [pin])}
    units = [
        _units_required(facts, facts.problem.session_by_id[name], support.kind) for name in sorted(sessions)
    ]
    if limit.field == "per_session":
        return max(units, default=0), support.per_session
    return sum(units), support.quantity or 0


def _units_required(facts: Facts, session: Session, kind: str) -> int:
    seats = sum(pin.seats for pin in facts.problem.pinned if pin.session == session.id)
    quantity, per_seat = required_units(session).get(kind, (0, 0))
    return quantity + per_seat * max(seats, session.min_seats)


def _units_given(facts: Facts, session: Session, kind: str) -> int:
    total = 0
    for support in facts.fitting_supports(session, kind):
        given = support.quantity or 0
        total += given if support.per_session is None else min(given, support.per_session)
    return total


def _numbers_of_bridge(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    session = facts.problem.session_by_id[limit.record]
    linking = [
        support
        for support in facts.fitting_supports(session, INTERPRETATION)
        if facts.links(support, limit.field, session)
    ]
    return 1, sum(support.quantity or 0 for support in linking)


def _numbers_of_women(facts: Facts, pairs: Sequence[Pair], limit: Limit, asker: Asker) -> Numbers:
    sessions = facts.problem.session_by_id
    seats = sum(
        pin.seats
        for pin in facts.problem.pinned
        if pin.need == limit.record and sessions[pin.session].women_only
    )
    return seats, facts.women_seats_of(facts.problem.need_by_id[limit.record])


_NUMBERS: dict[str, Callable[[Facts, Sequence[Pair], Limit, Asker], Numbers]] = {
    "C1": _numbers_of_session,
    "C2": _numbers_of_group,
    "C3": _numbers_of_need,
    "C4": _numbers_of_groups,
    "C5": _numbers_of_recipients,
    "C6": _numbers_of_offer,
    "C7": _numbers_of_teams,
    "C8": _numbers_of_provider,
    "C9": _numbers_of_supply,
    "C10": _numbers_of_bridge,
    "C12": _numbers_of_women,
}


def _most_seats(
    facts: Facts, pairs: Sequence[Pair], positions: Sequence[int], limit: Limit, asker: Asker
) -> int | None:
    """The most seats that these pairs can hold together while the pins hold and this one limit is left
    out.
    """
    model = RoundModel(facts, pairs, without=frozenset({limit}))
    program = PulpProgram(model.program)
    program.set_objective(model.model.seat_terms(positions))
    attempt = asker.ask(program, careful(asker.effort, model.find_spread()))
    if attempt.values is None:
        return None
    return round(sum(attempt.values[model.model.columns[position].seats] or 0.0 for position in positions))
