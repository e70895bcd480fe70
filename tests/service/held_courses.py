"""A match that all agreed to, for the tests of what comes after: its course is over, or far off."""

from datetime import date
from typing import Any

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Offer
from lcm_service.services import assessments, decisions, deliveries
from tests import factories
from tests.service import matching_rounds as rounds

# Days that are over, whenever the tests run.
FIRST, LAST = date(2024, 4, 8), date(2024, 4, 19)
PLANNED = {"starts_on": FIRST, "ends_on": LAST, "place_code": None, "venue": "Hall 2"}
TO_COME = {"starts_on": date(2090, 5, 8), "ends_on": date(2090, 5, 12), "place_code": None, "venue": None}
REPORT = {"held_from": FIRST, "held_to": LAST, "seats_used": 18, "women_used": 4}


class Scene:
    """An agreed match of 20 seats whose session is over, or comes with the year 2090."""

    def __init__(self, year=2024, *, need_columns=None, **offer_columns):
        self.round = factories.make_round(opens_on=date(2024, 1, 1))
        days: dict[str, Any] = {"earliest": date(2024, 3, 1), "latest": date(2090, 9, 30)}
        self.need = factories.make_need(round=self.round, **(days | (need_columns or {})))
        session = {"starts_on": FIRST.replace(year=year), "ends_on": LAST.replace(year=year)}
        columns: dict[str, Any] = {"sessions": [session], "min_seats": 1} | offer_columns
        self.offer = factories.make_offer(round=self.round, **columns)
        self.coordinator = rounds.coordinator()
        self.recipient = factories.make_actor("focal_point", self.need.participant)
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round))
        for match in decisions.list_matches(self.coordinator, self.round.code):
            rounds.agree(self.coordinator, match)

    def seen_by(self, actor):
        return decisions.list_matches(actor, self.round.code)[0]

    @property
    def match(self):
        return self.seen_by(self.coordinator)

    def schedule(self, actor=None, data=PLANNED, **options):
        match = self.match
        return deliveries.schedule_delivery(actor or self.provider, match.id, data, match.version, **options)

    def report(self, actor, side, data=REPORT, **options):
        match = self.match
        return deliveries.report_delivered(actor, match.id, side, data, match.version, **options)

    def report_not(self, actor, side, reason, note=None, **options):
        match = self.match
        return deliveries.report_not_delivered(actor, match.id, side, reason, match.version, note, **options)

    def assess(self, actor, side, answer, note=None, **options):
        match = self.match
        return assessments.assess_delivery(actor, match.id, side, answer, match.version, note, **options)


def make_undated():
    """A course of which the session says a place and no days; another place is there."""
    factories.make_place("XQA", regions=["X01"])
    factories.make_place("XQB", regions=["X01"])
    scene = Scene(place_code="XQA")
    session = db.session.get(Offer, scene.offer.id).sessions[0]
    session.starts_on = session.ends_on = None
    db.session.commit()
    return scene
