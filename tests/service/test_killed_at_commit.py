"""A process that is killed at a commit leaves everything done or nothing, and whoever presses again is told.

Every use case has one commit (`transaction`). So there are two moments that matter: the last one before the
database is told to keep the work, and the first one after. In both a child process is killed as by `kill -9`
or a power cut: no handler runs, nothing is closed.
"""

import os
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, func, select

from lcm_service.domain.errors import Conflict
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Match, OutboxMessage, Part, Run
from lcm_service.services import (
    audit,
    decisions,
    intake,
    lapses,
    mailing,
    matching,
    part_lapses,
    parties,
    publication,
    publish_gate,
    runs,
)
from tests import factories, publishing
from tests.service import matching_rounds as rounds

SURVIVED = 3


@dataclass
class Press:
    """A button, what tells that it was pressed, and whether somebody is to hear of it."""

    press: Callable[[], Any]
    is_done: Callable[[], bool]
    tells: bool = True


def press_and_be_killed(press, moment):
    """Press in a child process that dies at its first commit."""
    db.session.remove()
    db.engine.dispose()
    with warnings.catch_warnings():
        # The child uses nothing of other threads, and has no time to.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            _die_at_commit(moment)
            press()
        finally:
            os._exit(SURVIVED)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), (
        f"The child was not killed, but ended with {os.waitstatus_to_exitcode(status)}."
    )
    assert os.WTERMSIG(status) == signal.SIGKILL


def _die_at_commit(moment):
    def die(_whatever):
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before":
        event.listen(db.engine, "commit", die)
    else:
        event.listen(db.session, "after_commit", die)


def all_rows():
    """Every row of every table, as text."""
    rounds.fresh()
    found = {
        table.name: sorted(map(repr, db.session.execute(select(table))))
        for table in db.metadata.sorted_tables
    }
    db.session.rollback()
    return found


# -- the buttons
# -----------------------------------------------------------------------------------------------------


@pytest.fixture
def match(actor, round_):
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (found,) = decisions.list_matches(actor, round_.code)
    return found


def state_of(match):
    rounds.fresh()
    return db.session.get(Match, match.id).state


def ask_for_a_run(actor, round_, _match):
    code, runs_before = round_.code, len(runs.list_runs(actor, round_.code))
    return Press(
        lambda: matching.request_run(actor, code, idempotency_key="once"),
        lambda: len(runs.list_runs(actor, code)) == runs_before + 1,
        tells=False,
    )


def claim_a_run(actor, round_, _match):
    run_id = rounds.request(actor, round_).id

    def is_done():
        rounds.fresh()
        return db.session.get(Run, run_id).state == "running"

    return Press(lambda: runs.claim_next_run(rounds.LEASE_SECONDS), is_done, tells=False)


def keep_the_plan_of_a_run(actor, round_, _match):
    """The last word of a worker: the plan that answers, a repair where matches stand."""
    run_id = rounds.request(actor, round_).id
    kept: list[Any] = []

    def keep(run_id, fence, plan, explanation):
        kept.append((run_id, fence, plan, explanation))
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "finish_run", keep)
        with pytest.raises(KeyboardInterrupt):
            rounds.solve_waiting_runs()
    return Press(
        lambda: matching.finish_run(*kept[0]),
        lambda: matching.plan_id_of_run(actor, run_id) is not None,
        tells=False,
    )


def second_plan(actor, round_):
    factories.make_need(round=round_)
    return rounds.plan_of(actor, rounds.solve_round(actor, round_))


def state_of_plan(plan_id):
    return publication.find_plan(SYSTEM, plan_id).state


def put_forward(actor, round_, _match):
    plan = second_plan(actor, round_)
    plan_id, version = plan.id, plan.version
    factories.make_actor("coordinator")
    return Press(
        lambda: publish_gate.put_plan_forward(actor, plan_id, version),
        lambda: state_of_plan(plan_id) == "put_forward",
    )


def approve(actor, round_, _match, *, hold_minutes=30):
    set_hold(round_, hold_minutes)
    plan = second_plan(actor, round_)
    plan = publish_gate.put_plan_forward(actor, plan.id, plan.version)
    plan_id, version, other = plan.id, plan.version, factories.make_actor("coordinator")
    return Press(
        lambda: publish_gate.approve_plan(other, plan_id, version),
        lambda: state_of_plan(plan_id) == ("approved" if hold_minutes else "published"),
    )


def approve_without_holding(actor, round_, match):
    return approve(actor, round_, match, hold_minutes=0)


def approved_plan(actor, round_, match):
    approve(actor, round_, match).press()
    plan = publish_gate.find_plan_on_its_way(actor, round_.code)
    return plan.id, plan.version


def take_back(actor, round_, match):
    plan_id, version = approved_plan(actor, round_, match)
    return Press(
        lambda: publish_gate.take_plan_back(actor, plan_id, version),
        lambda: state_of_plan(plan_id) == "draft",
    )


