"""After every event that the rest can bear, what is agreed stays and the others are placed anew."""

from lcm_service.services import decisions, submissions
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.repair.scene import SPRING, SUMMER, VENUE, Scene, assert_the_agreed_match_stands, publish


def test_a_declined_pair_frees_its_seats_for_another_and_is_not_proposed_again(scene):
    scene.decline(scene.second)
    assert scene.match(scene.first).state == "agreed"
    assert ("declined_pair", scene.second.reference) in scene.attention()
    plan = scene.repaired()
    assert rounds.seats_in(plan) == {
        (scene.first.reference, scene.code): 8,
        (scene.third.reference, scene.code): 6,
    }
    assert [row["need"] for row in plan.difference["added"]] == [scene.third.reference]
    assert [row["need"] for row in plan.difference["lost"]] == [scene.second.reference]
    assert_the_agreed_match_stands(scene, plan)
    assert scene.match(scene.second).state == "declined"
    assert scene.attention() == set()


def test_a_withdrawn_need_leaves_its_seats_to_others(scene):
    submissions.withdraw_need(
        scene.owner_of(scene.second), scene.second.reference, scene.second.version, "No longer deploying"
    )
    assert scene.match(scene.second).state == "released"
    assert ("withdrawn_need", scene.second.reference) in scene.attention()
    plan = scene.repaired()
    assert rounds.seats_in(plan)[scene.third.reference, scene.code] == 6
    assert_the_agreed_match_stands(scene, plan)


def test_a_withdrawn_session_moves_its_needs_and_nobody_else(app):
    scene = Scene(sessions=[SPRING, SUMMER], seats=14)
    moved = [
        one for one in decisions.list_matches(scene.actor, scene.round.code) if one.session_code != scene.code
    ]
    assert moved
    code = moved[0].session_code
    provider = factories.make_actor("focal_point", scene.offer.participant)
    submissions.withdraw_session(provider, code, scene.offer.version, "No instructors")
    assert {
        one.state for one in decisions.list_matches(scene.actor, scene.round.code) if one.session_code == code
    } == {"released"}
    assert ("withdrawn_session", code) in scene.attention()
    plan = scene.repaired()
    assert all(session == scene.code for _, session in rounds.seats_in(plan))
    assert_the_agreed_match_stands(scene, plan)


def test_a_withdrawn_offer_releases_its_matches_and_another_offer_takes_over(app):
    scene = Scene()
    other = factories.make_offer(round=scene.round, seats=30, min_seats=5)
    provider = factories.make_actor("focal_point", scene.offer.participant)
    submissions.withdraw_offer(provider, scene.offer.reference, scene.offer.version, "Budget cut")
    assert {one.state for one in decisions.list_matches(scene.actor, scene.round.code)} == {"released"}
    plan = scene.repaired()
    assert {session for _, session in rounds.seats_in(plan)} == {f"{other.reference}-S1"}
    publish(scene, plan)
    assert scene.match(scene.first).state == "released"
    assert scene.match(scene.first, f"{other.reference}-S1").state == "proposed"


def test_a_withdrawn_support_is_replaced_by_another_that_fits(app):
    scene = Scene(third=False, supports=[VENUE], requires=[{"kind": "venue", "quantity": 1}])
    (used,) = scene.supports
    other = factories.make_support(round=scene.round, kind="venue", quantity=1)
    owner = factories.make_actor("focal_point", used.participant)
    submissions.withdraw_support(owner, used.reference, used.version, "Venue burnt down")
    assert ("withdrawn_support", used.reference) in scene.attention()
    plan = scene.repaired()
    assert plan.document["sessions"][0]["supports"][0]["support"] == other.reference
    assert_the_agreed_match_stands(scene, plan)


def test_a_late_need_gets_what_is_left_and_moves_nobody(app):
    scene = Scene(seats=20, third=False)
    late = scene.make_need(30, "critical")
    assert scene.attention() == {("late_need", late.reference)}
    plan = scene.repaired()
    assert rounds.seats_in(plan) == {
        (scene.first.reference, scene.code): 8,
        (scene.second.reference, scene.code): 6,
        (late.reference, scene.code): 6,
    }
    assert_the_agreed_match_stands(scene, plan)


def test_a_late_offer_takes_those_who_were_left_without(scene):
    late = factories.make_offer(round=scene.round, seats=30, min_seats=5)
    assert ("late_offer", late.reference) in scene.attention()
    plan = scene.repaired()
    seats = rounds.seats_in(plan)
    assert seats[scene.third.reference, f"{late.reference}-S1"] == 10
    assert seats[scene.second.reference, scene.code] == 6
    assert_the_agreed_match_stands(scene, plan)
