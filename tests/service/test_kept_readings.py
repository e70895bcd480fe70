"""What coordinators' pages ask again and again: kept from one event to the next, and no longer."""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import NotAllowed
from lcm_service.persistence.database import db, fresh_session, utc_now
from lcm_service.services import kept_readings, publication, repair, submissions
from tests import factories
from tests.service import matching_rounds as rounds


@pytest.fixture
def drafted(app, actor):
    """The need of a draft with one match, and the draft."""
    round_ = factories.make_round()
    need = factories.make_need(round=round_)
    factories.make_offer(round=round_)
    return need, rounds.plan_of(actor, rounds.solve_round(actor, round_))


def test_nothing_is_worked_out_twice_until_something_happens(drafted, actor):
    _, plan = drafted
    first = kept_readings.read_objections(actor, plan.id)
    assert first == publication.find_objections(actor, plan.id) == []
    assert kept_readings.read_objections(actor, plan.id) is first


def test_what_happens_is_read_at_once(drafted, actor):
    need, plan = drafted
    assert kept_readings.read_objections(actor, plan.id) == []
    submissions.withdraw_need(
        factories.make_actor(participant=need.participant), need.reference, need.version, "No longer needed"
    )
    rounds.fresh()
    found = kept_readings.read_objections(actor, plan.id)
    assert {one["need"] for one in found} == {need.reference}
    assert found == publication.find_objections(actor, plan.id)


def test_what_calls_for_a_repair_is_read_at_once_too(drafted, actor):
    need, plan = drafted
    rounds.publish(actor, plan.run)
    code = plan.round.code
    first = kept_readings.read_attention(actor, code)
    assert first == ()
    submissions.withdraw_need(
        factories.make_actor(participant=need.participant), need.reference, need.version, "No longer needed"
    )
    rounds.fresh()
    found = kept_readings.read_attention(actor, code)
    assert need.reference in {one.record for one in found}
    assert found == repair.find_attention(actor, code)
    assert kept_readings.read_attention(actor, code) is found


def test_what_changes_while_a_page_is_read_is_read_by_the_next_page(drafted, actor):
    """The cockpit lists the records before it asks what calls for a repair, and what objects to a draft."""
    need, plan = drafted
    rounds.publish(actor, plan.run)
    draft = rounds.plan_of(actor, rounds.solve_round(actor, plan.round))
    code, reference, draft_id = plan.round.code, need.reference, draft.id
    owner = factories.make_actor(participant=need.participant)
    rounds.fresh()
    read_before = submissions.list_needs(actor, code, only_live=True)
    with fresh_session():
        one = submissions.find_need(owner, reference)
        submissions.withdraw_need(owner, reference, one.version, "No longer needed")
    kept_readings.read_attention(actor, code)
    kept_readings.read_objections(actor, draft_id)
    assert [one.state for one in read_before] == ["submitted"]
    rounds.fresh()
    assert reference in {one.record for one in kept_readings.read_attention(actor, code)}
    assert reference in {one["need"] for one in kept_readings.read_objections(actor, draft_id)}


def test_a_new_day_is_read_anew(drafted, actor, monkeypatch):
    _, plan = drafted
    first = kept_readings.read_objections(actor, plan.id)
    tomorrow = utc_now() + timedelta(days=1)
    monkeypatch.setattr(kept_readings, "utc_now", lambda: tomorrow)
    assert kept_readings.read_objections(actor, plan.id) is not first


def test_only_so_many_are_kept(drafted, actor, monkeypatch):
    _, plan = drafted
    monkeypatch.setattr(kept_readings, "KEPT", 1)
    first = kept_readings.read_objections(actor, plan.id)
    other = rounds.plan_of(actor, rounds.solve_round(actor, plan.round))
    kept_readings.read_objections(actor, other.id)
    assert kept_readings.read_objections(actor, plan.id) is not first


def test_they_are_for_coordinators_also_when_they_are_kept(drafted, actor):
    _, plan = drafted
    kept_readings.read_objections(actor, plan.id)
    db.session.expire_all()
    with pytest.raises(NotAllowed):
        kept_readings.read_objections(factories.make_actor(), plan.id)
    code = plan.round.code
    kept_readings.read_attention(actor, code)
    with pytest.raises(NotAllowed):
        kept_readings.read_attention(factories.make_actor(), code)
