"""A coordinator recognises the seats and the priority of a need."""

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import OutboxMessage
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
