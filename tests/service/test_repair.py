"""After every event the rest stands: what is agreed is pinned, and where that cannot hold, a person
decides.
"""

import json
from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.services import decisions, matching, publication, repair, submissions
from optimizer import plan_to_document, read_problem, solve
from tests import factories
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


@pytest.fixture
def scene(app):
    return Scene()


def publish(scene, plan):
    return publication.publish_plan(scene.actor, plan.id, plan.version)


def assert_the_agreed_match_stands(scene, plan):
    assert rounds.seats_in(plan)[scene.first.reference, scene.code] == 8
    publish(scene, plan)
    match = scene.match(scene.first)
    assert (match.state, match.seats) == ("agreed", 8)
    assert {one.side for one in match.decisions} == {"recipient", "provider", "secretariat"}


# -- each event, where the rest still holds ------------------------------------------------------------------


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


# -- where the rest falls below what the session needs -------------------------------------------------------


@pytest.fixture
def short(app):
    """The session needs 12; eight seats are agreed, six are declined."""
    scene = Scene(min_seats=12, third=False)
    scene.decline(scene.second)
    return scene


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


# -- where an agreed group could grow ------------------------------------------------------------------------


@pytest.fixture
def growing(app):
    """The first need asks 12 and got 8, which all agreed; six seats beside it are declined."""
    scene = Scene(third=False)
    scene.first.seats_recognised = 12
    db.session.commit()
    scene.decline(scene.second)
    publish(scene, scene.repaired())
    return scene


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
    assert growing.attention() == set()
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


# -- what the difference and the attention say, and who may read it ------------------------------------------


def test_a_decline_or_release_after_the_draft_keeps_it_from_being_published(scene):
    scene.make_need(5)
    draft = scene.repaired()
    scene.decline(scene.second)
    with pytest.raises(Conflict) as refusal:
        publish(scene, draft)
    assert {row["need"] for row in refusal.value.details["objections"]} == {scene.second.reference}


def test_a_declined_course_without_days_is_not_proposed_under_another_key(app):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_)
    offer = factories.make_offer(round=round_, sessions=[], max_sessions=3)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (match,) = decisions.list_matches(actor, round_.code)
    owner = factories.make_actor("focal_point", need.participant)
    decisions.decline_match(owner, match.id, "recipient", "dates", match.version)
    assert rounds.seats_in(rounds.plan_of(actor, rounds.solve_round(actor, round_))) == {}
    assert offer.max_sessions == 3


@pytest.mark.parametrize(("reason", "is_placed"), [("dates", True), ("costs", False)])
def test_a_course_from_a_window_is_proposed_on_other_days_where_only_the_days_were_declined(
    app, reason, is_placed
):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_)
    factories.make_offer(
        round=round_, not_before=date(2027, 4, 1), not_after=date(2027, 6, 30), duration_days=5
    )
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (match,) = decisions.list_matches(actor, round_.code)
    owner = factories.make_actor("focal_point", need.participant)
    decisions.decline_match(owner, match.id, "recipient", reason, match.version)
    seats = rounds.seats_in(rounds.plan_of(actor, rounds.solve_round(actor, round_)))
    assert (match.session_code in {session for _, session in seats}) is False
    assert bool(seats) is is_placed


def test_a_revision_that_a_live_match_no_longer_fits_calls_for_a_repair(scene):
    assert scene.attention() == set()
    scene.first.level = "trainer"
    scene.second.seats_recognised = 4
    db.session.commit()
    found = repair.find_attention(scene.actor, scene.round.code)
    assert {(one.code, one.need, one.session, one.rules) for one in found} == {
        ("refused_pair", scene.first.reference, scene.code, ("level",)),
        ("refused_pair", scene.second.reference, scene.code, ("C3",)),
    }


def test_records_that_contradict_themselves_call_for_attention_and_break_no_page(scene):
    scene.first.earliest, scene.first.latest = date(2027, 9, 30), date(2027, 3, 1)
    db.session.commit()
    assert {one.code for one in repair.find_attention(scene.actor, scene.round.code)} == {"faulty_records"}


def test_attention_and_clashes_are_for_coordinators(short):
    run = short.repair()
    stranger = short.owner_of(short.first)
    with pytest.raises(NotAllowed):
        repair.find_attention(stranger, short.round.code)
    with pytest.raises(NotAllowed):
        repair.describe_clash(stranger, run.id)
    with pytest.raises(NotFound):
        repair.describe_clash(short.actor, short.plan.run_id)


def test_before_publication_nothing_calls_for_a_repair(app):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    assert repair.find_attention(rounds.coordinator(), round_.code) == ()
