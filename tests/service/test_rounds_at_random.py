"""Random people press random buttons over several rounds at once, each with the rights that they have.

Whatever they press: a refusal changes nothing; every change is a step of the lives in `domain/lives.py` and
leaves an event; no seat is given twice; what is agreed moves only by those who may; a press in one round
changes nothing in another; and whatever waits, somebody can act on it. In the end everybody answers, and
nothing waits any more.
"""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lcm_service.domain.errors import LcmError
from lcm_service.domain.lives import DATE_PROPOSAL_STEPS, MATCH_STEPS, PLAN_STEPS
from lcm_service.domain.permissions import SYSTEM, Actor, may_decide_as
from lcm_service.domain.vocabulary import DECLINE_REASONS, LIVE_MATCH_STATES, OPEN_DATE_PROPOSAL_STATES
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import (
    AuditEvent,
    DateProposal,
    Match,
    Need,
    Offer,
    Plan,
    Round,
    SessionDays,
)
from lcm_service.services import (
    audit,
    corrections,
    date_lapses,
    decisions,
    lapses,
    matching,
    other_dates,
    publication,
    publish_gate,
    submissions,
)
from tests import factories
from tests.fixtures import empty_tables
from tests.publishing import end_hold
from tests.service import matching_rounds as rounds

ROUNDS = 3
STEPS = {"quick": 300, "full": 400}
SEEDS = {
    "quick": (5,),
    "full": (3, 5, 7, 11, 13, 17, 19, 23),
}
# What may end an agreed match: a letter, a record withdrawn, a plan by which a coordinator gives it up.
ENDS_AGREED = {"decline", "release", "withdraw", "approve", "let_leave"}
type Rows = dict[str, dict[Any, Any]]


def steps_of(table: Any) -> set[tuple[str, str]]:
    return {(before, after) for step in table for before in step.before for after in step.after}


MATCH_WAYS = steps_of(MATCH_STEPS)
PLAN_WAYS = steps_of(PLAN_STEPS)
DATES_WAYS = steps_of(DATE_PROPOSAL_STEPS)


