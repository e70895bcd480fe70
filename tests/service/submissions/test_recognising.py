"""A coordinator recognises the seats and the priority of a need."""

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, OutboxMessage
from lcm_service.services import submissions
from tests import factories
from tests.service.submissions.kinds import participant_of


def test_a_coordinator_recognises_seats_and_priority_and_the_owner_is_told(owner, coordinator, round):
    need = factories.make_need(participant_of(owner), round, seats_recognised=None)
    submissions.recognise_need(
        coordinator, need.reference, seats=12, priority="routine", reason="One company.", version=1
    )
    seen = submissions.find_need(owner, need.reference)
    assert (seen.seats_recognised, seen.priority_recognised) == (12, "routine")
    assert (seen.seats_asked, seen.recognition_reason) == (20, "One company.")
    assert db.session.scalars(select(OutboxMessage.kind)).all() == ["need.recognise"]


def test_nobody_recognises_its_own_need(owner, round):
    need = factories.make_need(participant_of(owner), round)
    with pytest.raises(NotAllowed):
        submissions.recognise_need(owner, need.reference, seats=99, priority="critical", version=1)
    with pytest.raises(NotAllowed):
        submissions.recognise_as_asked(owner, "R2027", [need.reference])


def test_asking_for_more_raises_nothing_and_asking_for_less_lowers(owner, round):
    need = factories.make_need(participant_of(owner), round, seats_asked=20, seats_recognised=15)
    need = submissions.revise_need(owner, need.reference, {"seats_asked": 200}, 1)
    assert need.seats_recognised == 15
    need = submissions.revise_need(owner, need.reference, {"seats_asked": 10}, need.version)
    assert need.seats_recognised == 10


def test_recognising_as_asked_is_all_or_nothing(owner, coordinator, round):
    needs = [factories.make_need(participant_of(owner), round, seats_recognised=None) for _ in range(2)]
    references = [need.reference for need in needs]
    with pytest.raises(NotFound):
        submissions.recognise_as_asked(coordinator, "R2027", [*references, "N-9999"])
    assert submissions.find_need(owner, references[0]).seats_recognised is None
    submissions.recognise_as_asked(coordinator, "R2027", references)
    assert [need.seats_recognised for need in submissions.list_needs(coordinator, "R2027")] == [20, 20]


def test_fewer_seats_than_the_smallest_group_could_never_be_placed(owner, coordinator, round):
    need = factories.make_need(participant_of(owner), round, min_group=10)
    with pytest.raises(NotValid):
        submissions.recognise_need(coordinator, need.reference, seats=9, priority="high", version=1)


SUPPORTED = [
    {"basis": "assessment_visit"},
    {"basis": "mission_request"},
    {"basis": "self_declared", "basis_reference": "Report of the visit of 3 May"},
    {"basis_reference": "Letter of the Force Commander"},
]
ONLY_ITS_OWN_WORD = [
    {"basis": "self_declared"},
    {"basis": None},
    {"basis": "self_declared", "basis_reference": ""},
]


@pytest.mark.parametrize("stated", SUPPORTED, ids=str)
def test_what_others_say_as_well_can_be_critical(owner, coordinator, round, stated):
    need = factories.make_need(participant_of(owner), round, priority_asked="critical", **stated)
    submissions.recognise_need(coordinator, need.reference, seats=20, priority="critical", version=1)
    submissions.recognise_as_asked(coordinator, "R2027", [need.reference])
    assert submissions.find_need(owner, need.reference).priority_recognised == "critical"


@pytest.mark.parametrize("stated", ONLY_ITS_OWN_WORD, ids=str)
def test_the_word_of_the_state_alone_is_never_critical(owner, coordinator, round, stated):
    alone = factories.make_need(
        participant_of(owner), round, priority_asked="critical", priority_recognised=None, **stated
    )
    other = factories.make_need(participant_of(owner), round, priority_recognised=None)
    with pytest.raises(NotValid) as refusal:
        submissions.recognise_need(coordinator, alone.reference, seats=20, priority="critical", version=1)
    assert list(refusal.value.faults) == ["priority"]
    with pytest.raises(NotValid, match=alone.reference):
        submissions.recognise_as_asked(coordinator, "R2027", [other.reference, alone.reference])
    assert submissions.find_need(owner, other.reference).priority_recognised is None
    submissions.recognise_need(
        coordinator, alone.reference, seats=20, priority="high", reason="No report yet.", version=1
    )


def test_a_need_that_loses_its_report_is_critical_no_longer(owner, coordinator, round):
    need = factories.make_need(
        participant_of(owner), round, priority_recognised="critical", basis="assessment_visit"
    )
    need = submissions.revise_need(owner, need.reference, {"title": "Another title"}, 1)
    assert need.priority_recognised == "critical"
    need = submissions.revise_need(owner, need.reference, {"basis": "self_declared"}, need.version)
    assert need.priority_recognised == "high"
    told = db.session.scalars(select(AuditEvent.fields).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert told == ["basis", "priority_recognised"]


@pytest.mark.parametrize(
    ("less", "field"),
    [
        ({"seats": 19}, "reason"),
        ({"priority": "routine"}, "reason"),
        ({"seats": 25}, None),
        ({"seats": None}, None),
    ],
    ids=str,
)
def test_who_gets_less_than_it_asked_reads_why(owner, coordinator, round, less, field):
    need = factories.make_need(participant_of(owner), round, seats_asked=20, priority_asked="high")
    wanted = {"seats": 20, "priority": "high", "version": 1} | less
    if field is None:
        submissions.recognise_need(coordinator, need.reference, **wanted)
        return
    with pytest.raises(NotValid) as refusal:
        submissions.recognise_need(coordinator, need.reference, **wanted)
    assert list(refusal.value.faults) == [field]
    submissions.recognise_need(coordinator, need.reference, **wanted, reason="The room is small.")
