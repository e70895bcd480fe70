"""An agreed group may grow into freed seats, and is asked for those alone."""

import json

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.database import db
from lcm_service.services import decisions, repair
from tests.service import matching_rounds as rounds
from tests.service.repair.scene import assert_the_agreed_match_stands, publish


def test_an_agreed_group_grows_into_freed_seats_and_is_asked_again_for_those_alone(growing):
    match = growing.match(growing.first)
    assert (match.state, match.seats) == ("proposed", 12)
    assert {(one.side, one.answer, one.seats) for one in match.decisions} == {
        (side, "confirmed", 8) for side in ("recipient", "provider", "secretariat")
    }
    assert set(match.asks_more_of) == {"recipient", "provider", "secretariat"}
    agreed = rounds.agree(growing.actor, match)
    assert {one.seats for one in agreed.decisions} == {12}


def test_a_side_that_declines_more_seats_keeps_those_that_it_confirmed(growing):
    match = growing.match(growing.first)
    match = decisions.decline_match(
        growing.owner_of(growing.first), match.id, "recipient", "capacity", match.version
    )
    assert (match.state, match.seats, match.asks_more_of) == ("agreed", 8, ())
    assert growing.attention() == {("reduced_pair", growing.first.reference)}, "Its other seats are free."
    plan = growing.repaired()
    assert rounds.seats_in(plan)[growing.first.reference, growing.code] == 8
    pins = {pin["need"]: pin for pin in json.loads(plan.problem)["pinned"]}
    assert pins[growing.first.reference]["rule"] == "exactly"
    assert_the_agreed_match_stands(growing, plan)


def test_a_draft_made_before_more_seats_were_declined_is_refused(growing):
    growing.first.seats_recognised = 14
    db.session.commit()
    draft = growing.repaired()
    match = growing.match(growing.first)
    decisions.decline_match(growing.owner_of(growing.first), match.id, "recipient", "capacity", match.version)
    with pytest.raises(Conflict) as refusal:
        publish(growing, draft)
    assert {row["need"] for row in refusal.value.details["objections"]} == {growing.first.reference}


def test_agreed_seats_that_are_cut_only_after_their_release_are_asked_for_anew(growing):
    rounds.agree(growing.actor, growing.match(growing.first))
    growing.offer.seats = 10
    db.session.commit()
    story = repair.describe_clash(growing.actor, growing.repair().id)
    (way,) = story.ways_out
    publish(growing, way.plan)
    match = growing.match(growing.first)
    assert (match.state, match.seats, match.decisions) == ("proposed", 10, ())
