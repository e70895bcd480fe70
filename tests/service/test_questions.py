"""Questions reach those who can answer them, the weightiest first, and are closed by the answer."""

from datetime import date

import pytest

from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Question
from lcm_service.services import questions, submissions
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def round():
    return factories.make_round("R2027")


def ask(round, kind, reference, field, seats):
    return factories.save(
        Question(round_id=round.id, record_kind=kind, record_reference=reference, field=field, seats=seats)
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
