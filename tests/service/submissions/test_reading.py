"""Who sees which records and their histories, and how much of them at once."""

import pytest

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Person
from lcm_service.services import accounts, submissions, trail
from tests import factories
from tests.service.submissions.kinds import PLEDGE, participant_of


def test_another_states_need_and_a_missing_one_are_refused_in_the_same_words(owner, stranger, round):
    need = factories.make_need(participant_of(owner), round)
    words = []
    for reference in (need.reference, "N-9999"):
        for act in (
            lambda reference: submissions.find_need(stranger, reference),
            lambda reference: submissions.revise_need(stranger, reference, {"title": "x"}, 1),
            lambda reference: submissions.withdraw_need(stranger, reference, 1),
            lambda reference: trail.list_events(stranger, "need", reference),
        ):
            with pytest.raises(NotFound) as refusal:
                act(reference)
            words.append((refusal.value.message.replace(reference, "X"), refusal.value.details))
    assert set(map(str, words)) == {str(("There is no need X.", {}))}


def test_a_focal_point_lists_its_own_needs_and_a_coordinator_all(owner, stranger, coordinator, round):
    mine = factories.make_need(participant_of(owner), round)
    theirs = factories.make_need(participant_of(stranger), round)
    assert [need.reference for need in submissions.list_needs(owner, "R2027")] == [mine.reference]
    assert submissions.list_needs(owner, "R2027", participant_code=stranger.participant_code) == []
    assert {need.reference for need in submissions.list_needs(coordinator, "R2027")} == {
        mine.reference,
        theirs.reference,
    }


@pytest.mark.parametrize("role", ["observer", "administrator"])
def test_needs_are_not_for_observers_and_administrators(round, role):
    with pytest.raises(NotAllowed):
        submissions.list_needs(factories.make_actor(role), "R2027")


def test_offers_are_open_to_all_who_take_part_but_changed_by_their_owner(owner, stranger, round):
    offer = factories.make_offer(participant_of(owner), round)
    assert submissions.find_offer(stranger, offer.reference).reference == offer.reference
    with pytest.raises(NotAllowed):
        submissions.revise_offer(stranger, offer.reference, {"title": "Theirs"}, 1)
    with pytest.raises(NotAllowed):
        submissions.withdraw_session(stranger, f"{offer.reference}-S1", 1)


def test_a_list_is_read_page_by_page(owner, coordinator, round):
    made = [factories.make_need(participant_of(owner), round).reference for _ in range(5)]
    first = submissions.list_needs(owner, "R2027", limit=3)
    rest = submissions.list_needs(owner, "R2027", limit=3, after=first[-1].reference)
    assert [need.reference for need in [*first, *rest]] == made


def test_a_page_cannot_start_after_a_need_that_the_reader_may_not_see(owner, stranger, round):
    need = factories.make_need(participant_of(owner), round)
    for reference in (need.reference, "N-9999"):
        with pytest.raises(NotValid) as refusal:
            submissions.list_needs(stranger, "R2027", after=reference)
        assert refusal.value.message == f"There is no need {reference}."


def test_the_history_names_colleagues_and_gives_others_a_role(owner, coordinator, round):
    need = submissions.submit_need(owner, owner.participant_code, "R2027", PLEDGE)
    submissions.recognise_need(coordinator, need.reference, seats=5, priority="high", version=1)
    own = [(entry.action, entry.by) for entry in trail.list_events(owner, "need", need.reference)]
    assert own == [("submit", owner.name), ("recognise", "coordinator")]
    theirs = trail.list_events(coordinator, "need", need.reference)
    assert [entry.by for entry in theirs] == [owner.name, coordinator.name]


def test_actors_of_this_file_are_people(owner):
    person = db.session.get(Person, owner.person_id)
    assert person is not None
    assert accounts.actor_of(person) == owner
