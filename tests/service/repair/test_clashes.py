"""Where what is agreed cannot hold, the run says why and a person decides."""

import json

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.persistence.database import db
from lcm_service.services import decisions, matching, publication, repair, submissions
from optimizer import plan_to_document, read_problem, solve
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.repair.scene import SUMMER, VENUE, Scene, assert_the_agreed_match_stands, publish


def test_agreed_seats_that_are_too_few_clash_and_the_run_names_session_lack_and_pairs(short):
    run = short.repair()
    assert (run.state, run.outcome) == ("done", "clashing_pins")
    assert matching.plan_id_of_run(short.actor, run.id) is None
    story = repair.describe_clash(short.actor, run.id)
    (session,) = story.short_sessions
    assert (session.code, session.least, session.lacks) == (short.code, 12, 4)
    assert session.pinned == ((short.first.reference, 8),)
    # The need asks for no more than its eight, so it cannot fill the session up itself.
    assert {limit["code"]: limit["record"] for limit in story.limits} == {
        "C1": short.code,
        "C3": short.first.reference,
    }
    (pair,) = story.pairs
    assert (pair.need, pair.session, pair.seats) == (short.first.reference, short.code, 8)
    assert (pair.state, pair.confirmed_by) == ("agreed", ("recipient", "provider", "secretariat"))
    published = publication.published_plan(short.actor, short.round.code)
    assert published.id == short.plan.id
    assert short.match(short.first).state == "agreed"


def test_each_way_out_of_a_clash_is_solved_to_a_draft_that_a_coordinator_may_publish(short):
    run = short.repair()
    ways = repair.describe_clash(short.actor, run.id).ways_out
    by_kind = {"release" if way.choice.release else "hold": way for way in ways}
    assert set(by_kind) == {"release", "hold"}
    releasing, holding = by_kind["release"].plan, by_kind["hold"].plan
    assert rounds.seats_in(releasing) == {}
    assert rounds.seats_in(holding) == {(short.first.reference, short.code): 8}
    assert holding.labels["held"] == [short.code]
    assert short.match(short.first).state == "agreed"


def test_holding_keeps_the_agreed_match_in_the_hope_of_others(short):
    ways = repair.describe_clash(short.actor, short.repair().id).ways_out
    (holding,) = (way.plan for way in ways if way.choice.hold)
    assert_the_agreed_match_stands(short, holding)
    late = short.make_need(9)
    plan = short.repaired()
    assert rounds.seats_in(plan)[late.reference, short.code] == 6
    assert_the_agreed_match_stands(short, plan)


def test_a_published_hold_goes_on_while_matches_in_the_session_live(short):
    ways = repair.describe_clash(short.actor, short.repair().id).ways_out
    (holding,) = (way.plan for way in ways if way.choice.hold)
    publish(short, holding)
    again = short.repaired()
    assert again.labels["held"] == [short.code]
    assert_the_agreed_match_stands(short, again)
    match = short.match(short.first)
    decisions.release_match(short.actor, match.id, "costs", match.version)
    assert short.repaired().labels["held"] == []


def test_releasing_is_the_coordinators_press_and_ends_the_match(short):
    ways = repair.describe_clash(short.actor, short.repair().id).ways_out
    (releasing,) = (way.plan for way in ways if way.choice.release)
    assert short.match(short.first).state == "agreed"
    publish(short, releasing)
    assert short.match(short.first).state == "released"
    (holding,) = (way.plan for way in ways if way.choice.hold)
    with pytest.raises(Conflict, match="Another plan was published"):
        publish(short, holding)


def test_a_plan_that_would_lose_an_agreed_pair_without_its_release_is_refused(short):
    ways = repair.describe_clash(short.actor, short.repair().id).ways_out
    (releasing,) = (way for way in ways if way.choice.release)
    releasing.run.choice = None
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        publish(short, releasing.plan)
    assert "match" in {row["code"] for row in refusal.value.details["objections"]}
    assert short.match(short.first).state == "agreed"