def let_leave(actor, round_, match):
    plan_id, _ = approved_plan(actor, round_, match)
    publishing.end_hold(plan_id)
    return Press(lambda: publish_gate.let_plans_leave(SYSTEM), lambda: state_of_plan(plan_id) == "published")


def set_hold(round_, minutes):
    round_.hold_minutes = minutes
    db.session.commit()


def consent(actor, round_, _match):
    """The recipient of another need agrees to be put to the provider."""
    need = factories.make_need(round=round_, seats_asked=10)
    rounds.publish(actor, rounds.solve_round(actor, round_), put=False)
    asked = next(one for one in decisions.list_matches(actor, round_.code) if one.state == "asked")
    assert asked.need_reference == need.reference
    return Press(
        lambda: decisions.consent_to_match(actor, asked.id, asked.version, on_behalf=True),
        lambda: state_of(asked) == "proposed",
    )


def confirm(actor, _round, match):
    def is_done():
        found = decisions.find_match(actor, match.id)
        return [one.side for one in found.decisions] == ["provider"]

    return Press(
        lambda: decisions.confirm_match(actor, match.id, "provider", match.version, on_behalf=True), is_done
    )


def record(actor, _round, match):
    """The secretariat's word, after which the match is agreed."""
    for side in ("provider", "recipient"):
        match = decisions.confirm_match(actor, match.id, side, match.version, on_behalf=True)
    return Press(
        lambda: decisions.confirm_match(actor, match.id, "secretariat", match.version),
        lambda: state_of(match) == "agreed",
    )


def decline(actor, _round, match):
    return Press(
        lambda: decisions.decline_match(actor, match.id, "recipient", "dates", match.version, on_behalf=True),
        lambda: state_of(match) == "declined",
    )


def let_lapse(actor, _round, match):
    with transaction() as session:
        session.get(Match, match.id).answer_by = utc_now()
    return Press(lambda: lapses.lapse_overdue(SYSTEM), lambda: state_of(match) == "lapsed")


def revive(actor, round_, match):
    let_lapse(actor, round_, match).press()
    version = decisions.find_match(actor, match.id).version
    return Press(
        lambda: lapses.revive_match(actor, match.id, "recipient", version, on_behalf=True),
        lambda: state_of(match) == "proposed",
    )


def part_of(actor, round_):
    """A part of which the owner is asked: all recipients of its session have agreed to be put."""
    factories.make_support(round=round_)
    factories.make_offer(round=round_, requires=[{"kind": "funds", "quantity": 500}])
    factories.make_need(round=round_, seats_asked=25)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (part,) = parties.list_parts(actor, round_.code)
    assert part.state == "asked"
    return part


def confirm_a_part(actor, round_, _match):
    part = part_of(actor, round_)
    return Press(
        lambda: parties.confirm_part(actor, part.id, part.version, on_behalf=True),
        lambda: parties.find_part(actor, part.id).state == "confirmed",
    )


def let_a_part_lapse(actor, round_, _match):
    part = part_of(actor, round_)
    with transaction() as session:
        session.get(Part, part.id).answer_by = utc_now()
    return Press(
        lambda: part_lapses.lapse_parts(SYSTEM), lambda: parties.find_part(actor, part.id).state == "lapsed"
    )


def acknowledge_several(actor, round_, _match):
    """What came in to the round, all of it by one press."""
    code = round_.code
    waiting = intake.read_intake(actor, code).waiting
    chosen = [intake.Chosen(one.kind, one.record.reference, one.record.version) for one in waiting]
    assert len(chosen) == 2

    def is_done():
        rounds.fresh()
        return intake.read_intake(actor, code).waiting == []

    return Press(lambda: intake.acknowledge_chosen(actor, code, chosen), is_done)


PRESSES = (
    ask_for_a_run, claim_a_run, keep_the_plan_of_a_run, put_forward, approve, approve_without_holding,
    take_back, let_leave, consent, confirm, record, decline, let_lapse, revive, confirm_a_part,
    let_a_part_lapse, acknowledge_several,
)  # fmt: skip


@pytest.mark.parametrize("make", PRESSES, ids=lambda make: make.__name__)
def test_killed_before_its_commit_nothing_is_done_and_after_it_all(make, actor, round_, match):
    button = make(actor, round_, match)
    before, messages = all_rows(), count_messages()
    press_and_be_killed(button.press, "before")
    assert all_rows() == before
    assert not button.is_done()
    press_and_be_killed(button.press, "after")
    assert button.is_done()
    assert (count_messages() > messages) == button.tells
    assert audit.verify_audit(SYSTEM, []).faults == []
    after = all_rows()
    try:
        button.press()
    except Conflict:
        rounds.fresh()
    assert all_rows() == after, "Pressed again, it was done twice."
    assert_every_message_is_handed_on()


def count_messages():
    rounds.fresh()
    return db.session.scalar(select(func.count()).select_from(OutboxMessage))


def assert_every_message_is_handed_on():
    mailing.hand_on_messages(SYSTEM)
    rounds.fresh()
    waiting = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.handed_on_at.is_(None))
    assert db.session.scalar(waiting) == 0
