"""Records are withdrawn: once, with a reason, and kept."""

from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Question
from lcm_service.services import submissions
from tests import factories
from tests.service.submissions.kinds import KINDS, LIST, MAKE, WITHDRAW, participant_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_withdrawn_record_keeps_its_row_and_its_reason(owner, round, kind):
    record = MAKE[kind](participant_of(owner), round)
    withdrawn = WITHDRAW[kind](owner, record.reference, 1, "Other support was found.")
    assert (withdrawn.state, withdrawn.version) == ("withdrawn", 2)
    event: Any = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "withdraw")).one()
    assert event.facts["reason"] == "Other support was found."
    assert [row.reference for row in LIST[kind](owner, "R2027")] == [record.reference]
    assert LIST[kind](owner, "R2027", only_live=True) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_withdrawn_once(owner, round, kind):
    record = MAKE[kind](participant_of(owner), round)
    withdrawn = WITHDRAW[kind](owner, record.reference, 1, None)
    with pytest.raises(Conflict):
        WITHDRAW[kind](owner, record.reference, withdrawn.version, None)


def test_nobody_is_asked_about_a_withdrawn_need(owner, round):
    need = factories.make_need(participant_of(owner), round, level=None)
    question = factories.save(
        Question(round_id=round.id, record_kind="need", record_reference=need.reference, field="level")
    )
    submissions.withdraw_need(owner, need.reference, 1)
    db.session.refresh(question)
    assert question.state == "closed"
