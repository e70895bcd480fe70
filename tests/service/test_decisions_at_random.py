"""Random people press random buttons over several repairs: no seat is given twice, no agreed pair moves
unasked.
"""

import random
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match
from lcm_service.services import decisions, lapses, matching, publication, submissions
from tests import factories
from tests.service import matching_rounds as rounds

STEPS = {"quick": 30, "full": 60}
LIVE = ("proposed", "agreed")


class Game:
    """A small tight round, one press at a time; after each press the whole is looked over."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.actor = rounds.coordinator()
        self.round = factories.make_round()
        self.answers = self.revived = 0
        for _ in range(4):
            self.arrive_need()
        for _ in range(2):
            self.arrive_offer()
        self.repair()

    # -- the presses ---------------------------------------------------------------------------------------

    def arrive_need(self):
        seats = self.rng.randint(3, 12)
        factories.make_need(round=self.round, seats_asked=seats, women=0, min_group=self.rng.randint(1, 3))

    def arrive_offer(self):
        first = date(2027, 4, 5)
        days = [(first.replace(month=month), first.replace(month=month, day=9)) for month in (4, 5)]
        factories.make_offer(
            round=self.round,
            seats=self.rng.randint(10, 16),
            min_seats=self.rng.randint(4, 9),
            sessions=[{"starts_on": start, "ends_on": end} for start, end in days],
        )

    def answer(self):
        match = self.pick([one for one in self.matches() if one.state == "proposed"])
        if match is None:
            return
        side = self.rng.choice(DECISION_SIDES)
        on_behalf = side != "secretariat"
        before = {one.side: one for one in match.decisions}.get(side)
        if self.rng.random() < 0.9:
            decisions.confirm_match(self.actor, match.id, side, match.version, on_behalf=on_behalf)
            self.answers += before is None or before.seats < match.seats
        else:
            reason = self.rng.choice(DECLINE_REASONS)
            decisions.decline_match(self.actor, match.id, side, reason, match.version, on_behalf=on_behalf)
            self.answers += 1

    def fall_silent(self):
        """The deadline of a match passes: it lapses, or what not both sides have confirmed of it."""
        match = self.pick([one for one in self.matches() if one.answer_by is not None])
        if match is None:
            return
        db.session.get(Match, match.id).answer_by = utc_now()
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 1
        after = decisions.find_match(self.actor, match.id)
        confirmed = {one.side for one in match.decisions if one.side != "secretariat"}
        assert (after.state == "lapsed") == (len(confirmed) < 2)

    def revive(self):
        match = self.pick([one for one in self.matches() if one.state == "lapsed"])
        if match is None:
            return
        side = self.rng.choice(("recipient", "provider"))
        try:
            revived = lapses.revive_match(self.actor, match.id, side, match.version, on_behalf=True)
        except Conflict:
            assert decisions.find_match(self.actor, match.id) == match
        else:
            assert (revived.state, revived.seats, revived.decisions) == (
                "proposed",
                match.seats,
                match.decisions,
            )
            self.revived += 1

    def withdraw(self):
        kind = self.rng.choice(("need", "offer", "session"))
        if kind == "need":
            need = self.pick(submissions.list_needs(self.actor, self.round.code, only_live=True))
            if need is not None:
                submissions.withdraw_need(self.actor, need.reference, need.version, "random")
            return
        offer = self.pick(submissions.list_offers(self.actor, self.round.code, only_live=True))
        if offer is not None and kind == "offer":
            submissions.withdraw_offer(self.actor, offer.reference, offer.version, "random")
        elif offer is not None:
            row = self.pick([one for one in offer.sessions if not one.is_withdrawn])
            if row is not None:
                code = f"{offer.reference}-{row.key}"
                submissions.withdraw_session(self.actor, code, offer.version, "random")

    def repair(self):
        run = rounds.solve_round(self.actor, self.round)
        runs = [run, *matching.list_follow_ups(self.actor, run.id)]
        plan_ids = [matching.plan_id_of_run(self.actor, one.id) for one in runs]
        plan_id = self.pick([one for one in plan_ids if one is not None])
        if plan_id is None:
            return
        if self.rng.random() < 0.3:
            self.rng.choice((self.answer, self.withdraw))()
        self.publish(publication.find_plan(self.actor, plan_id))

    def publish(self, plan):
        before = {(one.need_reference, one.session_code): one for one in self.matches()}
        released = {tuple(pair) for pair in (plan.run.choice or {}).get("release", ())}
        try:
            publication.publish_plan(self.actor, plan.id, plan.version)
        except Conflict:
            after = {(one.need_reference, one.session_code): one for one in self.matches()}
            assert after == before
            return
        after = {(one.need_reference, one.session_code): one for one in self.matches()}
        for pair, match in before.items():
            if match.state in LIVE and pair not in released:
                assert after[pair].state in LIVE
                assert after[pair].seats >= match.seats
                assert after[pair].decisions == match.decisions
                if after[pair].seats == match.seats:
                    assert after[pair].state == match.state
            if match.state == "declined":
                assert after[pair].state == "declined"

    def step(self):
        arrivals = (self.arrive_need, self.arrive_need, self.arrive_offer)
        silence = (self.fall_silent, self.fall_silent, self.revive, self.revive)
        self.rng.choice((*[self.answer] * 12, *[self.repair] * 3, *arrivals, *silence, self.withdraw))()

    # -- what holds after every press -----------------------------------------------------------------------

    def look_over(self):
        self.look_over_seats()
        told = db.session.scalar(
            select(func.count())
            .select_from(AuditEvent)
            .where(AuditEvent.action.in_(("confirm", "decline", "decline_more")))
        )
        assert told == self.answers

    def look_over_seats(self):
        matches = self.matches()
        live = [one for one in matches if one.state in LIVE]
        in_session, of_need = Counter(), Counter()
        for one in live:
            in_session[one.session_code] += one.seats
            of_need[one.need_reference] += one.seats
        offers = {one.reference: one for one in submissions.list_offers(self.actor, self.round.code)}
        needs = {one.reference: one for one in submissions.list_needs(self.actor, self.round.code)}
        for code, seats in in_session.items():
            assert seats <= offers[code.rpartition("-")[0]].seats
        for reference, seats in of_need.items():
            assert seats <= needs[reference].seats_recognised
            assert needs[reference].state != "withdrawn"
        for one in live:
            assert offers[one.offer_reference].state != "withdrawn"
            covered = {row.side for row in one.decisions if row.seats >= one.seats}
            assert (one.state == "agreed") == (covered == set(DECISION_SIDES))
            assert all(row.answer == "confirmed" for row in one.decisions)

    def matches(self):
        rounds.fresh()
        return decisions.list_matches(self.actor, self.round.code)

    def pick(self, things):
        things = list(things)
        return self.rng.choice(things) if things else None


@pytest.mark.parametrize("seed", [1, 2])
def test_no_seat_is_given_twice_and_no_agreed_pair_moves_unasked(app, size, seed):
    game = Game(seed)
    for _ in range(STEPS[size]):
        game.step()
        game.look_over()
    assert game.answers > 0
    assert game.revived > 0
