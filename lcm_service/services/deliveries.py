"""What comes after an agreement: a course is scheduled, then reported as delivered or as not delivered.

A delivery belongs to its agreed match and changes with it: it is pressed in the match's version, leaves its
events in the match's history and moves no seat. A letter of a side is recorded by a coordinator.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.lives import NOTHING, states_before
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.record_rules import ENDS_BEFORE_START, Faults
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import ASSESSING_SIDES, NON_DELIVERY_REASONS
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Delivery, Match
from lcm_service.services.delivery_states import FIELDS_OF_DAYS, FIELDS_OF_REPORT, is_delivered
from lcm_service.services.delivery_views import days_of_match, days_said, first_day, last_day
from lcm_service.services.held_matches import (
    HeldMatch,
    agree_if_all_confirmed,
    checked_note,
    hold_match,
    record_match_event,
    tell_others,
)
from lcm_service.services.known_codes import code_faults
from lcm_service.services.match_turns import agreed_seats, fall_back_to_known
from lcm_service.services.match_views import MatchView
from lcm_service.services.session_turns import settle_sessions

FAULTY = sentence("Some of what you report contradicts the match or itself. Correct it and send it again.")
ELSEWHERE = sentence(
    "The session says another country. Leave this empty; where all who take part have agreed to this one, "
    "write to the coordinators."
)
PUT_ELSEWHERE = sentence(
    "This course was put in another country by letter. Name that one; where all who take part have agreed to "
    "another, write to the coordinators."
)
OUTSIDE_SESSION = sentence(
    "The session is not on this day. Propose other dates, and schedule it once all have accepted."
)
OTHER_THAN_SESSION = sentence(
    "The session begins or ends on another day. Propose other dates, and schedule it once all have accepted."
)
PUT_ON_OTHER_DAY = sentence(
    "This course was put on another day by letter. Name that one; where all who take part have agreed to "
    "another, write to the coordinators."
)
NOT_HELD_THEN = sentence(
    "It was reported that the course was not held, so it comes on a later day than today. Propose other "
    "dates, and schedule it once all have accepted."
)
MORE_THAN_AGREED = sentence("No more seats can have been used than were agreed.")
MORE_THAN_USED = sentence("No more women can have been trained than seats were used.")
NOT_OVER = sentence("This day has not come yet.")
BEFORE_ROUND = sentence("No course of this round can have been held on so early a day.")
# What is said of a course of which something was reported that leaves no such step open.
REPORTED: Final = {
    "delivered": sentence(
        "The course is reported as delivered already. Where that is wrong, write to the coordinators: they "
        "correct it by your letter."
    ),
    "not_delivered": sentence(
        "The course is reported as not delivered already. Where that is wrong, write to the coordinators: "
        "they correct it by your letter."
    ),
}
# Where a letter has put a course it stays until all move it or a letter does, also where it was not held.
_PUT_STATES: Final = ("scheduled", "not_delivered")
CHOOSE_REASON = sentence("Choose a reason.")
CHOOSE_SIDE = sentence("Say for which side: recipient or provider.")


def schedule_delivery(
    actor: Actor, match_id: int, data: Mapping[str, Any], version: int, *, on_behalf: bool = False
) -> MatchView:
    """The provider says on which days and where an agreed course will be: ``starts_on``, ``ends_on``,
    ``place_code`` and ``venue``. It may do so again until something is reported, and where it was not held
    for days that are to come: who reported that is overturned by no schedule, not even by letter.

    Sent twice it changes nothing. Raises NotFound, NotAllowed for all but the provider and a coordinator who
    has its letter, Stale, NotValid for days that the session rules out, Conflict where the match is not
    agreed or the course was reported.
    """
    with transaction() as session:
        held = hold_match(session, actor, match_id, "provider", on_behalf)
        planned = {name: data.get(name) for name in FIELDS_OF_DAYS}
        delivery = held.match.delivery
        if delivery is not None and delivery.state == "scheduled" and _says(delivery, planned):
            return held.view(session)
        held.check_version(session, version)
        _require_step(held, "schedule")
        faults = _faults_of_days(held, planned["starts_on"], planned["ends_on"])
        faults |= code_faults(session, planned, None)
        faults |= _faults_of_place(held, planned["place_code"])
        if faults:
            raise NotValid(FAULTY, faults)
        return _write(session, held, "schedule", "scheduled", planned | dict.fromkeys(FIELDS_OF_REPORT))


def report_delivered(
    actor: Actor, match_id: int, side: str, data: Mapping[str, Any], version: int, *, on_behalf: bool = False
) -> MatchView:
    """A side reports that the course was held: ``held_from``, ``held_to``, ``seats_used``, of them
    ``women_used``. A coordinator with a side's letter may report otherwise what was reported before.

    Sent twice it changes nothing. Raises NotFound, NotAllowed, Stale, NotValid for numbers beyond what was
    agreed and for days before the round, Conflict before the last day, where the match is not agreed, or
    where a report stands.
    """
    report = {name: data.get(name) for name in ("held_from", "held_to", "seats_used", "women_used")}
    with transaction() as session:
        held = _hold_side(session, actor, match_id, side, on_behalf)
        delivery = held.match.delivery
        if delivery is not None and delivery.state == "delivered" and _says(delivery, report):
            return held.view(session)
        held.check_version(session, version)
        action = _require_report(held, "deliver")
        last = last_day(held.match)
        if last is not None and _today() < last:
            raise Conflict(
                sentence("The course lasts until %(day)s. Report it once it is over.", day=last),
                last_day=str(last),
            )
        faults = _faults_of_report(report, agreed_seats(held.match), _earliest_day(held))
        if faults:
            raise NotValid(FAULTY, faults)
        was = {"place_code": _place_of_course(held.match), "reason": None, "note": None}
        return _write(session, held, action, "delivered", report | was)


def report_not_delivered(
    actor: Actor,
    match_id: int,
    side: str,
    reason: str,
    version: int,
    note: str | None = None,
    *,
    on_behalf: bool = False,
) -> MatchView:
    """A side reports, with a reason, that the course was not held; it can be scheduled anew.

    Before its first day the match is declined by letter instead, or released: then its seats go to others.
    Sent twice it changes nothing. Raises as `report_delivered`.
    """
    with transaction() as session:
        held = _hold_side(session, actor, match_id, side, on_behalf)
        if reason not in NON_DELIVERY_REASONS:
            raise NotValid(sentence("Say why, by one of the listed reasons."), {"reason": [CHOOSE_REASON]})
        report = {"reason": reason, "note": checked_note(note)}
        delivery = held.match.delivery
        if delivery is not None and delivery.state == "not_delivered" and _says(delivery, report):
            return held.view(session)
        held.check_version(session, version)
        action = _require_report(held, "not_deliver")
        first = first_day(held.match)
        if first is not None and _today() < first:
            raise Conflict(
                sentence(
                    "The course begins on %(day)s. If it will not take place, write to the coordinators: "
                    "they decline the match for you, so that its seats go to others.",
                    day=first,
                ),
                first_day=str(first),
            )
        return _write(session, held, action, "not_delivered", dict.fromkeys(FIELDS_OF_REPORT) | report)


def rounds_with_agreed(actor: Actor) -> set[str]:
    """The codes of rounds in which a match is agreed of which the actor's side may say what became of it; of
    all rounds with one, for coordinators. None for who has no part in matches.
    """
    session = db.session()
    if may_coordinate(actor):
        return reads.rounds_with_agreed(session)
    if actor.role != "focal_point" or actor.participant_id is None:
        return set()
    return reads.rounds_with_agreed(session, actor.participant_id)


def _hold_side(session: Session, actor: Actor, match_id: int, side: str, on_behalf: bool) -> HeldMatch:
    held = hold_match(session, actor, match_id, side, on_behalf)
    if side not in ASSESSING_SIDES:
        raise NotValid(sentence("The two sides report what became of a course."), {"side": [CHOOSE_SIDE]})
    return held


def _require_step(held: HeldMatch, *actions: str) -> None:
    """Raise Conflict unless the match is agreed and one of these steps is open (`domain/lives.py`).

    While sides are asked for more, what all have agreed before stands, for whoever speaks for it.
    """
    match = held.match
    if not agreed_seats(match):
        raise Conflict(
            sentence(
                "The match of %(need)s with %(session)s is %(state)s. A course is scheduled and reported "
                "once all sides have agreed to its match.",
                need=match.need_reference,
                session=match.session_code,
                state=Coded("match_state", held.state),
            ),
            state=held.state,
        )
    state = NOTHING if match.delivery is None else match.delivery.state
    if state not in states_before("delivery", *actions):
        raise Conflict(
            REPORTED[state],
            state=state,
        )


def _require_report(held: HeldMatch, action: str) -> str:
    """The step by which a report is made: the first one by a side, a correction by a letter alone."""
    delivery = held.match.delivery
    if held.is_on_behalf and delivery is not None and delivery.state in states_before("delivery", "correct"):
        action = "correct"
    _require_step(held, action)
    return action


def _write(
    session: Session, held: HeldMatch, action: str, state: str, values: Mapping[str, Any]
) -> MatchView:
    """Keep what is said of the course, with its event and word of it to the other side."""
    match = held.match
    if state == "delivered":
        _end_what_was_asked(session, held)
    if match.delivery is None:
        match.delivery = Delivery(match_id=match.id, state=state)
    delivery, is_report = match.delivery, state != "scheduled"
    if state == "scheduled":
        # What was said of a course that was not held in the end is not about the one that comes.
        delivery.assessments.clear()
    delivery.state = state
    for name, value in values.items():
        setattr(delivery, name, value)
    delivery.reported_side = held.side if is_report else None
    delivery.reported_by_id = held.actor.person_id if is_report else None
    delivery.reported_at = utc_now() if is_report else None
    reads.raise_version(match)
    session.flush()
    facts = {"side": held.side, "on_behalf": held.is_on_behalf, "version": match.version}
    stated = sorted(name for name, value in values.items() if value is not None)
    record_match_event(session, held.actor, match, action, stated, facts, secret=False)
    tell_others(session, held.actor, match, (held.recipient, held.provider), action)
    if is_report:
        # Days that are proposed for a course that was reported are over.
        settle_sessions(session, held.actor, held.round, [match.session_code])
    return held.view(session)


def _end_what_was_asked(session: Session, held: HeldMatch) -> None:
    """A course that was held has no more seats: what sides are asked beyond those agreed is over. Of what its
    recipient alone was asked the provider never hears.
    """
    match, agreed = held.match, agreed_seats(held.match)
    if match.state == "asked":
        _lapse_more(session, held, fall_back_to_known(match), secret=True)
    if match.state == "proposed":
        beyond, match.seats = match.seats - agreed, agreed
        _lapse_more(session, held, beyond, secret=False)
        agree_if_all_confirmed(session, held.actor, match, (held.recipient, held.provider))
    settle_sessions(session, held.actor, held.round, [match.session_code])


def _place_of_course(match: Match) -> str | None:
    """Where a course was that is reported as held: where it was scheduled, else where its session is now.
    What its offer or a plan says later is about courses to come.
    """
    delivery = match.delivery
    if delivery is not None and (delivery.place_code is not None or is_delivered(match)):
        return delivery.place_code
    return days_of_match(match).place


def _lapse_more(session: Session, held: HeldMatch, seats: int, *, secret: bool) -> None:
    match, sides = held.match, (held.recipient, held.provider)
    session.flush()
    facts = {"seats": seats, "version": match.version}
    record_match_event(session, held.actor, match, "lapse_more", ["state", "seats"], facts, secret=secret)
    tell_others(session, held.actor, match, sides, "lapse_more", secret=secret)


def _says(delivery: Delivery, values: Mapping[str, Any]) -> bool:
    return all(getattr(delivery, name) == value for name, value in values.items())


def _faults_of_place(held: HeldMatch, place: str | None) -> Faults:
    """The course is held where the session says, where that is said, or where a letter has put it: its
    provider moves it nowhere alone, nor back. A coordinator has the letters of those who have agreed.
    """
    said, delivery = days_of_match(held.match).place, held.match.delivery
    if held.is_on_behalf or said is None:
        return {}
    put = delivery.place_code if delivery is not None and delivery.state in _PUT_STATES else None
    if put not in (None, said):
        return {} if place == put else {"place_code": [PUT_ELSEWHERE]}
    return {} if place in (None, said) else {"place_code": [ELSEWHERE]}


def _faults_of_days(held: HeldMatch, starts_on: date | None, ends_on: date | None) -> Faults:
    """Days lie within what the session says, and are those that it names: its provider shortens what all have
    agreed to by no schedule. Where it says nothing, they are free. A coordinator has the letters of those who
    have agreed to fewer, on which the course stays.
    """
    earliest, latest = days_said(held.match)
    said, delivery = days_of_match(held.match), held.match.delivery
    is_put = delivery is not None and delivery.state in _PUT_STATES
    was_not_held = delivery is not None and delivery.state == "not_delivered"
    is_in_order = starts_on is None or ends_on is None or starts_on <= ends_on
    faults: Faults = {}
    for name, day, named in (("starts_on", starts_on, said.start), ("ends_on", ends_on, said.end)):
        if day is None:
            faults[name] = [sentence("This must be stated.")]
        elif (earliest is not None and day < earliest) or (latest is not None and day > latest):
            faults[name] = [OUTSIDE_SESSION]
        elif was_not_held and name == "starts_on" and day <= _today():
            faults[name] = [NOT_HELD_THEN]
        elif is_in_order and not held.is_on_behalf and named is not None:
            put = getattr(delivery, name) if is_put else None
            bound = named if put is None else put
            if day != bound:
                faults[name] = [OTHER_THAN_SESSION if bound == named else PUT_ON_OTHER_DAY]
    if not is_in_order:
        faults.setdefault("ends_on", []).append(ENDS_BEFORE_START)
    return faults


def _earliest_day(held: HeldMatch) -> date:
    """Courses are held when they can be, also on other days than were said; not before the round was open,
    nor before the first day that the session says, whichever is earlier.
    """
    said, _ = days_said(held.match)
    return held.round.opens_on if said is None else min(said, held.round.opens_on)


def _faults_of_report(report: Mapping[str, Any], seats_agreed: int, earliest: date) -> Faults:
    faults: Faults = {
        name: [sentence("This must be stated.")] for name, value in report.items() if value is None
    }
    if faults:
        return faults
    if report["held_to"] < report["held_from"]:
        faults["held_to"] = [ENDS_BEFORE_START]
    elif report["held_to"] > _today():
        faults["held_to"] = [NOT_OVER]
    if report["held_from"] < earliest:
        faults["held_from"] = [BEFORE_ROUND]
    if report["seats_used"] > seats_agreed:
        faults["seats_used"] = [MORE_THAN_AGREED]
    if report["women_used"] > report["seats_used"]:
        faults["women_used"] = [MORE_THAN_USED]
    return faults


def _today() -> date:
    return utc_now().date()
