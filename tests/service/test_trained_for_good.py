"""What was trained counts for good: no seat, no course and no money of it is planned again, whatever becomes
of the records that it came of.
"""

from datetime import date
from typing import Any

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need
from lcm_service.services import decisions, repair, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.held_courses import FIRST, LAST, Scene

# Days of a course that is still to come.
NEXT = {"starts_on": date(2027, 4, 8), "ends_on": date(2027, 4, 19)}


class Trained(Scene):
    """A need of 20 seats, trained in a course that is over."""

    def __init__(self, **columns):
        super().__init__(**columns)
        self.code = self.match.session_code
        self.report(self.coordinator, "recipient", on_behalf=True)

    def add_need(self, seats, **columns):
        round_ = db.session.merge(self.round)
        days = {"earliest": date(2024, 3, 1), "latest": date(2090, 9, 30)}
        return factories.make_need(round=round_, seats_asked=seats, women=0, **(days | columns))

    def add_offer(self, **columns: Any) -> str:
        """A course on other days; gives the code of its session."""
        columns = {"sessions": [NEXT], "min_seats": 1, **columns}
        offer = factories.make_offer(round=db.session.merge(self.round), **columns)
        return f"{offer.reference}-S1"

    def ask(self, **columns):
        """The need asks otherwise than it did."""
        need = db.session.get(Need, db.session.merge(self.need).id)
        for name, value in columns.items():
            setattr(need, name, value)
        db.session.commit()

    def withdraw(self, what):
        """A record of the course that is over is withdrawn, as ordinary tidying."""
        rounds.fresh()
        if what == "need":
            need = submissions.find_need(self.recipient, self.need.reference)
            submissions.withdraw_need(self.recipient, need.reference, need.version)
            return
        offer = submissions.find_offer(self.provider, self.offer.reference)
        if what == "session":
            submissions.withdraw_session(self.provider, self.code, offer.version)
        else:
            submissions.withdraw_offer(self.provider, offer.reference, offer.version)

    def planned(self):
        """The seats of the next plan, which is published; what was trained goes on being so."""
        rounds.fresh()
        run = rounds.solve_round(self.coordinator, self.round)
        assert run.outcome == "optimal", run.story
        plan = rounds.publish(self.coordinator, run, put=False)
        rounds.fresh()
        was = rounds.match_of(self.coordinator, self.round, self.need.reference, self.code)
        assert (was.state, was.seats, was.delivery.state) == ("agreed", 20, "delivered")
        return rounds.seats_in(plan)


@pytest.mark.parametrize("what", ["offer", "session"])
def test_a_need_that_was_trained_is_not_trained_again_once_its_course_is_gone(app, what):
    scene = Trained()
    if what == "session":
        more = {"sessions": [{"starts_on": LAST, "ends_on": LAST}]}
        offer = submissions.find_offer(scene.provider, scene.offer.reference)
        submissions.revise_offer(scene.provider, offer.reference, more, offer.version)
    rival = scene.add_need(20, priority_asked="routine", earliest=date(2027, 1, 1))
    other = scene.add_offer(seats=20)
    scene.withdraw(what)
    for _ in range(2):
        found = repair.find_attention(scene.coordinator, scene.round.code)
        assert scene.need.reference not in {one.record for one in found}, (
            "It was not withdrawn, nor is it late."
        )
        assert scene.planned() == {(rival.reference, other): 20}


def test_what_a_need_asks_beyond_what_was_trained_is_planned_alone(app):
    scene = Trained()
    scene.ask(seats_asked=26, seats_recognised=26)
    other = scene.add_offer()
    scene.withdraw("offer")
    assert scene.planned() == {(scene.need.reference, other): 6}


def test_women_who_were_trained_and_groups_that_were_sent_are_counted_too(app):
    scene = Trained(women_only=True, need_columns={"women": 20})
    # Of 30 seats 22 are for women, of whom 20 were trained; in two groups, of which one was sent.
    scene.ask(seats_asked=30, seats_recognised=30, women=22, max_groups=2)
    for_women, for_all = scene.add_offer(women_only=True), scene.add_offer(seats=8)
    scene.withdraw("offer")
    assert scene.planned() == {(scene.need.reference, for_all): 8}
    scene.ask(max_groups=3, seats_asked=33, seats_recognised=33)
    assert scene.planned() == {(scene.need.reference, for_all): 8, (scene.need.reference, for_women): 2}


@pytest.mark.parametrize("limit", ["max_sessions", "seats"])
def test_what_a_provider_gave_is_not_given_again_once_the_need_is_gone(app, limit):
    days = {"not_before": date(2024, 4, 1), "not_after": date(2024, 6, 30), "duration_days": 5}
    if limit == "max_sessions":
        scene = Trained(sessions=[], max_sessions=1, **days)
    else:
        scene = Trained(sessions=[{"starts_on": FIRST, "ends_on": LAST}, NEXT])
        db.session.merge(scene.offer.participant).seats = 25
        db.session.commit()
    scene.add_need(18)
    scene.withdraw("need")
    assert sum(scene.planned().values()) == (0 if limit == "max_sessions" else 5)


def test_what_was_trained_and_released_to_end_a_clash_is_not_planned_anew(app):
    scene = Trained()
    scene.ask(level="advanced")
    run = rounds.solve_round(scene.coordinator, scene.round)
    assert run.outcome == "clashing_pins"
    scene.add_offer(level="advanced")
    choice = {"release": [[scene.need.reference, scene.code]]}
    rounds.request(scene.coordinator, scene.round, base_run_id=run.id, choice=choice)
    (way_out, *_) = rounds.solve_waiting_runs()[-1:]
    assert rounds.seats_in(rounds.plan_of(scene.coordinator, way_out)) == {}


def test_a_match_that_stands_keeps_its_need_in_the_plan_however_much_of_it_was_trained(app):
    """Nothing is released without a press: that the two are more than the need asks is for a coordinator."""
    scene = Trained()
    scene.ask(seats_asked=30, seats_recognised=30)
    other = scene.add_offer()
    assert scene.planned()[scene.need.reference, other] == 10
    scene.ask(seats_asked=20, seats_recognised=20)
    scene.withdraw("offer")
    run = rounds.solve_round(scene.coordinator, scene.round)
    assert run.outcome == "clashing_pins"
    (pair,) = repair.describe_clash(scene.coordinator, run.id).pairs
    assert (pair.need, pair.session) == (scene.need.reference, other)
    assert {one.state for one in decisions.list_matches(scene.coordinator, scene.round.code)} == {
        "agreed",
        "asked",
    }


def test_a_need_that_says_no_number_any_more_is_promised_nothing_before_it_says_one(app):
    """What is planned for it meanwhile is a question: once it is answered, what was trained is taken off."""
    scene = Trained()
    scene.ask(seats_asked=None, seats_recognised=None)
    other = scene.add_offer(seats=30)
    scene.withdraw("offer")
    assert scene.planned() == {(scene.need.reference, other): 5}
    rounds.put_all(scene.coordinator, scene.round)

    def refused():
        match = rounds.match_of(scene.coordinator, scene.round, scene.need.reference, other)
        with pytest.raises(Conflict) as refusal:
            decisions.confirm_match(scene.coordinator, match.id, "provider", match.version, on_behalf=True)
        return refusal.value.details

    assert [one["field"] for one in refused()["questions"]] == ["seats"]
    scene.ask(seats_asked=22, seats_recognised=22)
    assert refused() == {"rules": ["C3"]}
