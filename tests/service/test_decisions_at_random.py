"""Random people press random buttons over several repairs: no seat is given twice, no agreed pair moves
unasked, nothing waits for nobody, and no provider reads of a seat that its recipient did not agree to.
"""

import random
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select

from lcm_service.domain.errors import Conflict
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS, LIVE_MATCH_STATES, PARTIES
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, Part, Participant
from lcm_service.services import decisions, lapses, matching, part_lapses, parties, publication, submissions
from lcm_service.services.match_turns import is_known_live, is_secret
from tests import factories, publishing
from tests.service import matching_rounds as rounds

FUNDS = {"kind": "funds", "quantity": 1_000, "per_seat": 100}
STEPS = {"quick": 45, "full": 200}


class Game:
    """A small tight round, one press at a time; after each press the whole is looked over."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.actor = rounds.coordinator()
        self.round = factories.make_round()
        self.answers = self.revived = self.refused = self.grown = 0
        # The seats for which each recipient last agreed to be put to its provider, and how often any did.
        self.put, self.consents = {}, 0
        # Every second course wants funds of somebody else, who answers for its part.
        support = factories.make_support(round=self.round, quantity=50_000)
        self.funder = factories.make_actor("focal_point", support.participant)
        self.offers = self.part_answers = 0
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
        first, self.offers = date(2027, 4, 5), self.offers + 1
        days = [(first.replace(month=month), first.replace(month=month, day=9)) for month in (4, 5)]
        factories.make_offer(
            round=self.round,
            seats=self.rng.randint(10, 16),
            min_seats=self.rng.randint(4, 9),
            requires=[FUNDS] if self.offers % 2 else [],
            sessions=[{"starts_on": start, "ends_on": end} for start, end in days],
        )

    def consent(self):
        match = self.pick([one for one in self.matches() if one.state == "asked"])
        if match is None:
            return
        if self.rng.random() < 0.07:
            self.decline(match, "recipient")
            return
        put = decisions.consent_to_match(self.actor, match.id, match.version, on_behalf=True)
        assert (put.state, put.seats, put.decisions) == ("proposed", match.seats, match.decisions)
        self.put[match.id] = match.seats
        self.consents += 1

    def answer(self):
        match = self.pick([one for one in self.matches() if one.state == "proposed"])
        if match is None:
            self.consent()
            return
        side = match.waiting_for if self.rng.random() < 0.7 else self.rng.choice(DECISION_SIDES)
        if side == PARTIES:
            self.answer_part()
            return
        before = {one.side: one for one in match.decisions}.get(side)
        if self.rng.random() < 0.07:
            self.decline(match, side)
            return
        on_behalf = side != "secretariat"
        if side == match.waiting_for or (before is not None and before.seats >= match.seats):
            decisions.confirm_match(self.actor, match.id, side, match.version, on_behalf=on_behalf)
            self.answers += before is None or before.seats < match.seats
            return
        with pytest.raises(Conflict) as refusal:
            decisions.confirm_match(self.actor, match.id, side, match.version, on_behalf=on_behalf)
        assert refusal.value.details["waiting_for"] == match.waiting_for
        assert decisions.find_match(self.actor, match.id) == match
        self.refused += 1

    def answer_part(self):
        """The funder answers what it sees asked of it, or keeps silent beyond its deadline."""
        rounds.fresh()
        seen = parties.list_parts(self.funder, self.round.code)
        part = self.pick([one for one in seen if one.state == "asked"])
        if part is None:
            return
        chance = self.rng.random()
        if chance < 0.1:
            parties.decline_part(self.funder, part.id, self.rng.choice(DECLINE_REASONS), part.version)
        elif chance < 0.2:
            db.session.get(Part, part.id).answer_by = utc_now()
            db.session.commit()
            assert part_lapses.lapse_parts(SYSTEM) == 1
        else:
            done = parties.confirm_part(self.funder, part.id, part.version)
            assert (done.state, done.quantity_confirmed) == ("confirmed", part.quantity)
        self.part_answers += 1

    def decline(self, match, side):
        reason, on_behalf = self.rng.choice(DECLINE_REASONS), side != "secretariat"
        decisions.decline_match(self.actor, match.id, side, reason, match.version, on_behalf=on_behalf)
        self.answers += 1

    def press_as_provider(self):
        """A provider confirms what it sees proposed, whatever the recipient is asked meanwhile."""
        rounds.fresh()
        provider = self.pick(self.providers())
        seen = decisions.list_matches(provider, self.round.code)
        match = self.pick([one for one in seen if one.waiting_for == "provider"])
        if match is None:
            return
        confirmed = decisions.confirm_match(provider, match.id, "provider", match.version)
        assert confirmed.seats == match.seats <= self.put[match.id]
        self.answers += 1

    def fall_silent(self):
        """The deadline of a match passes: it lapses, or what not both sides have confirmed of it."""
        match = self.pick([one for one in self.matches() if one.answer_by is not None])
        if match is None:
            return
        row = db.session.get(Match, match.id)
        row.answer_by, falls_back = utc_now(), match.state == "asked" and is_known_live(row)
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 1
        after = decisions.find_match(self.actor, match.id)
        confirmed = {one.side for one in match.decisions if one.side != "secretariat"}
        stands = falls_back or (match.state == "proposed" and len(confirmed) == 2)
        assert (after.state == "lapsed") == (not stands)
        if after.state == "lapsed" and self.rng.random() < 0.5:
            self.revive()

    def revive(self):
        match = self.pick([one for one in self.matches() if one.state == "lapsed"])
        if match is None:
            return
        side = self.rng.choice(("recipient", "provider"))
        row = db.session.get(Match, match.id)
        expected = "asked" if is_secret(row) or row.seats > row.seats_put else "proposed"
        try:
            revived = lapses.revive_match(self.actor, match.id, side, match.version, on_behalf=True)
        except Conflict:
            assert decisions.find_match(self.actor, match.id) == match
        else:
            assert (revived.state, revived.seats, revived.decisions) == (
                expected,
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
            publishing.publish_plan(self.actor, plan.id, plan.version)
        except Conflict:
            after = {(one.need_reference, one.session_code): one for one in self.matches()}
            assert after == before
            return
        after = {(one.need_reference, one.session_code): one for one in self.matches()}
        for pair, match in before.items():
            if match.state in LIVE_MATCH_STATES and pair not in released:
                assert after[pair].state in LIVE_MATCH_STATES
                assert after[pair].seats >= match.seats
                assert after[pair].decisions == match.decisions
                if after[pair].seats == match.seats:
                    assert after[pair].state == match.state
                else:
                    assert after[pair].state == "asked"
                    self.grown += match.consent is not None
            if match.state == "declined":
                assert after[pair].state == "declined"

    def step(self):
        arrivals = (self.arrive_need, self.arrive_offer)
        silence = (self.fall_silent, self.fall_silent, self.revive, self.revive, self.revive)
        answers = (
            *[self.consent] * 6,
            *[self.answer_part] * 3,
            *[self.answer] * 7,
            *[self.press_as_provider] * 3,
        )
        self.rng.choice((*answers, *[self.repair] * 4, *arrivals, *silence, self.withdraw))()

    # -- what holds after every press -----------------------------------------------------------------------

    def look_over(self):
        self.look_over_seats()
        self.look_over_turns()
        self.look_over_parts()
        for provider in self.providers():
            self.look_over_what_is_read(provider)
        assert self.count_events("confirm", "decline", "decline_more") == self.answers
        assert self.count_events("consent") == self.consents

    def look_over_turns(self):
        """Somebody can act on whatever waits, and what waits for a side has a deadline."""
        for one in self.matches():
            assert (one.waiting_for is not None) == (one.state in ("asked", "proposed"))
            assert (one.answer_by is not None) == (one.waiting_for in ("recipient", "provider"))

    def look_over_parts(self):
        """A funder is asked for seats that were put alone; what waits for it has a deadline, and nobody waits
        for a party that has confirmed all that stands.
        """
        live = [one for one in self.matches() if one.state in LIVE_MATCH_STATES]
        for part in parties.list_parts(self.funder, self.round.code):
            assert part.state != "planned"
            assert (part.answer_by is not None) == (part.state == "asked")
        for part in parties.list_parts(self.actor, self.round.code):
            there = [one for one in live if one.session.code == part.session.code]
            if part.state == "confirmed" and part.seats >= sum(one.seats for one in there):
                assert all(one.waiting_for != PARTIES for one in there)
            if part.state == "asked":
                assert any(one.consent for one in there)

    def look_over_what_is_read(self, provider):
        """A provider reads of no seat for which the recipient did not agree to be put to it."""
        seen = decisions.list_matches(provider, self.round.code)
        assert all(one.state != "asked" and one.seats <= self.put[one.id] for one in seen)
        known = {
            (one.need_reference, one.session_code): one.seats
            for one in seen
            if one.state in LIVE_MATCH_STATES
        }
        part = publication.plan_for_participant(provider, self.round.code)
        if part is None:
            return
        live = {(one.need_reference, one.session_code) for one in seen}
        assert {(row["need"], row["session"]) for row in part["assignments"]} <= live
        for row in part["assignments"]:
            assert row["seats"] == known.get((row["need"], row["session"]), row["seats"])
        filled = Counter()
        for row in part["assignments"]:
            filled[row["session"]] += row["seats"]
        assert {row["id"]: row["seats_filled"] for row in part["sessions"]} == dict(filled)

    def providers(self):
        offers = submissions.list_offers(self.actor, self.round.code)
        codes = sorted({one.participant_id for one in offers})
        return [factories.make_actor("focal_point", db.session.get(Participant, number)) for number in codes]

    @staticmethod
    def count_events(*actions):
        of_matches = AuditEvent.record_kind == "match"
        told = select(func.count()).select_from(AuditEvent).where(of_matches, AuditEvent.action.in_(actions))
        return db.session.scalar(told)

    def look_over_seats(self):
        matches = self.matches()
        live = [one for one in matches if one.state in LIVE_MATCH_STATES]
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


@pytest.mark.parametrize("seed", [5, 6])
def test_no_seat_is_given_twice_and_no_agreed_pair_moves_unasked(app, size, seed):
    game = Game(seed)
    for _ in range(STEPS[size]):
        game.step()
        game.look_over()
    assert min(game.consents, game.answers, game.refused, game.revived, game.part_answers) > 0
