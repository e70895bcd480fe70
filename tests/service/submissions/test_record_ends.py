"""A record stands until its last day: its owner is reminded, it expires, and its owner renews it."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, Need, OutboxMessage, Question, Support
from lcm_service.services import decisions, lapses, questions, record_ends, submissions
from lcm_service.services.snapshot_records import gather_records
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.submissions.kinds import FIND, KINDS, MAKE, REVISE, WITHDRAW, participant_of
from tests.service.test_parties import Course

DAY = timedelta(days=1)
NOTE: dict[str, Any] = {"note_reference": "NV/12/2027", "note_date": date(2026, 10, 1)}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def today():
    return utc_now().date()


def renew(actor, kind, record, expires_on=None, version=None):
    return submissions.renew_record(
        actor,
        kind,
        record.reference,
        expires_on=expires_on or today() + 30 * DAY,
        version=version or record.version,
    )


def expired(kind, owner, round):
    record = MAKE[kind](participant_of(owner), round, expires_on=today() - DAY)
    assert record_ends.expire_overdue(SYSTEM) == 1
    return FIND[kind](owner, record.reference)


def messages():
    return [
        (one.kind, one.participant_id) for one in db.session.scalars(select(OutboxMessage).order_by("id"))
    ]


def last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def test_a_record_expires_the_day_after_its_last_one_and_its_owner_is_told(kind, owner, round):
    over = MAKE[kind](participant_of(owner), round, expires_on=today() - DAY)
    kept = [MAKE[kind](participant_of(owner), round, expires_on=day) for day in (today(), None)]
    ended = MAKE[kind](participant_of(owner), round, expires_on=today() - DAY, state="withdrawn")
    question = Question(
        round_id=round.id, record_kind=kind, record_reference=over.reference, field="quantity", seats=4
    )
    factories.save(question)
    assert record_ends.expire_overdue(SYSTEM) == 1
    assert record_ends.expire_overdue(SYSTEM) == 0
    db.session.expire_all()
    assert FIND[kind](owner, over.reference).state == "expired"
    assert [FIND[kind](owner, one.reference).state for one in (*kept, ended)] == [
        "submitted",
        "submitted",
        "withdrawn",
    ]
    assert messages() == [(f"{kind}.expire", owner.participant_id)]
    event = last_event()
    assert (event.action, event.fields, event.facts) == (
        "expire",
        ["state"],
        {"version": 2, "on_behalf": False},
    )
    assert db.session.get(Question, question.id).state == "closed"
    for step in (REVISE[kind], lambda *given: WITHDRAW[kind](*given[:2], given[3])):
        with pytest.raises(Conflict):
            step(owner, over.reference, {"title": "Another"}, 2)


def test_a_record_expires_whatever_stands_on_it_and_a_match_that_stands_goes_on(app):
    """That it did not expire would tell its provider of a match whose recipient has not agreed to be put."""
    actor, round = rounds.coordinator(), factories.make_round()
    need, offer = factories.make_need(round=round), factories.make_offer(round=round)
    rounds.publish(actor, rounds.solve_round(actor, round), put=False)
    for record in (need, offer):
        record.expires_on = today() - DAY
    db.session.commit()
    (match,) = decisions.list_matches(actor, round.code)
    assert match.state == "asked"
    assert record_ends.expire_overdue(SYSTEM) == 2
    put = decisions.consent_to_match(actor, match.id, match.version, on_behalf=True)
    assert rounds.agree(actor, put).state == "agreed"
    rounds.fresh()
    assert [one.reference for one in gather_records(db.session(), round).offers] == [offer.reference]
    agreed = decisions.find_match(actor, match.id)
    decisions.release_match(actor, agreed.id, "dates", agreed.version)
    rounds.fresh()
    records = gather_records(db.session(), round)
    assert (records.needs, records.offers) == ((), ())


def test_a_support_expires_whatever_counts_on_it_and_its_part_goes_on(app):
    course = Course()
    support = db.session.get(Support, course.support.id)
    support.expires_on = today() - DAY
    db.session.commit()
    assert record_ends.expire_overdue(SYSTEM) == 1
    assert [one.reference for one in gather_records(db.session(), course.round).supports] == [
        support.reference
    ]
    for number in (0, 1):
        match = course.match(number)
        decisions.decline_match(course.recipients[number], match.id, "recipient", "dates", match.version)
    rounds.fresh()
    assert gather_records(db.session(), course.round).supports == ()


def test_of_what_has_expired_nothing_is_asked(app):
    actor, round = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round, level=None)
    other = factories.make_need(round=round, seats_asked=5, women=0)
    factories.make_offer(round=round, seats=40)
    rounds.publish(actor, rounds.solve_round(actor, round), put=False)
    assert [one.record_reference for one in questions.list_questions(actor, round.code)] == [need.reference]
    db.session.get(Need, need.id).expires_on = today() - DAY
    db.session.commit()
    assert record_ends.expire_overdue(SYSTEM) == 1
    asked = next(
        one for one in decisions.list_matches(actor, round.code) if one.need_reference == other.reference
    )
    decisions.consent_to_match(actor, asked.id, asked.version, on_behalf=True)
    assert questions.list_questions(actor, round.code) == []


def test_a_record_that_has_expired_is_not_brought_back_by_an_old_match(app):
    """What lapsed can be put forward again, but not on a record that takes no part."""
    actor, round = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round)
    factories.make_offer(round=round)
    rounds.publish(actor, rounds.solve_round(actor, round))
    (match,) = decisions.list_matches(actor, round.code)
    row = db.session.get(Match, match.id)
    row.answer_by = utc_now() - timedelta(seconds=1)
    db.session.commit()
    assert lapses.lapse_overdue(SYSTEM) == 1
    db.session.get(Need, need.id).expires_on = today() - DAY
    db.session.commit()
    assert record_ends.expire_overdue(SYSTEM) == 1
    now = decisions.find_match(actor, match.id)
    with pytest.raises(Conflict, match="speaks against"):
        lapses.revive_match(actor, match.id, "recipient", now.version, on_behalf=True)


def test_its_owner_renews_it_and_it_is_acknowledged_anew(kind, owner, coordinator, round):
    record = MAKE[kind](participant_of(owner), round, expires_on=today())
    known = submissions.authenticate_record(
        coordinator, kind, record.reference, version=record.version, **NOTE
    )
    assert known.authenticated_at is not None
    known.expires_on = today() - DAY
    db.session.commit()
    record_ends.expire_overdue(SYSTEM)
    over = FIND[kind](owner, record.reference)
    again = renew(owner, kind, over, today())
    assert (again.state, again.expires_on) == ("submitted", today())
    assert (again.acknowledged_at, again.authenticated_at) == (None, None)
    assert again.note_reference == NOTE["note_reference"]
    assert (last_event().action, last_event().fields) == ("renew", ["expires_on", "state"])
    assert submissions.authenticate_record(
        coordinator, kind, record.reference, version=again.version, **NOTE
    ).authenticated_at
    returned = submissions.return_record(
        coordinator, kind, record.reference, questions="Which?", version=again.version
    )
    assert (
        REVISE[kind](owner, record.reference, {"detail": "This."}, returned.version).authenticated_at is None
    )


def test_a_coordinator_renews_by_letter_and_the_owner_is_told(kind, owner, coordinator, round):
    renew(coordinator, kind, expired(kind, owner, round))
    assert messages()[-1] == (f"{kind}.renew", owner.participant_id)
    assert last_event().facts["on_behalf"] is True


def test_nobody_else_renews_nor_to_a_day_that_is_past_nor_what_has_not_expired(
    kind, owner, stranger, coordinator, round
):
    record = expired(kind, owner, round)
    with pytest.raises(NotFound if kind == "need" else NotAllowed):
        renew(stranger, kind, record)
    with pytest.raises(Stale):
        renew(owner, kind, record, version=record.version + 1)
    for wrong in (today() - DAY, None):
        with pytest.raises(NotValid) as refusal:
            submissions.renew_record(owner, kind, record.reference, expires_on=wrong, version=record.version)
        assert list(refusal.value.faults) == ["expires_on"]
    again = renew(owner, kind, record)
    with pytest.raises(Conflict, match="only what has expired"):
        renew(owner, kind, again)
    for actor in (owner, stranger, factories.make_actor("observer"), factories.make_actor("administrator")):
        for act in (record_ends.expire_overdue, record_ends.remind_of_ends):
            with pytest.raises(NotAllowed):
                act(actor)


def test_the_owner_is_reminded_once_of_each_last_day_that_is_near(kind, owner, round):
    near, far = today() + record_ends.REMIND_BEFORE, today() + record_ends.REMIND_BEFORE + DAY
    record = MAKE[kind](participant_of(owner), round, expires_on=near)
    MAKE[kind](participant_of(owner), round, expires_on=far)
    MAKE[kind](participant_of(owner), round, expires_on=near, state="returned")
    MAKE[kind](participant_of(owner), round)
    told = [(f"{kind}.ends_soon", owner.participant_id)]
    assert (record_ends.remind_of_ends(SYSTEM), messages()) == (1, told)
    assert (record_ends.remind_of_ends(SYSTEM), messages()) == (0, told)
    # Another record of the round is no reason to remind of this one again.
    MAKE[kind](participant_of(owner), round, expires_on=near)
    assert (record_ends.remind_of_ends(SYSTEM), messages()) == (1, told * 2)
    # A reminder is no change: a form that was open meanwhile can still be sent.
    changed = REVISE[kind](owner, record.reference, {"expires_on": today()}, record.version)
    assert changed.version == 2
    assert (record_ends.remind_of_ends(SYSTEM), messages()) == (1, told * 3)
