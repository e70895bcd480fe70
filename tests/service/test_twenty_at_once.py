"""Twenty people press at once on one round: whoever is second is told so, and the round stays whole."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select, update

from lcm_service.domain.errors import Conflict, NotFound
from lcm_service.domain.permissions import SYSTEM
from lcm_service.domain.vocabulary import DECISION_SIDES, DECLINE_REASONS, PARTIES
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, Plan
from lcm_service.services import audit, decisions, lapses, matching, parties, publication
from tests import publishing
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

    def play(self, presses):
        for press in range(presses):
            self.press(press)
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
        if side == PARTIES:
            return self.confirm_part()
        on_behalf = side != "secretariat"
        return decisions.confirm_match(self.actor, match.id, side, match.version, on_behalf=on_behalf)

    def confirm_part(self):
        parts = [one for one in parties.list_parts(self.actor, self.code) if one.state == "asked"]
        if not parts:
            return False
        part = self.rng.choice(parts)
        return parties.confirm_part(self.actor, part.id, part.version, on_behalf=True)

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
        return publishing.publish_plan(self.actor, plan.id, plan.version)


def all_at_once(app, players, act):
    """Every player acts on a thread of its own, and none begins before all are there."""
    start = Barrier(PEOPLE)
    db.session.remove()

    def take_part(player):
        with app.app_context():
            start.wait()
            try:
                return act(player)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(PEOPLE) as threads:
        return list(threads.map(take_part, players))


def published_game():
    """A round with a published plan: what happens at random in the game may stand in the way of its first."""
    game = Game(7)
    while not any(one.state == "asked" for one in game.matches()):
        game.repair()
    return game


def press_for_the_same_turn(player, match_id, version):
    """What became of the press: done, refused as too late, or nothing left to do."""
    try:
        view = decisions.confirm_match(player.actor, match_id, "provider", version, on_behalf=True)
    except Conflict:
        return "refused"
    return "done" if view.version == version + 1 else "after"


def test_of_twenty_who_press_the_same_button_one_is_first(app):
    game = published_game()
    asked = next(one for one in game.matches() if one.state == "asked")
    put = decisions.consent_to_match(game.actor, asked.id, asked.version, on_behalf=True)
    players = [Player(number, game.actor, game.round.code) for number in range(PEOPLE)]
    all_at_once(app, players, lambda one: press_for_the_same_turn(one, put.id, put.version))
    match = db.session.get(Match, put.id)
    assert [one.side for one in match.decisions] == ["provider"]
    confirmed = select(func.count()).where(
        AuditEvent.action == "confirm", AuditEvent.record_reference == str(put.id)
    )
    assert db.session.scalar(confirmed) == 1
    assert audit.verify_audit(SYSTEM, []).faults == []


def test_twenty_people_at_once_leave_the_round_whole(app, size):
    """What anyone gets done depends on who is first, so only what must hold in any order is asked for here;
    the test before this one shows that a button pressed by all is pressed once.
    """
    game = published_game()
    players = [Player(number, game.actor, game.round.code) for number in range(PEOPLE)]
    played = all_at_once(app, players, lambda one: one.play(PRESSES[size]))
    done, refused = Counter(), Counter()
    for one in played:
        done += one.done
        refused += one.refused
    assert done.total() > 0
    assert sum(refused.values()) > 0, "Nobody was ever second: the test tries nothing."
    game.look_over_seats()
    published = select(func.count()).select_from(Plan).where(Plan.state == "published")
    assert db.session.scalar(published) == 1
    agreed = {str(one.id) for one in game.matches() if one.state == "agreed"}
    told = set(db.session.scalars(select(AuditEvent.record_reference).where(AuditEvent.action == "agree")))
    assert agreed <= told
    assert audit.verify_audit(SYSTEM, []).faults == []
