"""Records are revised: field by field, in turn, with what was asked about them."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotValid, Stale
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Question
from lcm_service.services import submissions
from tests import factories
from tests.service.submissions.kinds import FIND, KINDS, MAKE, REVISE, participant_of


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_given_fields_change_and_none_makes_a_field_unknown(owner, round, kind):
    record = MAKE[kind](participant_of(owner), round, detail="Before")
    revised = REVISE[kind](owner, record.reference, {"areas": None, "title": "After"}, 1)
    assert (revised.title, revised.areas, revised.detail, revised.version) == ("After", None, "Before", 2)
    event: Any = db.session.scalars(select(AuditEvent)).one()
    assert set(event.fields) <= {"areas", "title"}
    assert event.facts["version"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_revision_that_changes_nothing_leaves_no_trace(owner, round, kind):
    record = MAKE[kind](participant_of(owner), round)
    assert REVISE[kind](owner, record.reference, {"title": record.title}, 1).version == 1
    assert db.session.scalars(select(AuditEvent)).all() == []


def test_a_flag_given_as_none_takes_its_default(owner, round):
    need = factories.make_need(participant_of(owner), round, whole=True)
    assert submissions.revise_need(owner, need.reference, {"whole": None}, 1).whole is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_stale_revision_says_who_changed_what(owner, coordinator, round, kind):
    record = MAKE[kind](participant_of(owner), round)
    REVISE[kind](coordinator, record.reference, {"title": "Theirs"}, 1)
    with pytest.raises(Stale) as refusal:
        REVISE[kind](owner, record.reference, {"title": "Mine"}, 1)
    details: Any = refusal.value.details
    assert (details["your_version"], details["present_version"]) == (1, 2)
    (change,) = details["changes"]
    assert (change["by"], change["action"], change["fields"]) == ("coordinator", "revise", ["title"])
    assert "title" in refusal.value.message
    assert FIND[kind](owner, record.reference).title == "Theirs"


@pytest.mark.parametrize("kind", KINDS)
def test_a_withdrawn_record_cannot_be_revised(owner, round, kind):
    record = MAKE[kind](participant_of(owner), round, state="withdrawn")
    with pytest.raises(Conflict):
        REVISE[kind](owner, record.reference, {"title": "Late"}, 1)


def test_the_whole_record_is_checked_not_only_what_changes(owner, round):
    need = factories.make_need(participant_of(owner), round, latest=date(2027, 3, 31))
    with pytest.raises(NotValid) as refusal:
        submissions.revise_need(owner, need.reference, {"earliest": date(2027, 4, 1)}, 1)
    assert list(refusal.value.faults) == ["latest"]
    assert submissions.find_need(owner, need.reference).earliest == date(2027, 3, 1)


def test_an_answer_closes_the_question_and_leaves_the_others(owner, round):
    need = factories.make_need(participant_of(owner), round, level=None, languages=None)
    for field in ("level", "languages"):
        factories.save(
            Question(round_id=round.id, record_kind="need", record_reference=need.reference, field=field)
        )
    submissions.revise_need(owner, need.reference, {"level": "any"}, 1)
    states = db.session.execute(select(Question.field, Question.state)).all()
    assert {field: state for field, state in states} == {"level": "answered", "languages": "open"}
