"""A published round with an agreed match, in which something happens."""

from datetime import date

from lcm_service.services import decisions, repair
from tests import factories, publishing
from tests.service import matching_rounds as rounds

SPRING = {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 16)}
VENUE = {"kind": "venue", "quantity": 1}
SUMMER = {"starts_on": date(2027, 6, 7), "ends_on": date(2027, 6, 18)}


class Scene:
    """A round in which two needs are placed in one session and a third waits for seats.

    `first` (8 seats) is agreed by all; `second` (6) is proposed; `third` (10) found the session full.
    """

    def __init__(self, *, seats=14, min_seats=5, third=True, supports=(), **offer_columns):
        self.actor = rounds.coordinator()
        self.round = factories.make_round()
        self.supports = [factories.make_support(round=self.round, **columns) for columns in supports]
        self.first = self.make_need(8, "critical")
        self.second = self.make_need(6, "critical")
        self.third = self.make_need(10, "routine", min_group=5) if third else None
        self.offer = factories.make_offer(
            round=self.round, seats=seats, min_seats=min_seats, **{"sessions": [SPRING], **offer_columns}
        )
        self.plan = rounds.publish(self.actor, rounds.solve_round(self.actor, self.round))
        self.agreed = rounds.agree(self.actor, self.match(self.first))

    def make_need(self, seats, priority="high", **columns):
        return factories.make_need(
            round=self.round, seats_asked=seats, women=0, priority_asked=priority, **columns
        )

    @property
    def code(self):
        return f"{self.offer.reference}-S1"

    def match(self, need, code=None):
        return rounds.match_of(self.actor, self.round, need.reference, code or self.code)

    def owner_of(self, need):
        return factories.make_actor("focal_point", need.participant)

    def decline(self, need, reason="costs"):
        match = self.match(need)
        return decisions.decline_match(self.owner_of(need), match.id, "recipient", reason, match.version)

    def repair(self, **options):
        return rounds.solve_round(self.actor, self.round, **options)

    def repaired(self):
        """The draft of a repair that went through."""
        run = self.repair()
        assert (run.purpose, run.outcome) == ("repair", "optimal"), run.story
        return rounds.plan_of(self.actor, run)

    def attention(self):
        return {
            (one.code, one.need or one.record) for one in repair.find_attention(self.actor, self.round.code)
        }


def publish(scene, plan):
    published = publishing.publish_plan(scene.actor, plan.id, plan.version)
    rounds.put_all(scene.actor, scene.round)
    return published


def assert_the_agreed_match_stands(scene, plan):
    assert rounds.seats_in(plan)[scene.first.reference, scene.code] == 8
    publish(scene, plan)
    match = scene.match(scene.first)
    assert (match.state, match.seats) == ("agreed", 8)
    assert {one.side for one in match.decisions} == {"recipient", "provider", "secretariat"}
