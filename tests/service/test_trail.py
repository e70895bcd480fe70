"""Events and messages stand or fall with what caused them, and are read by those who may."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import AuditEvent, OutboxMessage
from lcm_service.services import activities, submissions, trail
from lcm_service.services.references import next_reference
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


def test_a_use_case_that_fails_leaves_no_event_no_message_and_no_number():
    owner = factories.make_actor()
    factories.make_round("R")
    with pytest.raises(NotValid):
        submissions.submit_need(owner, owner.participant_code, "R", {"title": "T", "areas": ["NOWHERE"]})
    assert db.session.scalars(select(AuditEvent)).all() == []
    assert db.session.scalars(select(OutboxMessage)).all() == []
    assert submissions.submit_need(owner, owner.participant_code, "R", {"title": "T"}).reference == "N-0001"


def test_each_kind_counts_on_its_own():
    with transaction() as session:
        given = [next_reference(session, prefix) for prefix in "NONRN"]
    assert given == ["N-0001", "O-0001", "N-0002", "R-0001", "N-0003"]


def test_a_message_goes_to_one_addressee():
    participant, person = factories.make_participant(), factories.make_person()
    both = {"participant_id": participant.id, "person_id": person.id}
    wrong: list[dict[str, Any]] = [{}, both]
    for addressees in wrong:
        with pytest.raises(ValueError, match="participant or"), transaction() as session:
            trail.enqueue_message(session, "note", **addressees)


@pytest.mark.parametrize("kind", ["round", "plan", "run", "person", "match", "anything"])
def test_a_history_is_refused_to_those_it_is_not_for_as_if_there_were_none(kind):
    for role in ("focal_point", "observer", "administrator"):
        for reference in ("1", "²", "N-1", "9" * 30):
            with pytest.raises(NotFound):
                trail.list_events(factories.make_actor(role), kind, reference)
    assert trail.list_events(factories.make_actor("coordinator"), kind, "1") == []


def test_the_history_of_an_offer_is_open_and_names_no_strangers():
    owner = factories.make_actor()
    factories.make_round("R")
    offer = submissions.submit_offer(owner, owner.participant_code, "R", {"title": "T"})
    (entry,) = trail.list_events(factories.make_actor(), "offer", offer.reference)
    assert (entry.by, entry.role, entry.action, entry.fields) == (
        "focal_point",
        "focal_point",
        "submit",
        ("title",),
    )
    (own,) = trail.list_events(owner, "offer", offer.reference)
    assert own.by == owner.name


def test_a_version_that_never_was_is_stale_too():
    owner = factories.make_actor()
    need = factories.make_need(factories.make_participant(owner.participant_code))
    with pytest.raises(Stale) as refusal:
        submissions.revise_need(owner, need.reference, {"title": "x"}, 7)
    assert refusal.value.details["changes"] == []
    assert need.reference in refusal.value.message


class TestActivities:
    def test_a_provider_records_its_own_and_coordinators_and_loaders_any(self):
        owner = factories.make_actor()
        data = {"title": "A course", "state": "delivered", "provider_code": owner.participant_code}
        for actor in (owner, factories.make_actor("coordinator"), SYSTEM):
            activities.record_activity(actor, data)
        assert len(activities.list_activities(owner, provider_code=owner.participant_code)) == 3
        for actor in (factories.make_actor(), factories.make_actor("observer")):
            with pytest.raises(NotAllowed):
                activities.record_activity(actor, data)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", None),
            ("state", "wished for"),
            ("recipient_code", "NOWHERE"),
            ("areas", ["NOWHERE"]),
            ("last_month", date(2026, 1, 1)),
            ("id", 7),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, field, value):
        data = {"title": "T", "state": "planned", "first_month": date(2026, 2, 1)}
        with pytest.raises(NotValid) as refusal:
            activities.record_activity(factories.make_actor("coordinator"), data | {field: value})
        assert list(refusal.value.faults) == [field]

    def test_administrators_do_not_take_part(self):
        with pytest.raises(NotAllowed):
            activities.list_activities(factories.make_actor("administrator"))

    def test_the_latest_come_first_and_undated_ones_last(self):
        coordinator = factories.make_actor("coordinator")
        for title, month in (("old", 1), ("new", 9), ("undated", None)):
            day = date(2026, month, 1) if month else None
            activities.record_activity(coordinator, {"title": title, "state": "delivered", "last_month": day})
        assert [one.title for one in activities.list_activities(coordinator)] == ["new", "old", "undated"]
