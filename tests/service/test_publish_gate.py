"""Two coordinators and a while to think before anybody is told: the gate that a plan passes."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict, LcmError, NotAllowed, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, OutboxMessage, Person, Plan
from lcm_service.services import decisions, plan_questions, publication, publish_gate, questions, submissions
from lcm_service.web import desk
from tests import factories
from tests.publishing import end_hold
from tests.service import matching_rounds as rounds


@pytest.fixture
def second(app):
    return factories.make_actor("coordinator")


@pytest.fixture
def held_round(app):
    """A round that holds its approved plans for half an hour."""
    round_ = factories.make_round(hold_minutes=30)
    factories.make_need(round=round_)
    factories.make_offer(round=round_)
    return round_


@pytest.fixture
def draft(held_round, actor):
    return rounds.plan_of(actor, rounds.solve_round(actor, held_round))


def count(table, *conditions):
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def told(kind):
    return db.session.scalars(select(OutboxMessage.person_id).where(OutboxMessage.kind == kind)).all()


def approved(actor, second, draft):
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    return publish_gate.approve_plan(second, plan.id, plan.version)


def test_nobody_is_told_before_two_coordinators_and_the_while_have_passed(held_round, actor, second, draft):
    focal_point = factories.make_actor("focal_point", held_round_recipient(held_round))
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    assert second.person_id in told("plan.put_forward")
    assert actor.person_id not in told("plan.put_forward")
    plan = publish_gate.approve_plan(second, plan.id, plan.version)
    assert plan.leaves_at - plan.approved_at == timedelta(minutes=30)
    assert publish_gate.let_plans_leave(SYSTEM) == 0
    assert count(Match) == 0
    assert count(OutboxMessage, OutboxMessage.participant_id.is_not(None)) == 0
    assert publication.plan_for_participant(focal_point, held_round.code) is None
    end_hold(plan.id)
    assert publish_gate.let_plans_leave(SYSTEM) == 1
    assert publish_gate.let_plans_leave(SYSTEM) == 0
    rounds.fresh()
    (match,) = decisions.list_matches(focal_point, held_round.code)
    assert match.state == "asked"
    published = publication.find_plan(actor, plan.id)
    assert (published.put_forward_by_id, published.approved_by_id) == (actor.person_id, second.person_id)
    acts = db.session.scalars(
        select(AuditEvent.action).where(AuditEvent.record_kind == "plan").order_by(AuditEvent.id)
    )
    assert list(acts) == ["store", "put_forward", "approve", "publish"]


def held_round_recipient(round_):
    (need,) = submissions.list_needs(SYSTEM, round_.code)
    return need.participant


def test_whoever_put_a_plan_forward_does_not_approve_it(actor, second, draft):
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    with pytest.raises(NotAllowed, match="another coordinator"):
        publish_gate.approve_plan(actor, plan.id, plan.version)
    assert publish_gate.may_approve(second, plan)
    for role in ("focal_point", "observer", "administrator"):
        stranger = factories.make_actor(role)
        assert not publish_gate.may_approve(stranger, plan)
        for press in (
            publish_gate.put_plan_forward,
            publish_gate.approve_plan,
            publish_gate.take_plan_back,
        ):
            with pytest.raises(NotAllowed):
                press(stranger, plan.id, plan.version)
        with pytest.raises(NotAllowed):
            publish_gate.let_plans_leave(stranger)
    assert publication.find_plan(actor, plan.id).state == "put_forward"


def test_a_draft_that_nobody_put_forward_is_not_approved(actor, second, draft):
    with pytest.raises(Conflict, match="draft"):
        publish_gate.approve_plan(second, draft.id, draft.version)
    with pytest.raises(Stale):
        publish_gate.put_plan_forward(actor, draft.id, draft.version + 1)


@pytest.mark.parametrize("is_approved", [False, True])
def test_one_press_takes_a_plan_back_while_nothing_has_left(actor, second, draft, is_approved):
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    if is_approved:
        plan = publish_gate.approve_plan(second, plan.id, plan.version)
    third = factories.make_actor("coordinator")
    version = plan.version
    plan = publish_gate.take_plan_back(third, plan.id, version)
    assert (plan.state, plan.leaves_at, plan.approved_by_id, plan.put_forward_by_id) == (
        "draft",
        None,
        None,
        None,
    )
    assert publish_gate.take_plan_back(third, plan.id, version).version == plan.version
    assert set(told("plan.taken_back")) == {actor.person_id, *([second.person_id] if is_approved else [])}
    assert publish_gate.let_plans_leave(SYSTEM) == 0
    assert count(Match) == 0
    # It can be put forward again, by another coordinator.
    again = publish_gate.put_plan_forward(second, plan.id, plan.version)
    assert publish_gate.may_approve(actor, again)


def test_what_has_left_is_not_taken_back(actor, second, draft):
    plan = approved(actor, second, draft)
    end_hold(plan.id)
    publish_gate.let_plans_leave(SYSTEM)
    plan = publication.find_plan(actor, plan.id)
    with pytest.raises(Conflict, match="has left"):
        publish_gate.take_plan_back(actor, plan.id, plan.version)
    assert count(Match) == 1


def test_a_plan_that_is_contradicted_while_it_is_held_becomes_a_draft_again(held_round, actor, second, draft):
    plan = approved(actor, second, draft)
    (need,) = submissions.list_needs(actor, held_round.code)
    submissions.withdraw_need(actor, need.reference, need.version, "Found elsewhere")
    end_hold(plan.id)
    assert publish_gate.let_plans_leave(SYSTEM) == 0
    rounds.fresh()
    plan = publication.find_plan(actor, plan.id)
    assert (plan.state, plan.leaves_at) == ("draft", None)
    assert set(told("plan.held_back")) == {actor.person_id, second.person_id}
    assert count(Match) == 0


def test_one_plan_of_a_round_is_on_its_way_and_none_is_put_aside_meanwhile(held_round, actor, second, draft):
    other = rounds.plan_of(actor, rounds.solve_round(actor, held_round))
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    with pytest.raises(Conflict, match="on its way already"):
        publish_gate.put_plan_forward(second, other.id, other.version)
    with pytest.raises(Conflict, match="put_forward"):
        publication.discard_plan(actor, plan.id, plan.version)
    assert publication.latest_useful_draft(actor, held_round.code).id == plan.id
    assert publish_gate.find_plan_on_its_way(actor, held_round.code).id == plan.id


def test_the_round_says_whose_turn_it_is(held_round, actor, second, draft):
    def steps():
        return [desk.desk_of(one, held_round).next_step for one in (actor, second)]

    assert steps() == ["read_plan", "read_plan"]
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    assert steps() == ["wait_for_approval", "approve"]
    publish_gate.approve_plan(second, plan.id, plan.version)
    assert steps() == ["held", "held"]


def test_approved_by_many_at_once_it_leaves_once(app, held_round, actor, draft):
    """Four coordinators approve, and four workers let it leave, all at the same moment."""
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    plan_id, version = plan.id, plan.version
    others = [factories.make_actor("coordinator") for _ in range(4)]
    rounds.fresh()
    outcomes = at_once(
        app, [lambda one=one: publish_gate.approve_plan(one, plan_id, version) for one in others]
    )
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "stale"}
    end_hold(plan_id)
    rounds.fresh()
    outcomes = at_once(app, [lambda: publish_gate.let_plans_leave(SYSTEM)] * 4)
    assert outcomes == ["done"] * 4
    rounds.fresh()
    assert count(Match) == 1
    assert [one.state for one in db.session.scalars(select(Plan))] == ["published"]
    assert count(AuditEvent, AuditEvent.action == "publish") == 1


def at_once(app, presses):
    outcomes = []

    def run(press):
        with app.app_context():
            try:
                press()
                outcomes.append("done")
            except LcmError as refusal:
                outcomes.append(refusal.code)
            db.session.remove()

    threads = [threading.Thread(target=run, args=(press,)) for press in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_round_that_holds_for_no_time_lets_an_approved_plan_leave_at_once(round_, actor, second):
    plan = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    version = plan.version
    plan = approved(actor, second, plan)
    assert (plan.state, plan.published_by_id) == ("published", second.person_id)
    assert plan.leaves_at <= utc_now()
    assert publish_gate.approve_plan(second, plan.id, version).version == plan.version
    assert count(Match) == 1


def test_a_plan_that_cannot_leave_keeps_no_other_back(held_round, actor, second, draft, monkeypatch, caplog):
    """What is wrong with one plan is logged, it becomes a draft again, and its coordinators are told."""
    other_round = factories.make_round(hold_minutes=30)
    factories.make_need(round=other_round)
    factories.make_offer(round=other_round)
    broken = approved(actor, second, draft)
    fine = approved(actor, second, rounds.plan_of(actor, rounds.solve_round(actor, other_round)))
    for one in (broken, fine):
        end_hold(one.id)
    publish = publication.publish_held

    def fail_for_one(session, who, plan, round_):
        if plan.id == broken.id:
            raise ValueError("Something is wrong with this plan.")
        publish(session, who, plan, round_)

    monkeypatch.setattr(publish_gate, "publish_held", fail_for_one)
    assert publish_gate.let_plans_leave(SYSTEM) == 1
    assert "Something is wrong with this plan" in caplog.text
    rounds.fresh()
    assert publication.find_plan(actor, broken.id).state == "draft"
    assert publication.find_plan(actor, fine.id).state == "published"
    assert set(told("plan.held_back")) == {actor.person_id, second.person_id}


def test_a_plan_that_cannot_be_made_a_draft_again_keeps_no_other_back_either(
    held_round, actor, second, draft, monkeypatch
):
    other_round = factories.make_round(hold_minutes=30)
    factories.make_need(round=other_round)
    factories.make_offer(round=other_round)
    broken = approved(actor, second, draft)
    fine = approved(actor, second, rounds.plan_of(actor, rounds.solve_round(actor, other_round)))
    for one in (broken, fine):
        end_hold(one.id)
    renew, publish = plan_questions.renew_questions, publication.publish_held

    def fail(press, is_of_broken):
        def act(session, *rest):
            if is_of_broken(*rest):
                raise ValueError("Something is wrong with this plan.")
            press(session, *rest)

        return act

    of_plan = fail(publish, lambda _who, plan, _round: plan.id == broken.id)
    monkeypatch.setattr(publish_gate, "publish_held", of_plan)
    of_round = fail(renew, lambda round_id: round_id == held_round.id)
    monkeypatch.setattr(publish_gate, "renew_questions", of_round)
    with pytest.raises(ValueError, match="Something is wrong"):
        publish_gate.let_plans_leave(SYSTEM)
    rounds.fresh()
    assert publication.find_plan(actor, fine.id).state == "published"


def end_access(person_id):
    db.session.get_one(Person, person_id).is_active = False
    db.session.commit()


def test_two_who_are_coordinators_now_answer_for_a_plan(actor, second, draft):
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    end_access(actor.person_id)
    with pytest.raises(Conflict, match="coordinator no more"):
        publish_gate.approve_plan(second, plan.id, plan.version)
    plan = publish_gate.take_plan_back(second, plan.id, publication.find_plan(second, plan.id).version)
    third = factories.make_actor("coordinator")
    plan = approved(second, third, plan)
    end_access(third.person_id)
    end_hold(plan.id)
    assert publish_gate.let_plans_leave(SYSTEM) == 0
    rounds.fresh()
    assert publication.find_plan(second, plan.id).state == "draft"


def test_what_was_decided_since_it_was_put_forward_keeps_a_plan_from_approval(
    held_round, actor, second, draft
):
    plan = publish_gate.put_plan_forward(actor, draft.id, draft.version)
    (need,) = submissions.list_needs(actor, held_round.code)
    submissions.withdraw_need(actor, need.reference, need.version, "Found elsewhere")
    with pytest.raises(Conflict) as refusal:
        publish_gate.approve_plan(second, plan.id, plan.version)
    assert refusal.value.details["objections"]
    assert publication.find_plan(actor, plan.id).state == "put_forward"


def test_questions_are_of_the_plan_on_its_way(app, actor, second):
    """Coordinators read of the seats that hang on a question in the plan that they look at."""
    round_ = factories.make_round(hold_minutes=30)
    need = factories.make_need(round=round_, seats_asked=20, women=0, level=None)
    factories.make_offer(round=round_)
    early = rounds.plan_of(actor, rounds.solve_round(actor, round_))
    need.seats_recognised = 12
    db.session.commit()
    late = rounds.plan_of(actor, rounds.solve_round(actor, round_))

    def seats():
        rounds.fresh()
        return [one.seats for one in questions.list_questions(actor, round_.code)]

    assert (late.number, seats()) == (2, [12])
    need.seats_recognised = 20
    db.session.commit()
    assert seats() == [12]
    early = publish_gate.put_plan_forward(actor, early.id, early.version)
    assert seats() == [20]
    publish_gate.take_plan_back(second, early.id, early.version)
    assert seats() == [12]
