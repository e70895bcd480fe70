"""A correcting plan withdraws what should not stand: by a notice, and for a reason where a side answered."""

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Need, Offer, OutboxMessage, Participant
from lcm_service.services import corrections, decisions, matching, publish_gate
from tests import factories, publishing
from tests.service import matching_rounds as rounds

NOTICE = "The seats of this course were counted wrongly."


@pytest.fixture
def plan(actor):
    """Two needs in one course of 20 seats, published; the first recipient has agreed to be put."""
    round_ = factories.make_round()
    for seats, priority in ((12, "critical"), (8, "routine")):
        factories.make_need(round=round_, seats_asked=seats, women=0, priority_asked=priority)
    factories.make_offer(round=round_, seats=20)
    plan = rounds.publish(actor, rounds.solve_round(actor, round_), put=False)
    first = next(one for one in decisions.list_matches(actor, round_.code) if one.seats == 12)
    decisions.consent_to_match(actor, first.id, first.version, on_behalf=True)
    return plan


@pytest.fixture
def matches(actor, plan):
    """(answered, unanswered)"""
    found = corrections.list_correctable(actor, plan.round.code)
    assert [(one.match.seats, one.is_answered) for one in found] == [(8, False), (12, True)]
    return found[1].match, found[0].match


keys = iter(f"correct-{number}" for number in range(10**6))


def ask(actor, plan, withdraw, notice=NOTICE):
    return corrections.request_correction(
        actor, plan.round.code, notice, withdraw, idempotency_key=next(keys)
    )


def end_offer_seats(plan, seats):
    """What was wrong in the records is put right."""
    (offer,) = db.session.query(Offer).filter_by(round_id=plan.round_id)
    offer.seats = seats
    db.session.commit()


def test_what_nobody_answered_goes_with_a_notice_and_the_rest_stands(actor, plan, matches):
    answered, unanswered = matches
    end_offer_seats(plan, 12)
    run = ask(actor, plan, {unanswered.id: None})
    rounds.solve_waiting_runs()
    assert decisions.find_match(actor, unanswered.id).state == "asked"
    corrected = rounds.plan_of(actor, run)
    publishing.publish_plan(actor, corrected.id, corrected.version)
    rounds.fresh()
    gone = decisions.find_match(actor, unanswered.id)
    assert (gone.state, gone.correction_notice) == ("released", NOTICE)
    kept = decisions.find_match(actor, answered.id)
    assert (kept.state, kept.seats, kept.consent.seats, kept.correction_notice) == ("proposed", 12, 12, None)
    reasons = db.session.scalars(
        select(AuditEvent.facts).where(
            AuditEvent.action == "release", AuditEvent.record_reference == str(gone.id)
        )
    )
    assert [one["reason"] for one in reasons] == ["correction"]
    told = select(OutboxMessage.participant_id).where(OutboxMessage.kind == "match.release")
    assert db.session.scalars(told).all() == [gone.need.participant_id]
    # The notice is in no message: others read mail on its way.
    assert NOTICE not in str(db.session.scalars(select(OutboxMessage.facts)).all())


def test_what_a_side_answered_needs_a_reason_of_its_own(actor, plan, matches):
    answered, unanswered = matches
    with pytest.raises(NotValid, match=answered.need_reference) as refusal:
        ask(actor, plan, {answered.id: None, unanswered.id: None})
    assert "withdraw" in refusal.value.faults
    end_offer_seats(plan, 9)
    run = ask(actor, plan, {answered.id: "capacity", unanswered.id: None})
    rounds.solve_waiting_runs()
    corrected = rounds.plan_of(actor, run)
    publishing.publish_plan(actor, corrected.id, corrected.version)
    rounds.fresh()
    provider = factories.make_actor("focal_point", db.session.get(Participant, answered.offer.participant_id))
    cut = decisions.find_match(provider, answered.id)
    assert (cut.state, cut.seats, cut.decisions, cut.correction_notice) == ("proposed", 9, (), NOTICE)


def test_an_answer_that_comes_meanwhile_keeps_a_match_from_going_without_a_reason(actor, plan, matches):
    _, unanswered = matches
    factories.make_need(round=plan.round, seats_asked=8, women=0, priority_asked="critical")
    run = ask(actor, plan, {unanswered.id: None})
    rounds.solve_waiting_runs()
    decisions.consent_to_match(actor, unanswered.id, unanswered.version, on_behalf=True)
    corrected = rounds.plan_of(actor, run)
    with pytest.raises(Conflict) as refusal:
        publish_gate.put_plan_forward(actor, corrected.id, corrected.version)
    assert {row["code"] for row in refusal.value.details["objections"]} == {"correction"}
    assert decisions.find_match(actor, unanswered.id).state == "proposed"


