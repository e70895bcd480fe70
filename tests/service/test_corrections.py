"""A correcting plan withdraws what should not stand: by a notice, and for a reason where a side answered."""

from datetime import date
from typing import Any

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


def ask(actor, plan, withdraw, notice=NOTICE, *, may_return=False):
    return corrections.request_correction(
        actor, plan.round.code, notice, withdraw, idempotency_key=next(keys), may_return=may_return
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
    run = ask(actor, plan, {answered.id: "capacity", unanswered.id: None}, may_return=True)
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


def corrected(actor, plan, withdraw, notice=NOTICE, *, may_return=False):
    run = ask(actor, plan, withdraw, notice, may_return=may_return)
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
    corrected(actor, plan, {answered.id: "capacity", matches[1].id: None}, may_return=True)
    facts = db.session.scalars(
        select(AuditEvent.facts).where(
            AuditEvent.action == "cut", AuditEvent.record_reference == str(answered.id)
        )
    )
    assert [one["reason"] for one in facts] == ["capacity"]


def agreed(actor, matches):
    """The answered one, agreed by all."""
    return rounds.agree(actor, matches[0])


def events(match):
    rows = select(AuditEvent).where(AuditEvent.record_reference == str(match.id))
    return [(one.action, one.facts.get("reason")) for one in db.session.scalars(rows.order_by(AuditEvent.id))]


def test_what_is_withdrawn_is_not_planned_again_by_that_plan_and_may_be_by_the_next(actor, plan, matches):
    match = agreed(actor, matches)
    db.session.query(Offer).filter_by(round_id=plan.round_id).one().min_seats = 1
    db.session.commit()
    corrected(actor, plan, {match.id: "capacity"})
    gone = decisions.find_match(actor, match.id)
    assert (gone.state, gone.correction_notice) == ("released", NOTICE)
    assert events(match)[-1] == ("release", "capacity")
    again = rounds.plan_of(actor, rounds.solve_round(actor, plan.round))
    assert rounds.seats_in(again)[match.need_reference, match.session_code] == 12


def test_what_may_be_planned_again_is_asked_anew_with_the_notice_for_as_many_seats_too(actor, plan, matches):
    match = agreed(actor, matches)
    corrected(actor, plan, {match.id: "capacity", matches[1].id: None}, may_return=True)
    anew = decisions.find_match(actor, match.id)
    assert (anew.state, anew.seats, anew.decisions, anew.correction_notice) == ("proposed", 12, (), NOTICE)
    assert anew.waiting_for == "provider"
    assert events(match)[-1] == ("cut", "capacity")
    provider = provider_of(match)
    assert decisions.find_match(provider, match.id).correction_notice == NOTICE
    asked = decisions.find_match(actor, matches[1].id)
    assert (asked.state, asked.seats, asked.correction_notice) == ("asked", 8, NOTICE)
    # It is agreed again as any other.
    assert rounds.agree(actor, anew).state == "agreed"


def test_a_withdrawn_match_that_would_be_asked_anew_needs_its_reason_also_where_it_keeps_its_seats(
    actor, plan, matches
):
    _, unanswered = matches
    run = ask(actor, plan, {unanswered.id: None}, may_return=True)
    rounds.solve_waiting_runs()
    draft = rounds.plan_of(actor, run)
    decisions.consent_to_match(actor, unanswered.id, unanswered.version, on_behalf=True)
    with pytest.raises(Conflict) as refusal:
        publish_gate.put_plan_forward(actor, draft.id, draft.version)
    assert {row["code"] for row in refusal.value.details["objections"]} == {"correction"}


@pytest.mark.parametrize(("reason", "is_planned"), [("dates", True), ("capacity", False)])
def test_a_course_of_a_window_is_not_planned_on_other_days_unless_its_days_were_wrong(
    actor, reason, is_planned
):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    days: Any = {"not_before": date(2027, 4, 1), "not_after": date(2027, 6, 30), "duration_days": 5}
    factories.make_offer(round=round_, **days)
    plan = rounds.publish(actor, rounds.solve_round(actor, round_))
    (match,) = decisions.list_matches(actor, round_.code)
    run = ask(actor, plan, {match.id: reason})
    rounds.solve_waiting_runs()
    seats = rounds.seats_in(rounds.plan_of(actor, run))
    assert bool(seats) is is_planned
    assert (match.need_reference, match.session_code) not in seats


def test_a_key_that_gave_one_correction_gives_no_other(actor, plan, matches):
    _, unanswered = matches
    sent: Any = {"idempotency_key": "the-same-key"}
    code, withdraw = plan.round.code, {unanswered.id: None}
    first = corrections.request_correction(actor, code, NOTICE, withdraw, **sent)
    assert corrections.request_correction(actor, code, NOTICE, withdraw, **sent).id == first.id
    for other in (
        lambda: corrections.request_correction(actor, code, "Another notice", withdraw, **sent),
        lambda: corrections.request_correction(actor, code, NOTICE, {matches[0].id: "dates"}, **sent),
        lambda: corrections.request_correction(actor, code, NOTICE, withdraw, may_return=True, **sent),
        lambda: matching.request_run(actor, code, **sent),
        lambda: matching.request_run(actor, code, base_run_id=first.id, **sent),
    ):
        with pytest.raises(Conflict, match="another choice"):
            other()