def test_pairs_pinned_in_a_session_that_cannot_run_are_released_together(app):
    scene = Scene(min_seats=12, third=False)
    third = scene.make_need(2, "routine")
    scene.offer.seats = 16
    db.session.commit()
    publish(scene, scene.repaired())
    scene.decline(scene.second)
    story = repair.describe_clash(scene.actor, scene.repair().id)
    (session,) = story.short_sessions
    assert session.pinned == ((scene.first.reference, 8), (third.reference, 2))
    assert (session.pinned_seats, session.lacks) == (10, 2)
    (releasing,) = (way for way in story.ways_out if way.choice.release)
    assert releasing.choice.release == {(scene.first.reference, scene.code), (third.reference, scene.code)}


def test_two_clashes_are_followed_through_to_one_draft_each_way(app):
    scene = Scene(min_seats=12, third=False)
    offer = factories.make_offer(round=scene.round, seats=14, min_seats=12, level="advanced")
    other_code = f"{offer.reference}-S1"
    stays, leaves = (scene.make_need(seats, level="advanced") for seats in (8, 6))
    publish(scene, scene.repaired())
    rounds.agree(scene.actor, scene.match(stays, other_code))
    scene.decline(scene.second)
    match = scene.match(leaves, other_code)
    decisions.decline_match(scene.owner_of(leaves), match.id, "recipient", "costs", match.version)
    story = repair.describe_clash(scene.actor, scene.repair().id)
    assert len(story.ways_out) == 2
    by_kind = {"release" if way.choice.release else "hold": way for way in story.ways_out}
    assert by_kind["hold"].choice.hold == {scene.code, other_code}
    assert len(by_kind["release"].choice.release) == 2
    assert rounds.seats_in(by_kind["release"].plan) == {}
    assert rounds.seats_in(by_kind["hold"].plan) == {
        (scene.first.reference, scene.code): 8,
        (stays.reference, other_code): 8,
    }


def test_of_pairs_that_clash_each_is_given_up_alone_and_the_merely_proposed_are_tried_first(app):
    """Fourteen seats are promised and eight are left: one of two pairs must go, and never both."""
    scene = Scene(third=False)
    scene.offer.seats = 8
    db.session.commit()
    story = repair.describe_clash(scene.actor, scene.repair().id)
    assert [(one.need, one.state, len(one.confirmed_by)) for one in story.pairs] == [
        (scene.second.reference, "proposed", 0),
        (scene.first.reference, "agreed", 3),
    ]
    assert [way.choice.release for way in story.ways_out] == [
        {(scene.second.reference, scene.code)},
        {(scene.first.reference, scene.code)},
    ]
    sparing = story.ways_out[0].plan
    assert rounds.seats_in(sparing) == {(scene.first.reference, scene.code): 8}
    assert_the_agreed_match_stands(scene, sparing)


def test_bystanders_in_a_clash_of_many_are_spared_and_three_ways_with_a_plan_are_enough(app):
    scene = Scene(seats=32, third=False)
    others = [scene.make_need(6, "critical") for _ in range(3)]
    publish(scene, scene.repaired())
    scene.offer.seats = 26
    db.session.commit()
    story = repair.describe_clash(scene.actor, scene.repair().id)
    assert all(way.plan is not None for way in story.ways_out)
    released = [way.choice.release for way in story.ways_out]
    assert len(released) == 3
    assert all(len(pairs) == 1 for pairs in released)
    assert {need for pairs in released for need, _ in pairs} <= {
        one.reference for one in (scene.second, *others)
    }