class Mechanism:
    """Three rounds with the same participants, two coordinators, an observer and a stranger."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.coordinators = [factories.make_actor("coordinator") for _ in range(2)]
        self.recipients = [factories.make_participant() for _ in range(4)]
        self.providers = [factories.make_participant() for _ in range(3)]
        self.focal_points = [
            factories.make_actor("focal_point", one) for one in (*self.recipients, *self.providers)
        ]
        others = [factories.make_actor("observer"), factories.make_actor("administrator")]
        self.actors = [*self.coordinators * 5, *self.focal_points, *others]
        self.rounds = [factories.make_round(hold_minutes=30) for _ in range(ROUNDS)]
        self.keys = iter(range(10**9))
        for round_ in self.rounds:
            for _ in range(4):
                self.arrive_need(round_)
            for _ in range(2):
                self.arrive_offer(round_)

    # -- what people press: each gives back whether there was anything to press -----------------------------

    def arrive_need(self, round_: Round) -> None:
        owner = self.rng.choice(self.recipients)
        seats = self.rng.randint(3, 12)
        factories.make_need(owner, round_, seats_asked=seats, women=0, min_group=self.rng.randint(1, 3))

    def arrive_offer(self, round_: Round) -> None:
        days = [(date(2027, month, 5), date(2027, month, 9)) for month in (4, 5)]
        factories.make_offer(
            self.rng.choice(self.providers),
            round_,
            seats=self.rng.randint(10, 16),
            min_seats=self.rng.randint(4, 9),
            sessions=[{"starts_on": start, "ends_on": end} for start, end in days],
        )

    def consent(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_, "asked")
        if match is None:
            return False
        decisions.consent_to_match(actor, match.id, match.version, on_behalf=actor.is_coordinator)
        return True

    def confirm(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_, "proposed")
        if match is None:
            return False
        side = match.waiting_for if self.rng.random() < 0.8 else self.rng.choice(("provider", "recipient"))
        on_behalf = actor.is_coordinator and side != "secretariat"
        decisions.confirm_match(actor, match.id, side, match.version, on_behalf=on_behalf)
        return True

    def decline(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_)
        if match is None:
            return False
        side, reason = self.rng.choice(("provider", "recipient")), self.rng.choice(DECLINE_REASONS)
        decisions.decline_match(actor, match.id, side, reason, match.version, on_behalf=actor.is_coordinator)
        return True

    def release(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_)
        if match is None:
            return False
        decisions.release_match(actor, match.id, self.rng.choice(DECLINE_REASONS), match.version)
        return True

    def revive(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_, "lapsed")
        if match is None:
            return False
        side = self.rng.choice(("provider", "recipient"))
        lapses.revive_match(actor, match.id, side, match.version, on_behalf=actor.is_coordinator)
        return True

    def propose_dates(self, actor: Actor, round_: Round) -> bool:
        match = self.pick_match(actor, round_, "proposed")
        if match is None:
            return False
        side, start = self.rng.choice(("provider", "recipient")), match.session.start
        day = start + timedelta(days=self.rng.choice((-7, 0, 7, 14, 150)))
        other_dates.propose_dates(
            actor, match.id, side, day, None, match.version, on_behalf=actor.is_coordinator
        )
        return True

    def answer_dates(self, actor: Actor, round_: Round) -> bool:
        proposal = self.pick_dates(actor, round_)
        if proposal is None:
            return False
        answers = (other_dates.accept_dates, other_dates.accept_dates, other_dates.refuse_dates)
        asked = [one.participant for one in proposal.answers] or [None]
        code = self.rng.choice(proposal.may_answer or asked)
        self.rng.choice(answers)(actor, proposal.id, proposal.version, participant_code=code)
        return True

    def withdraw_dates(self, actor: Actor, round_: Round) -> bool:
        proposal = self.pick_dates(actor, round_)
        return proposal is not None and bool(other_dates.withdraw_dates(actor, proposal.id, proposal.version))

    def forget_dates(self, _actor: Actor, round_: Round) -> bool:
        waiting = DateProposal.round_id == round_.id, DateProposal.answer_by.is_not(None)
        db.session.execute(update(DateProposal).where(*waiting).values(answer_by=utc_now()))
        db.session.commit()
        return bool(date_lapses.lapse_dates(SYSTEM))

    def fall_silent(self, _actor: Actor, round_: Round) -> bool:
        waiting = Match.round_id == round_.id, Match.answer_by.is_not(None)
        numbers = db.session.scalars(select(Match.id).where(*waiting)).all()
        if not numbers:
            return False
        db.session.execute(
            update(Match).where(Match.id == self.rng.choice(numbers)).values(answer_by=utc_now())
        )
        db.session.commit()
        return bool(lapses.lapse_overdue(SYSTEM))

    def withdraw(self, actor: Actor, round_: Round) -> bool:
        if self.rng.random() < 0.5:
            needs = submissions.list_needs(actor, round_.code, only_live=True)
            if needs:
                need = self.rng.choice(needs)
                submissions.withdraw_need(actor, need.reference, need.version, "random")
            return bool(needs)
        offers = submissions.list_offers(actor, round_.code, only_live=True)
        if offers:
            offer = self.rng.choice(offers)
            submissions.withdraw_offer(actor, offer.reference, offer.version, "random")
        return bool(offers)

    def arrive(self, _actor: Actor, round_: Round) -> bool:
        self.rng.choice((self.arrive_need, self.arrive_offer))(round_)
        return True

    def match(self, actor: Actor, round_: Round) -> bool:
        matching.request_run(actor, round_.code, idempotency_key=f"random-{next(self.keys)}")
        rounds.solve_waiting_runs()
        return True

    def correct(self, actor: Actor, round_: Round) -> bool:
        found = corrections.list_correctable(actor, round_.code)
        if not found:
            return False
        chosen = self.rng.sample(found, min(2, len(found)))
        withdraw = {one.match.id: self.rng.choice((None, "capacity")) for one in chosen}
        number = next(self.keys)
        sent: Any = {"idempotency_key": f"random-{number}", "may_return": number % 2 == 0}
        corrections.request_correction(actor, round_.code, "A notice", withdraw, **sent)
        rounds.solve_waiting_runs()
        return True

    def put_forward(self, actor: Actor, round_: Round) -> bool:
        plan = self.pick_plan(actor, round_, "draft")
        return plan is not None and bool(publish_gate.put_plan_forward(actor, plan.id, plan.version))

    def approve(self, actor: Actor, round_: Round) -> bool:
        plan = self.pick_plan(actor, round_, "put_forward")
        return plan is not None and bool(publish_gate.approve_plan(actor, plan.id, plan.version))

    def take_back(self, actor: Actor, round_: Round) -> bool:
        plan = self.pick_plan(actor, round_, "put_forward", "approved")
        return plan is not None and bool(publish_gate.take_plan_back(actor, plan.id, plan.version))

    def let_leave(self, _actor: Actor, round_: Round) -> bool:
        plan = self.pick_plan(self.coordinators[0], round_, "approved")
        if plan is None:
            return False
        end_hold(plan.id)
        publish_gate.let_plans_leave(SYSTEM)
        return True

    # -- one press, and what must hold after it --------------------------------------------------------------

    def step(self) -> None:
        often = {"consent": 6, "confirm": 12, "match": 4, "put_forward": 5, "approve": 5, "let_leave": 4}
        seldom = {"decline": 1, "release": 1, "revive": 2, "fall_silent": 2, "withdraw": 1, "arrive": 2}
        weights = often | seldom | {"correct": 1, "take_back": 1}
        weights |= {"propose_dates": 5, "answer_dates": 9, "withdraw_dates": 1, "forget_dates": 1}
        name = self.rng.choices(list(weights), list(weights.values()))[0]
        round_ = self.rng.choice(self.rounds)
        actor = self.rng.choice(self.actors if self.rng.random() < 0.3 else self.likely(name, round_))
        before, events = self.rows(), self.count_events()
        try:
            was_done = getattr(self, name)(actor, round_)
        except LcmError:
            assert self.rows() == before
            assert self.count_events() == events
            self.refused[name] += 1
            return
        after = self.rows()
        if after != before:
            assert self.count_events() > events, f"{name} left no event"
        self.done[name] += bool(was_done)
        self.look_over_changes(name, round_.id, before, after)
        self.look_over()

    def likely(self, name: str, round_: Round) -> list[Actor]:
        """Those whose button it mostly is."""
        if name in ("answer_dates", "withdraw_dates"):
            known = other_dates.list_date_proposals(SYSTEM, round_.code)
            asked = {row.participant_id for one in known for row in one.answers}
            found = [one for one in self.focal_points if one.participant_id in asked]
            return [*found, self.coordinators[0]]
        if name not in ("consent", "confirm", "decline", "revive", "propose_dates"):
            return self.coordinators
        waiting = [
            one.offer if one.waiting_for == "provider" else one.need
            for one in decisions.list_matches(SYSTEM, round_.code)
            if one.waiting_for in ("provider", "recipient")
        ]
        owners = {one.participant_id for one in waiting}
        found = [one for one in self.focal_points if one.participant_id in owners]
        return [*found, self.coordinators[0]]

    def look_over_changes(self, name: str, round_id: int, before: Rows, after: Rows) -> None:
        for kind, ways in (("match", MATCH_WAYS), ("plan", PLAN_WAYS), ("dates", DATES_WAYS)):
            for number, (state, of_round, *rest) in after[kind].items():
                was = before[kind].get(number, ("-", of_round))
                if was == (state, of_round, *rest):
                    continue
                assert of_round == round_id, f"{name} changed another round"
                assert was[0] == state or (was[0], state) in ways, f"{name}: {kind} {was[0]} -> {state}"
                if kind == "match" and was[0] == "agreed":
                    grows = state == "asked" and rest[0] > was[2]
                    assert grows or name in ENDS_AGREED, f"{name} moved an agreed match"
        assert set(before["match"]) <= set(after["match"])
        assert set(before["plan"]) <= set(after["plan"])
        self.look_over_days(before, after)

    @staticmethod
    def look_over_days(before: Rows, after: Rows) -> None:
        """A session is moved by a proposal that all who were asked have accepted, and by nothing else; it
        goes back once nobody holds to its days.
        """
        moved = {
            (after["dates"][number][2], days)
            for number, (state, _, _, days, _) in after["dates"].items()
            if state == "moved" and before["dates"].get(number, ("-",))[0] != "moved"
        }
        for key, days in after["days"].items():
            assert before["days"].get(key) == days or (key[1], days) in moved
        for number, (state, _, _, _, answers) in after["dates"].items():
            if state == "moved" and before["dates"].get(number, ("-",))[0] != "moved":
                assert all(answer == "accepted" for _, answer in answers if answer is not None)
        for round_id, code in set(before["days"]) - set(after["days"]):
            holding = [row for row in after["match"].values() if row[1] == round_id and row[4] == code]
            assert all(row[0] not in (*LIVE_MATCH_STATES, "lapsed") for row in holding)

    def look_over(self) -> None:
        seats: Counter[tuple[str, str]] = Counter()
        for match in db.session.scalars(select(Match).where(Match.state.in_(LIVE_MATCH_STATES))):
            seats["session", match.session_code] += match.seats
            seats["need", match.need_reference] += match.seats
        of_offer = dict(db.session.execute(select(Offer.reference, Offer.seats)).all())
        of_need = dict(db.session.execute(select(Need.reference, Need.seats_recognised)).all())
        for (kind, code), taken in seats.items():
            assert taken <= (of_need[code] if kind == "need" else of_offer[code.rpartition("-")[0]])
        for round_ in self.rounds:
            for one in decisions.list_matches(SYSTEM, round_.code):
                assert (one.waiting_for is not None) == (one.state in ("asked", "proposed"))
                if one.waiting_for is not None:
                    ids = one.need.participant_id, one.offer.participant_id
                    assert any(may_decide_as(actor, one.waiting_for, *ids) for actor in self.actors)
        on_their_way = db.session.scalars(select(Plan).where(Plan.state == "put_forward")).all()
        for plan in on_their_way:
            assert any(publish_gate.may_approve(actor, plan) for actor in self.coordinators)
        published = select(Plan.round_id).where(Plan.state == "published")
        assert all(count == 1 for count in Counter(db.session.scalars(published)).values())

    def end(self) -> None:
        """Everybody answers what is put to them, until nothing waits any more."""
        chief = self.coordinators[0]
        for round_ in self.rounds:
            for one in decisions.list_matches(chief, round_.code):
                while one.waiting_for is not None:
                    one = self.answer_by_letter(chief, one)
            assert all(one.waiting_for is None for one in decisions.list_matches(chief, round_.code))
            for proposal in other_dates.list_date_proposals(chief, round_.code):
                if proposal.state in OPEN_DATE_PROPOSAL_STATES:
                    assert proposal.may_answer
                    assert proposal.may_withdraw

    @staticmethod
    def answer_by_letter(chief: Actor, match: Any) -> Any:
        """Confirm for the side whose turn it is, or decline where the records now speak against it."""
        side, on_behalf = match.waiting_for, match.waiting_for != "secretariat"
        try:
            if match.state == "asked":
                return decisions.consent_to_match(chief, match.id, match.version, on_behalf=on_behalf)
            return decisions.confirm_match(chief, match.id, side, match.version, on_behalf=on_behalf)
        except LcmError:
            facts = "other", match.version
            return decisions.decline_match(chief, match.id, side, *facts, on_behalf=on_behalf)

    # -- reading --------------------------------------------------------------------------------------------

    def rows(self) -> Rows:
        rounds.fresh()
        matches = db.session.scalars(select(Match)).all()
        plans = db.session.execute(select(Plan.id, Plan.state, Plan.round_id, Plan.version)).all()
        return {
            "match": {
                one.id: (
                    one.state,
                    one.round_id,
                    one.seats,
                    sorted((row.side, row.answer, row.seats) for row in one.decisions),
                    one.session_code,
                )
                for one in matches
            },
            "dates": {
                one.id: (
                    one.state,
                    one.round_id,
                    one.session_code,
                    (one.starts_on, one.ends_on),
                    sorted((row.participant_id, row.answer) for row in one.answers),
                )
                for one in db.session.scalars(select(DateProposal))
            },
            "days": {
                (one.round_id, one.session_code): (one.starts_on, one.ends_on)
                for one in db.session.scalars(select(SessionDays))
            },
            "plan": {number: (state, of_round, version) for number, state, of_round, version in plans},
        }

    @staticmethod
    def count_events() -> int:
        return db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0

    def pick_match(self, actor: Actor, round_: Round, *states: str) -> Any:
        found = decisions.list_matches(actor, round_.code)
        found = [one for one in found if not states or one.state in states]
        # Now and then somebody knows the number of a match that is none of theirs.
        if not found and self.rng.random() < 0.3:
            found = decisions.list_matches(SYSTEM, round_.code)
        return self.rng.choice(found) if found else None

    def pick_dates(self, actor: Actor, round_: Round) -> Any:
        found = other_dates.list_date_proposals(actor, round_.code)
        found = [one for one in found if one.state in OPEN_DATE_PROPOSAL_STATES]
        if not found and self.rng.random() < 0.3:
            found = other_dates.list_date_proposals(SYSTEM, round_.code)
        return self.rng.choice(found) if found else None

    def pick_plan(self, actor: Actor, round_: Round, *states: str) -> Any:
        plans = publication.list_plans(SYSTEM, round_.code)
        useful = [one for one in plans if one.state in states]
        return self.rng.choice(useful) if useful else None


@pytest.mark.timeout(3600)
def test_several_rounds_stay_whole_whoever_presses_what(app: Any, size: str) -> None:
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    agreed = 0
    for seed in SEEDS[size]:
        db.session.remove()
        empty_tables()
        mechanism = Mechanism(seed)
        for _ in range(STEPS[size]):
            mechanism.step()
        mechanism.end()
        mechanism.look_over()
        assert audit.verify_audit(SYSTEM, []).faults == []
        # Of a single game nothing may be left: enough was declined and withdrawn.
        agreed += db.session.scalar(select(func.count()).where(Match.state == "agreed")) or 0
        done += mechanism.done
        refused += mechanism.refused
    # One game may go without a rare press; eight do not.
    pressed = {"consent", "confirm", "put_forward"}
    if size == "full":
        pressed |= {"approve", "let_leave", "take_back", "correct", "propose_dates", "answer_dates"}
    never = pressed - set(+done)
    assert not never, f"Nobody ever got to {never}: {done}"
    assert size == "quick" or ({"confirm", "approve", "decline"} & set(refused) and agreed)
