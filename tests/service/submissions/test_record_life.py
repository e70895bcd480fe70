"""A record is acknowledged, authenticated by a note verbale, or given back with questions."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, OutboxMessage
from lcm_service.services import decisions, submissions, trail
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.submissions.kinds import FIND, KINDS, MAKE, REVISE, WITHDRAW, participant_of

NOTE = {"note_reference": "NV/12/2027", "note_date": date(2026, 10, 1)}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def record(kind, owner, round):
    return MAKE[kind](participant_of(owner), round)


def acknowledge(actor, kind, record, version=None):
    return submissions.acknowledge_record(actor, kind, record.reference, version or record.version)


def authenticate(actor, kind, record, **changes):
    given = {**NOTE, "version": record.version, **changes}
    return submissions.authenticate_record(actor, kind, record.reference, **given)


def give_back(actor, kind, record, questions="For which unit is it?", version=None):
    version = version or record.version
    return submissions.return_record(actor, kind, record.reference, questions=questions, version=version)


def circulate(actor, kind, record):
    return submissions.circulate_record(actor, kind, record.reference, record.version)


STEPS = (acknowledge, authenticate, give_back)


def last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def test_a_record_is_acknowledged_and_its_owner_is_told(kind, record, owner, coordinator):
    before = utc_now()
    found = acknowledge(coordinator, kind, record)
    assert found.state == "acknowledged"
    assert before <= found.acknowledged_at <= utc_now()
    assert db.session.scalars(select(OutboxMessage.kind)).all() == [f"{kind}.acknowledge"]
    assert (last_event().action, last_event().fields) == ("acknowledge", ["state"])
    assert FIND[kind](owner, record.reference).acknowledged_at is not None


def test_a_record_is_authenticated_by_a_note_whether_it_was_acknowledged_or_not(
    kind, record, owner, coordinator, round
):
    found = authenticate(coordinator, kind, record)
    assert (found.state, found.note_reference, found.note_date) == ("authenticated", *NOTE.values())
    assert found.acknowledged_at is not None
    other = MAKE[kind](participant_of(owner), round)
    acknowledged = acknowledge(coordinator, kind, other)
    moment = acknowledged.acknowledged_at
    assert authenticate(coordinator, kind, acknowledged).acknowledged_at == moment
    # What the note says is no matter of the chain of events, which cannot be erased.
    assert "NV/12/2027" not in str(last_event().facts)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"note_reference": None}, "note_reference"),
        ({"note_reference": ""}, "note_reference"),
        ({"note_date": None}, "note_date"),
        ({"note_date": date(2999, 1, 1)}, "note_date"),
    ],
)
def test_a_note_has_a_reference_and_a_date_that_has_come(record, kind, coordinator, changes, field):
    with pytest.raises(NotValid) as refusal:
        authenticate(coordinator, kind, record, **changes)
    assert list(refusal.value.faults) == [field]
    assert FIND[kind](coordinator, record.reference).state == "submitted"
    assert authenticate(coordinator, kind, record, note_date=utc_now().date()).state == "authenticated"


def test_a_record_that_is_given_back_takes_no_part_until_its_owner_has_changed_it(
    kind, record, owner, coordinator
):
    acknowledge(coordinator, kind, record)
    returned = give_back(coordinator, kind, record)
    assert (returned.state, returned.return_questions) == ("returned", "For which unit is it?")
    assert returned.state not in LIVE_RECORD_STATES
    assert "For which unit" not in str(last_event().facts)
    same = REVISE[kind](owner, record.reference, {"title": returned.title}, returned.version)
    assert same.state == "returned"
    again = REVISE[kind](owner, record.reference, {"detail": "Of the first company."}, same.version)
    assert (again.state, again.return_questions, again.acknowledged_at) == ("submitted", None, None)
    assert last_event().fields == ["detail", "state"]
    assert acknowledge(coordinator, kind, again).state == "acknowledged"


def test_what_was_given_back_can_be_withdrawn(kind, record, owner, coordinator):
    returned = give_back(coordinator, kind, record)
    assert WITHDRAW[kind](owner, record.reference, returned.version).state == "withdrawn"


def test_a_question_is_asked_in_words(kind, record, coordinator):
    for nothing in (None, ""):
        with pytest.raises(NotValid) as refusal:
            give_back(coordinator, kind, record, questions=nothing)
        assert list(refusal.value.faults) == ["questions"]


@pytest.mark.parametrize("step", STEPS)
def test_coordinators_alone_take_these_steps(step, kind, record, owner, stranger):
    for actor in (owner, stranger, factories.make_actor("observer"), factories.make_actor("administrator")):
        with pytest.raises(NotAllowed):
            step(actor, kind, record)
    assert record.state == "submitted"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_begins_from_what_was_read_and_where_it_is_open(step, kind, record, owner, coordinator):
    with pytest.raises(Stale):
        step(coordinator, kind, record, version=record.version + 1)
    WITHDRAW[kind](owner, record.reference, record.version)
    with pytest.raises(Conflict):
        step(coordinator, kind, record)
    with pytest.raises(NotFound):
        step(coordinator, kind, SimpleNamespace(reference="X-9999", version=1))


def test_no_step_is_taken_twice(kind, record, coordinator):
    acknowledged = acknowledge(coordinator, kind, record)
    with pytest.raises(Conflict):
        acknowledge(coordinator, kind, acknowledged)
    authenticated = authenticate(coordinator, kind, record)
    with pytest.raises(Conflict):
        authenticate(coordinator, kind, authenticated)
    with pytest.raises(Conflict):
        acknowledge(coordinator, kind, authenticated)
    returned = give_back(coordinator, kind, record)
    with pytest.raises(Conflict):
        give_back(coordinator, kind, returned)


def test_a_record_that_stands_in_a_match_is_not_given_back(coordinator):
    round = factories.make_round()
    need, offer = factories.make_need(round=round), factories.make_offer(round=round)
    rounds.publish(coordinator, rounds.solve_round(coordinator, round))
    for kind, record in (("need", need), ("offer", offer)):
        with pytest.raises(Conflict, match="stands in a match"):
            give_back(coordinator, kind, record)
    (match,) = decisions.list_matches(coordinator, round.code)
    decisions.decline_match(coordinator, match.id, "recipient", "dates", match.version, on_behalf=True)
    rounds.fresh()
    for kind, record in (("need", need), ("offer", offer)):
        assert give_back(coordinator, kind, record).state == "returned"


def test_a_note_of_tomorrow_is_a_slip(kind, record, coordinator):
    with pytest.raises(NotValid):
        authenticate(coordinator, kind, record, note_date=utc_now().date() + timedelta(days=1))


@pytest.mark.parametrize("kind", ["offer", "support"], indirect=True)
def test_that_an_offer_was_given_back_is_read_by_its_owner_and_coordinators_alone(
    kind, record, owner, stranger, coordinator
):
    returned = give_back(coordinator, kind, record)
    REVISE[kind](owner, record.reference, {"detail": "Of the first company."}, returned.version)
    for actor in (owner, coordinator):
        told = [(one.action, one.fields) for one in trail.list_events(actor, kind, record.reference)]
        assert told == [("return", ("return_questions", "state")), ("revise", ("detail", "state"))]
    for actor in (stranger, factories.make_actor("observer")):
        told = [(one.action, one.fields) for one in trail.list_events(actor, kind, record.reference)]
        assert told == [("revise", ("detail",))]


@pytest.mark.parametrize("steps", [(), (acknowledge,), (acknowledge, authenticate), (acknowledge, circulate)])
@pytest.mark.parametrize("kind", ["offer", "support"])
def test_that_a_record_was_given_back_is_told_to_its_owner_and_coordinators_alone(
    kind, steps, record, owner, stranger, coordinator, round
):
    observer = factories.make_actor("observer")
    lists: dict[str, Callable[..., Any]] = {
        "offer": submissions.list_offers,
        "support": submissions.list_supports,
    }
    listed = lists[kind]

    def read(actor):
        found = FIND[kind](actor, record.reference)
        live = [one.reference for one in listed(actor, round.code, only_live=True)]
        return submissions.state_for(actor, found), record.reference in live

    for step in steps:
        step(coordinator, kind, FIND[kind](coordinator, record.reference))
    before = [read(actor) for actor in (stranger, observer)]
    assert read(owner) == before[0]
    give_back(coordinator, kind, FIND[kind](coordinator, record.reference))
    assert [read(actor) for actor in (stranger, observer)] == before
    assert [read(actor) for actor in (owner, coordinator)] == [("returned", False)] * 2
