"""Questions reach those who can answer them, the weightiest first, and are closed by the answer."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Question
from lcm_service.services import decisions, publication, questions, submissions
from tests import factories
from tests.service import matching_rounds as rounds

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def round():
    return factories.make_round("R2027")


def ask(round, kind, reference, field, seats):
    return factories.save(
        Question(
            round_id=round.id,
            record_kind=kind,
            record_reference=reference,
            field=field,
            seats=seats,
            seats_published=seats,
        )
    )


def test_a_coordinator_reads_all_and_the_weightiest_first(round):
    need = factories.make_need(round=round)
    offer = factories.make_offer(round=round)
    support = factories.make_support(round=round)
    ask(round, "need", need.reference, "level", 5)
    ask(round, "offer", offer.reference, "seats", 40)
    ask(round, "support", support.reference, "quantity", 12)
    ask(round, "participant", need.participant.code, "place", 7)
    asked = questions.list_questions(factories.make_actor("coordinator"), "R2027")
    assert [(one.field, one.seats) for one in asked] == [
        ("seats", 40),
        ("quantity", 12),
        ("place", 7),
        ("level", 5),
    ]
    assert [one.participant_code for one in asked] == [
        offer.participant.code,
        support.participant.code,
        need.participant.code,
        need.participant.code,
    ]
    assert asked[0].title == offer.title


def test_a_focal_point_reads_those_on_its_own_records(round):
    owner = factories.make_actor()
    participant = factories.make_participant(owner.participant_code)
    own = factories.make_need(participant, round)
    ask(round, "need", own.reference, "level", 5)
    ask(round, "participant", participant.code, "place", 1)
    ask(round, "need", factories.make_need(round=round).reference, "level", 50)
    asked = questions.list_questions(owner, "R2027")
    assert [one.record_reference for one in asked] == [own.reference, participant.code]


@pytest.mark.parametrize("role", ["observer", "administrator"])
def test_who_owns_no_records_reads_none(round, role):
    with pytest.raises(NotAllowed):
        questions.list_questions(factories.make_actor(role), "R2027")


def test_an_unknown_round_is_not_found():
    with pytest.raises(NotFound):
        questions.list_questions(factories.make_actor("coordinator"), "NONE")


def test_an_answered_question_leaves_the_list_and_is_kept(round):
    owner = factories.make_actor()
    offer = factories.make_offer(
        factories.make_participant(owner.participant_code), round, sessions=[{}], requires=None
    )
    for field in ("start", "end", "requires"):
        ask(round, "offer", offer.reference, field, 10)
    answer = {"requires": [], "sessions": [{"key": "S1", "starts_on": date(2027, 4, 5)}]}
    submissions.revise_offer(owner, offer.reference, answer, 1)
    assert [one.field for one in questions.list_questions(owner, "R2027")] == ["end"]
    every = questions.list_questions(owner, "R2027", state=None)
    assert {one.field: one.state for one in every} == {
        "start": "answered",
        "requires": "answered",
        "end": "open",
    }
    answered = db.session.query(Question).filter_by(field="start").one()
    assert answered.answered_at is not None


# -- drafts, publication and who is told how much ------------------------------------------------------------


@pytest.fixture
def open_level(round):
    """A need that does not say its level, and an offer that fits otherwise."""
    need = factories.make_need(round=round, level=None)
    factories.make_offer(round=round)
    return need


def fields_asked(actor):
    return {(one.field, one.seats) for one in questions.list_questions(actor, "R2027")}


def test_a_draft_asks_coordinators_alone_and_owners_once_it_is_published(round, open_level):
    actor, owner = rounds.coordinator(), factories.make_actor("focal_point", open_level.participant)
    run = rounds.solve_round(actor, round)
    assert fields_asked(actor) == {("level", 20)}
    assert [one.is_published for one in questions.list_questions(actor, "R2027")] == [False]
    assert fields_asked(owner) == set()
    rounds.publish(actor, run)
    assert fields_asked(owner) == {("level", 20)}


def test_a_draft_that_is_put_aside_takes_its_own_questions_with_it(round, open_level):
    actor, owner = rounds.coordinator(), factories.make_actor("focal_point", open_level.participant)
    draft = rounds.plan_of(actor, rounds.solve_round(actor, round))
    publication.discard_plan(actor, draft.id, draft.version)
    assert fields_asked(actor) == fields_asked(owner) == set()
    rounds.publish(actor, rounds.solve_round(actor, round))
    late = factories.make_need(round=round, level=None, seats_asked=7, women=0)
    draft = rounds.plan_of(actor, rounds.solve_round(actor, round))
    assert len(questions.list_questions(actor, "R2027")) == 2
    publication.discard_plan(actor, draft.id, draft.version)
    assert fields_asked(actor) == fields_asked(owner) == {("level", 20)}
    assert late.level is None


def test_an_owner_reads_the_published_seats_while_coordinators_read_those_of_the_newest_draft(
    round, open_level
):
    actor, owner = rounds.coordinator(), factories.make_actor("focal_point", open_level.participant)
    rounds.publish(actor, rounds.solve_round(actor, round))
    open_level.seats_recognised = 26
    db.session.commit()
    rounds.solve_round(actor, round)
    assert fields_asked(actor) == {("level", 26)}
    assert fields_asked(owner) == {("level", 20)}


def test_how_many_seats_of_others_hang_on_a_support_is_not_told_to_its_owner(round):
    support = factories.make_support(round=round)
    ask(round, "support", support.reference, "quantity", 12)
    (asked,) = questions.list_questions(factories.make_actor("focal_point", support.participant), "R2027")
    assert asked.seats is None


def test_seats_that_wait_for_recognition_are_asked_of_coordinators_and_never_of_the_state_again(round):
    need = factories.make_need(round=round, seats_asked=20, women=0)
    need.seats_recognised = None
    offer = factories.make_offer(round=round, min_seats=2)
    provider = factories.make_actor("focal_point", offer.participant)
    actor, owner = rounds.coordinator(), factories.make_actor("focal_point", need.participant)
    rounds.publish(actor, rounds.solve_round(actor, round))
    (asked,) = questions.list_questions(actor, "R2027")
    assert (asked.field, asked.asked_of, asked.seats) == ("seats_recognised", "coordinator", 5)
    assert questions.list_questions(owner, "R2027") == []
    (match,) = decisions.list_matches(owner, "R2027")
    assert (match.waits_for_recognition, match.questions_to_owners) == (True, ())
    with pytest.raises(Conflict, match="waits for recognition"):
        decisions.confirm_match(provider, match.id, "provider", match.version)
    submissions.recognise_need(actor, need.reference, seats=20, priority="high", version=need.version)
    assert questions.list_questions(actor, "R2027") == []
    (match,) = decisions.list_matches(owner, "R2027")
    assert match.open_questions == ()
    assert decisions.confirm_match(provider, match.id, "provider", match.version).is_firm


@pytest.mark.parametrize(("answer", "waits"), [(12, True), (5, False)])
def test_a_state_that_says_how_many_seats_it_asks_hands_the_question_over(round, answer, waits):
    need = factories.make_need(round=round, seats_asked=None, women=0)
    offer = factories.make_offer(round=round, min_seats=2)
    provider = factories.make_actor("focal_point", offer.participant)
    actor, owner = rounds.coordinator(), factories.make_actor("focal_point", need.participant)
    rounds.publish(actor, rounds.solve_round(actor, round))
    assert fields_asked(owner) == {("seats", 5)}
    submissions.revise_need(owner, need.reference, {"seats_asked": answer}, need.version)
    assert fields_asked(owner) == set()
    assert fields_asked(actor) == ({("seats_recognised", 5)} if waits else set())
    rounds.solve_round(actor, round)
    assert {field for field, _ in fields_asked(actor)} == ({"seats_recognised"} if waits else set())
    (match,) = decisions.list_matches(owner, "R2027")
    assert match.waits_for_recognition is waits
    if waits:
        with pytest.raises(Conflict, match="waits for recognition"):
            decisions.confirm_match(provider, match.id, "provider", match.version)
    else:
        assert decisions.confirm_match(provider, match.id, "provider", match.version).is_firm