def test_a_way_that_comes_to_nothing_makes_room_for_the_next(app):
    scene = Scene(seats=32, third=False)
    for _ in range(3):
        scene.make_need(6, "critical")
    publish(scene, scene.repaired())
    scene.offer.seats = 26
    db.session.commit()
    run = rounds.request(scene.actor, scene.round)
    claimed = matching.claim_next_run(30)
    problem = read_problem(json.loads(claimed.problem))
    matching.finish_run(claimed.run_id, claimed.fence, plan_to_document(solve(problem)))
    first = matching.list_follow_ups(scene.actor, run.id)[0]
    matching.cancel_run(scene.actor, first.id)
    rounds.solve_waiting_runs()
    ways = repair.describe_clash(scene.actor, run.id).ways_out
    assert len([way for way in ways if way.plan is not None]) == 3
    assert len(ways) == 4


def test_a_coordinator_may_mix_the_ways_by_hand(short):
    run = short.repair()
    mixed = short.repair(choice={"hold": [short.code]}, base_run_id=run.id)
    assert mixed.outcome == "optimal"
    assert [one.id for one in matching.list_follow_ups(short.actor, run.id)][-1] == mixed.id


def test_a_withdrawn_support_without_which_nothing_can_run_clashes_and_leaves_releasing(app):
    scene = Scene(third=False, supports=[VENUE], requires=[{"kind": "venue", "quantity": 1}])
    (support,) = scene.supports
    owner = factories.make_actor("focal_point", support.participant)
    submissions.withdraw_support(owner, support.reference, support.version, "Sold")
    story = repair.describe_clash(scene.actor, scene.repair().id)
    assert {limit["code"] for limit in story.limits} == {"C9"}
    assert story.short_sessions == ()
    (way,) = story.ways_out
    assert len(way.choice.release) == 2
    assert rounds.seats_in(way.plan) == {}


def test_a_revision_that_a_rule_now_refuses_clashes_by_that_rule(scene):
    scene.first.level = "trainer"
    db.session.commit()
    story = repair.describe_clash(scene.actor, scene.repair().id)
    assert [limit["code"] for limit in story.limits] == ["level"]
    assert [pin["need"] for pin in story.pins] == [scene.first.reference]
    (way,) = story.ways_out
    assert way.plan is not None


def refused(scene, error, **options):
    """What would be given up is none of what clashes: no run comes of it."""
    before = len(matching.list_runs(scene.actor, scene.round.code))
    with pytest.raises(error):
        rounds.request(scene.actor, scene.round, **options)
    assert len(matching.list_runs(scene.actor, scene.round.code)) == before


def test_nothing_is_given_up_without_a_clash(scene):
    """An agreed match would go without a reason and a notice."""
    agreed = {"release": [[scene.first.reference, scene.code]]}
    for choice in (agreed, {"hold": [scene.code]}):
        refused(scene, NotValid, choice=choice)
        refused(scene, NotValid, choice=choice, base_run_id=scene.repair().id)


def test_of_a_clash_nothing_is_given_up_but_what_clashes_nor_once_it_is_over(scene):
    other = factories.make_offer(round=scene.round, seats=10, min_seats=1, sessions=[SUMMER])
    publish(scene, scene.repaired())
    bystander = [scene.third.reference, f"{other.reference}-S1"]
    assert scene.match(scene.third, bystander[1]).state == "proposed"
    scene.first.level = "trainer"
    db.session.commit()
    run = scene.repair()
    assert {pin["need"] for pin in repair.describe_clash(scene.actor, run.id).pins} == {scene.first.reference}
    clashing = [scene.first.reference, scene.code]
    for choice in ({"release": [clashing, bystander]}, {"release": [clashing], "hold": [bystander[1]]}):
        refused(scene, NotValid, choice=choice, base_run_id=run.id)
    way_out = rounds.request(scene.actor, scene.round, choice={"release": [clashing]}, base_run_id=run.id)
    rounds.solve_waiting_runs()
    publish(scene, rounds.plan_of(scene.actor, way_out))
    second = {"release": [[scene.second.reference, scene.code]]}
    refused(scene, Conflict, choice=second, base_run_id=run.id)
