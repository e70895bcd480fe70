"""Twenty people press at once on one round: whoever is second is told so, and the round stays whole."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select, update

from lcm_service.domain.errors import Conflict, NotFound
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, Plan
from lcm_service.services import audit, decisions, lapses, matching, publication
from tests.service import matching_rounds as rounds
from tests.service.test_decisions_at_random import Game

PEOPLE = 20
PRESSES = {"quick": 6, "full": 40}
ASKED, PROPOSED, LAPSED = ("asked",), ("proposed",), ("lapsed",)


class Player:
    """One of the twenty: presses at random, and counts what was done and what was refused."""

    def __init__(self, number, actor, code):
        self.number, self.actor, self.code = number, actor, code
        self.rng = random.Random(number)
        self.done, self.refused = Counter(), Counter()

    def play(self, app, start, presses):
        with app.app_context():
            start.wait()
            try:
                for press in range(presses):
                    self.press(press)
            finally:
                db.session.remove()
        return self

    def press(self, number):
        name = self.rng.choice(
            ("consent",) * 3
            + ("confirm",) * 6
            + ("decline", "repair", "repair", "silence", "revive", "revive")
        )
        try:
            if getattr(self, name)(number):
                self.done[name] += 1
        except (Conflict, NotFound):
            self.refused[name] += 1

    def pick(self, states):
        rounds.fresh()
        found = [one for one in decisions.list_matches(self.actor, self.code) if one.state in states]
        return self.rng.choice(found) if found else None

    def consent(self, _number):
        match = self.pick(ASKED)
        if match is None:
            return False
        return decisions.consent_to_match(self.actor, match.id, match.version, on_behalf=True)

    def confirm(self, _number):
        match = self.pick(PROPOSED)
        if match is None:
            return False
        side = self.rng.choice((match.waiting_for, *DECISION_SIDES))
        on_behalf = side != "secretariat"
        return decisions.confirm_match(self.actor, match.id, side, match.version, on_behalf=on_behalf)

    def decline(self, _number):
        match = self.pick(ASKED + PROPOSED)
        if match is None:
            return False
        reason = self.rng.choice(DECLINE_REASONS)
        return decisions.decline_match(
            self.actor, match.id, "recipient", reason, match.version, on_behalf=True
        )

    def silence(self, _number):
        match = self.pick(ASKED + PROPOSED)
        if match is None:
            return False
        with transaction() as session:
            session.execute(
                update(Match)
                .where(Match.id == match.id, Match.state.in_(ASKED + PROPOSED))
                .values(answer_by=utc_now())
            )
        return lapses.lapse_overdue(SYSTEM)

    def revive(self, _number):
        match = self.pick(LAPSED)
        if match is None:
            return False
        return lapses.revive_match(self.actor, match.id, "provider", match.version, on_behalf=True)

    def repair(self, number):
        rounds.fresh()
        run = matching.request_run(self.actor, self.code, idempotency_key=f"{self.number}-{number}")
        rounds.solve_waiting_runs()
        rounds.fresh()
        plan_id = matching.plan_id_of_run(self.actor, run.id)
        if plan_id is None:
            return False
        plan = publication.find_plan(self.actor, plan_id)
        return publication.publish_plan(self.actor, plan.id, plan.version)


def test_twenty_people_at_once_leave_the_round_whole(app, size):
    game = Game(7)
    start = Barrier(PEOPLE)
    players = [Player(number, game.actor, game.round.code) for number in range(PEOPLE)]
    db.session.remove()
    with ThreadPoolExecutor(PEOPLE) as threads:
        played = list(threads.map(lambda one: one.play(app, start, PRESSES[size]), players))
    done, refused = Counter(), Counter()
    for one in played:
        done += one.done
        refused += one.refused
    assert done["consent"] > 0
    assert done["confirm"] > 0
    assert done["repair"] > 0
    assert sum(refused.values()) > 0, "Nobody was ever second: the test tries nothing."
    game.look_over_seats()
    published = select(func.count()).select_from(Plan).where(Plan.state == "published")
    assert db.session.scalar(published) == 1
    agreed = {str(one.id) for one in game.matches() if one.state == "agreed"}
    told = set(db.session.scalars(select(AuditEvent.record_reference).where(AuditEvent.action == "agree")))
    assert agreed <= told
    assert audit.verify_audit(SYSTEM, []).faults == []