@pytest.mark.parametrize("notice", ["", "  ", "x" * 2001, "a\0b", "a\ud800b", "a\u202eb"])
def test_a_correction_says_why(actor, plan, matches, notice):
    with pytest.raises(NotValid) as refusal:
        ask(actor, plan, {matches[1].id: None}, notice)
    assert list(refusal.value.faults) == ["notice"]


def test_a_correction_names_live_matches_and_known_reasons(actor, plan, matches):
    for withdraw in ({}, {10**6: None}, {matches[0].id: "because"}):
        with pytest.raises(NotValid) as refusal:
            ask(actor, plan, withdraw)
        assert list(refusal.value.faults) == ["withdraw"]


def test_only_coordinators_correct_and_only_what_is_published(actor, plan):
    for role in ("focal_point", "observer", "administrator"):
        stranger = factories.make_actor(role)
        with pytest.raises(NotAllowed):
            corrections.list_correctable(stranger, plan.round.code)
        with pytest.raises(NotAllowed):
            ask(stranger, plan, {})
    with pytest.raises(Conflict, match="nothing to correct"):
        corrections.list_correctable(actor, factories.make_round().code)


def provider_of(match):
    return factories.make_actor("focal_point", db.session.get(Participant, match.offer.participant_id))


def corrected(actor, plan, withdraw, notice=NOTICE):
    run = ask(actor, plan, withdraw, notice)
    rounds.solve_waiting_runs()
    found = rounds.plan_of(actor, run)
    publishing.publish_plan(actor, found.id, found.version)
    rounds.fresh()


def test_a_provider_reads_the_notice_of_what_it_knew_and_no_other(actor, plan, matches):
    """Nothing that happens to the pair before the recipient agrees again changes what the provider reads."""
    answered, _ = matches
    (offer,) = db.session.query(Offer).filter_by(round_id=plan.round_id)
    provider = provider_of(answered)
    need = db.session.query(Need).filter_by(reference=answered.need_reference).one()
    need.min_group, offer.seats, offer.min_seats = 12, 11, 1
    db.session.commit()
    corrected(actor, plan, {answered.id: "capacity"})
    before = decisions.find_match(provider, answered.id)
    assert (before.state, before.correction_notice) == ("released", NOTICE)
    offer.seats = 20
    db.session.commit()
    rounds.publish(actor, rounds.solve_round(actor, plan.round), put=False)
    again = decisions.find_match(actor, answered.id)
    assert (again.state, again.correction_notice) == ("asked", None)
    assert decisions.find_match(provider, answered.id).correction_notice == NOTICE
    # Nobody has answered about what is proposed now: it takes no reason, and the provider reads nothing.
    found = {one.match.id: one.is_answered for one in corrections.list_correctable(actor, plan.round.code)}
    assert found[answered.id] is False
    offer.seats = 11
    db.session.commit()
    corrected(actor, plan, {answered.id: None}, "Another notice")
    assert decisions.find_match(actor, answered.id).correction_notice == "Another notice"
    assert decisions.find_match(provider, answered.id).correction_notice == NOTICE


def test_the_way_out_of_a_clash_keeps_the_correction(actor, plan, matches):
    answered, unanswered = matches
    end_offer_seats(plan, 5)
    run = ask(actor, plan, {unanswered.id: None})
    rounds.solve_waiting_runs()
    assert matching.find_run(actor, run.id).outcome == "clashing_pins"
    pair = [answered.need_reference, answered.session_code]
    chosen = matching.request_run(
        actor,
        plan.round.code,
        idempotency_key=next(keys),
        choice={"release": [pair], "hold": []},
        base_run_id=run.id,
    )
    assert chosen.choice["correction"]["notice"] == NOTICE
    assert sorted(chosen.choice["release"]) == sorted(
        [pair, [unanswered.need_reference, unanswered.session_code]]
    )


def test_the_reason_stands_in_the_history_of_what_is_cut(actor, plan, matches):
    answered, _ = matches
    end_offer_seats(plan, 9)
    corrected(actor, plan, {answered.id: "capacity", matches[1].id: None})
    facts = db.session.scalars(
        select(AuditEvent.facts).where(
            AuditEvent.action == "cut", AuditEvent.record_reference == str(answered.id)
        )
    )
    assert [one["reason"] for one in facts] == ["capacity"]
