"""Records are submitted: partly known, for the owner, by it or by a coordinator."""

from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.completeness import missing_fields
from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, OutboxMessage
from lcm_service.services import submissions
from tests import factories
from tests.service.submissions.kinds import KINDS, PLEDGE, SUBMIT, least


@pytest.mark.parametrize(("kind", "first"), [("need", "N-0001"), ("offer", "O-0001"), ("support", "R-0001")])
def test_a_record_of_one_sentence_is_accepted_and_numbered(owner, round, kind, first):
    record = SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind))
    again = SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind))
    assert (record.reference, record.state, record.version) == (first, "submitted", 1)
    assert again.reference == first[:-1] + "2"


def test_what_nobody_said_of_a_need_is_still_to_be_asked(owner, round):
    need = submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE)
    assert missing_fields("need", need) == (
        *("personnel", "seats", "areas", "level", "languages", "modes", "earliest", "latest", "women"),
    )


def test_what_nobody_said_of_an_offer_is_still_to_be_asked(owner, round):
    offer = submissions.submit_offer(owner, owner.participant_code, "R2027", PLEDGE)
    # Of the place nothing is asked while nobody knows whether people travel at all.
    assert missing_fields("offer", offer) == (
        *(
            "personnel",
            "only",
            "requires",
            "seats",
            "mode",
            "start",
            "end",
            "areas",
            "level",
            "languages",
        ),
    )


def test_any_and_needs_nothing_are_answers(owner, round):
    data = PLEDGE | {"personnel": ["any"], "only": ["any"], "requires": [], "mode": "any", "level": "any"}
    offer = submissions.submit_offer(owner, owner.participant_code, "R2027", data)
    db.session.expire_all()
    assert (offer.personnel, offer.only, offer.requires) == (["any"], ["any"], [])
    assert missing_fields("offer", offer) == ("seats", "start", "end", "areas", "languages")


@pytest.mark.parametrize("kind", KINDS)
def test_a_focal_point_does_not_submit_for_another_state(owner, stranger, round, kind):
    with pytest.raises(NotAllowed):
        SUBMIT[kind](owner, stranger.participant_code, "R2027", least(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_coordinator_records_is_marked_and_told_to_the_owner(owner, coordinator, round, kind):
    record = SUBMIT[kind](coordinator, owner.participant_code, "R2027", least(kind))
    event: Any = db.session.scalars(select(AuditEvent)).one()
    assert event.facts == {"version": 1, "on_behalf": True}
    assert (event.action, event.record_kind, event.record_reference) == ("submit", kind, record.reference)
    message = db.session.scalars(select(OutboxMessage)).one()
    assert (message.kind, message.participant_id) == (f"{kind}.submit", owner.participant_id)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "field", ["state", "version", "reference", "participant_id", "seats_recognised", "source", "id"]
)
def test_fields_that_are_not_the_owners_are_refused(owner, coordinator, round, kind, field):
    for actor in (owner, coordinator):
        with pytest.raises(NotValid) as refusal:
            SUBMIT[kind](actor, owner.participant_code, "R2027", least(kind) | {field: 1})
        assert list(refusal.value.faults) == [field]
    assert db.session.scalars(select(AuditEvent)).all() == []


def test_the_system_says_where_a_record_was_taken_from(owner, round):
    source = {"publisher": "A ministry", "kind": "press release"}
    need = submissions.submit_need(SYSTEM, owner.participant_code, "R2027", PLEDGE | {"source": source})
    assert need.source == source


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_round_takes_no_records(owner, kind):
    factories.make_round("OLD", state="closed")
    with pytest.raises(Conflict):
        SUBMIT[kind](owner, owner.participant_code, "OLD", least(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_round_is_not_found(owner, kind):
    with pytest.raises(NotFound):
        SUBMIT[kind](owner, owner.participant_code, "NONE", least(kind))


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("need", "areas", ["NO-SUCH-AREA"]),
        ("need", "mission_code", "NOMISSION"),
        ("need", "trainees_place", "ZZZ"),
        ("offer", "place_code", "ZZZ"),
        ("offer", "partners", ["ZZZ"]),
        ("offer", "only", ["ZZZ"]),
        ("offer", "except", ["ZZZ"]),
        ("support", "places", ["ZZZ"]),
        ("offer", "sessions", [{"place_code": "ZZZ"}]),
    ],
)
def test_a_code_that_no_list_holds_is_a_fault_of_its_field(owner, round, kind, field, value):
    with pytest.raises(NotValid) as refusal:
        SUBMIT[kind](owner, owner.participant_code, "R2027", least(kind) | {field: value})
    assert list(refusal.value.faults) == [field]


def test_an_entry_that_is_no_area_cannot_be_asked_for(owner, round):
    factories.make_area("PDT", is_area=False)
    with pytest.raises(NotValid):
        submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE | {"areas": ["PDT"]})


def test_who_is_eligible_can_be_said_by_participant_place_region_and_group(owner, round):
    factories.make_region("002")
    factories.make_participant("XEA", groups=["ECOWAS"])
    data = PLEDGE | {"only": ["XEA", "002", "ECOWAS"], "except": [owner.participant_code]}
    offer = submissions.submit_offer(owner, owner.participant_code, "R2027", data)
    assert offer.only == ["XEA", "002", "ECOWAS"]
    assert offer.except_ == [owner.participant_code]
