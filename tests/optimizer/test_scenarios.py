"""The same round under several policies: the policies, the values, who gains and loses, and domination."""

from dataclasses import replace

import jsonschema
import pytest

from optimizer.errors import InvalidFile, NoPlanFound
from optimizer.files.canonical import problem_sha256
from optimizer.files.schema import build_schema
from optimizer.problem import OBJECTIVES, Policy, PreviousSeats
from optimizer.scenarios.comparing import Dominator, RefusedPlan, compare_scenarios, make_policies
from optimizer.scenarios.counts import RecipientSeats, SeatsChange
from optimizer.scenarios.files import SCENARIO_COMPARISON, read_scenarios, scenarios_to_document
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.conftest import size_of_this_run
from tests.optimizer.brute_force import TinyRound, find_optimum
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_problem

NAMES = ["as_set", "coverage_first", "reached_first", "least_change", "firm_only"]


def by_name(comparison):
    return {scenario.name: scenario for scenario in comparison.scenarios}


def values_of(scenario):
    return {row.name: row.value for row in scenario.values}


def scarce_round(**lists):
    """One session of 10 seats; a large State asks for 40, five small ones for 2 each."""
    needs = [need("N-0", "XBIG", seats=40, priority="critical")]
    needs += [need(f"N-{number}", f"XS{number}", seats=2) for number in range(1, 6)]
    return problem(needs, [session(seats=10)], **lists)


def assumed_round():
    """A need that pairs firmly with one session, and one whose only session has told nobody its language."""
    needs = [need("N-1", "XAA", areas=["MED"]), need("N-2", "XAB", areas=["EOD"])]
    sessions = [session("S-1", areas=["MED"]), session("S-2", areas=["EOD"], languages=None)]
    return problem(needs, sessions)


def published_round(seed):
    """A round whose published plan put coverage first, which the round's own policy does not."""
    drawn = make_problem(needs=20, sessions=20, seed=seed, unknown_share=0.05)
    published = solve(replace(drawn, policy=make_policies(drawn)["coverage_first"]))
    previous = [PreviousSeats(row.need, row.session, row.seats) for row in published.assignments]
    return replace(drawn, previous=tuple(sorted(previous)))


# -- the policies --


def test_the_scenarios_differ_from_the_round_in_the_order_of_objectives_or_the_unknowns_alone():
    policy = Policy(weights={"critical": 9, "high": 3, "routine": 0}, quarters=(3, 3, 1, 0), reached_seats=7)
    drawn = scarce_round(policy=policy, previous=[("N-1", "S-1", 2)])
    policies = make_policies(drawn)
    assert list(policies) == NAMES
    assert policies["as_set"] == policy
    assert all(replace(row, objectives=OBJECTIVES, unknowns="allow") == policy for row in policies.values())
    assert policies["coverage_first"].objectives[0] == "firm.coverage"
    assert policies["coverage_first"].objectives[3] == "coverage"
    assert policies["reached_first"].objectives[0] == "firm.reached"
    assert policies["reached_first"].objectives[3] == "reached"
    assert policies["least_change"].objectives[0] == "stability"
    assert policies["firm_only"] == replace(policy, unknowns="exclude")


def test_an_objective_that_comes_first_leads_its_kind_and_leaves_the_rest_in_order():
    order = ("stability", "reached", "firm.reached", "firm.coverage")
    policies = make_policies(scarce_round(objectives=order))
    assert policies["coverage_first"].objectives == (
        "coverage",
        "stability",
        "reached",
        "firm.coverage",
        "firm.reached",
    )
    assert policies["reached_first"].objectives == ("reached", "stability", "firm.reached", "firm.coverage")


def test_with_nothing_published_least_change_is_the_rounds_own_policy_and_solved_once():
    seen = []
    comparison = compare_scenarios(scarce_round(), on_progress=lambda name, _: seen.append(name))
    assert by_name(comparison)["least_change"].same_as == "as_set"
    assert "least_change" not in seen
    assert "coverage_first" in seen
    assert by_name(comparison)["least_change"].values == comparison.as_set.values


def test_a_policy_that_would_count_values_in_another_way_is_refused():
    drawn = scarce_round()
    with pytest.raises(ValueError, match="scenario odd counts seats in another way"):
        compare_scenarios(drawn, {"odd": replace(drawn.policy, quarters=(1, 1, 1, 1))})
    with pytest.raises(ValueError, match="is the round's own policy"):
        compare_scenarios(drawn, {"as_set": replace(drawn.policy, unknowns="exclude")})


# -- values --


def test_what_comes_first_decides_who_gets_the_seats():
    comparison = by_name(compare_scenarios(scarce_round(reached_seats=10)))
    assert comparison["as_set"].recipients[0] == RecipientSeats("XBIG", 40, 10, 25)
    assert comparison["as_set"].recipients_reached == 1
    # A quarter of two seats is one: it reaches a small State, and the large one takes what is left.
    reached = comparison["reached_first"]
    assert reached.recipients_reached == 5
    assert reached.recipients[0] == RecipientSeats("XBIG", 40, 5, 12)
    assert [row.percent for row in reached.recipients[1:]] == [50] * 5
    assert reached.differences[0].against == "as_set"
    assert reached.differences[0].losses == (SeatsChange("XBIG", 5),)
    assert reached.differences[0].gains == tuple(SeatsChange(f"XS{n}", 1) for n in range(1, 6))


@pytest.mark.parametrize("seed", range(40 if size_of_this_run() == "full" else 12))
def test_every_proven_value_is_that_of_the_best_of_all_plans_under_the_scenarios_policy(seed):
    drawn = random_problem(seed)
    policies = make_policies(drawn)
    comparison = compare_scenarios(drawn)
    assert comparison.problem_sha256 == problem_sha256(drawn)
    for name, scenario in by_name(comparison).items():
        under = replace(drawn, policy=policies[name])
        assert scenario.problem_sha256 == problem_sha256(under)
        optimum = find_optimum(under)
        if optimum is None:
            assert scenario.outcome == "clashing_pins"
            assert scenario.values == ()
            continue
        best = dict(zip(policies[name].objectives, optimum.values, strict=True))
        assert {row.name: row.value for row in scenario.values if row.proven} == best
        assert {row.name for row in scenario.values if row.bound is not None} == best.keys()


@pytest.mark.parametrize("seed", range(40 if size_of_this_run() == "full" else 12))
def test_objectives_that_a_policy_leaves_out_are_counted_all_the_same(seed):
    drawn = random_problem(seed)
    policies = make_policies(drawn)
    for name, scenario in by_name(compare_scenarios(drawn)).items():
        if not scenario.has_plan:
            continue
        under = replace(drawn, policy=policies[name])
        plan = solve(under)
        seats = {(row.need, row.session): row.seats for row in plan.assignments}
        round_ = TinyRound(under)
        assert [row.name for row in scenario.values] == list(OBJECTIVES)
        assert values_of(scenario) == {
            objective: round_.value_of(objective, seats) for objective in OBJECTIVES
        }
        assert scenario.recipients_reached == round_.value_of("reached", seats)
        assert scenario.seats_placed == sum(seats.values())


@pytest.mark.parametrize("seed", range(5 if size_of_this_run() == "full" else 2))
def test_seats_gained_and_lost_add_up_to_the_difference_of_the_plans(seed):
    drawn = published_round(seed)
    comparison = compare_scenarios(drawn)
    published = sum(row.seats for row in drawn.previous)
    seats = {"as_set": comparison.as_set.seats_placed, "previous": published}
    matches = {"previous": len(drawn.previous)}
    for scenario in comparison.scenarios:
        assert sum(row.seats_placed for row in scenario.recipients) == scenario.seats_placed
        against = [difference.against for difference in scenario.differences]
        assert against == (["previous"] if scenario.name == "as_set" else ["as_set", "previous"])
        for difference in scenario.differences:
            gained = sum(row.seats for row in difference.gains)
            lost = sum(row.seats for row in difference.losses)
            assert scenario.seats_placed - seats[difference.against] == gained - lost
            before = difference.matches_kept + difference.matches_changed + difference.matches_lost
            assert before == matches.setdefault(difference.against, before)


def test_least_change_keeps_the_whole_published_plan_where_others_give_some_of_it_up():
    comparison = by_name(
        compare_scenarios(scarce_round(previous=[(f"N-{n}", "S-1", 2) for n in range(1, 6)]))
    )
    assert comparison["as_set"].value_of("stability") == 0
    assert comparison["least_change"].value_of("stability") == 10
    against_published = comparison["least_change"].differences[-1]
    assert against_published.against == "previous"
    assert (against_published.matches_kept, against_published.matches_lost) == (5, 0)
    assert (against_published.gains, against_published.losses) == ((), ())


# -- domination --


def test_a_scenario_that_is_no_better_in_anything_is_marked_with_those_that_are_better():
    comparison = by_name(compare_scenarios(assumed_round()))
    firm = comparison["firm_only"]
    assert (firm.seats_placed, firm.firm_seats_placed) == (10, 10)
    assert comparison["as_set"].seats_placed == 20
    assert comparison["as_set"].firm_seats_placed == 10
    assert Dominator("as_set", True) in firm.dominated_by
    # The same plan under a policy of another name is named once.
    assert "least_change" not in [row.scenario for row in firm.dominated_by]
    assert comparison["as_set"].dominated_by == ()


def test_scenarios_of_equal_values_do_not_dominate_each_other():
    comparison = compare_scenarios(problem([need()], [session()]))
    assert all(scenario.dominated_by == () for scenario in comparison.scenarios)


def test_domination_is_not_proven_where_a_policy_leaves_objectives_out():
    drawn = replace(assumed_round(), policy=Policy(objectives=("firm.coverage", "coverage")))
    firm = by_name(compare_scenarios(drawn))["firm_only"]
    assert Dominator("as_set", False) in firm.dominated_by
    assert {row.name for row in firm.values if row.proven} == {"firm.coverage", "coverage"}
    assert {row.name for row in firm.values if row.bound is None} == set(OBJECTIVES) - {
        "firm.coverage",
        "coverage",
    }


@pytest.mark.parametrize("seed", range(15))
def test_no_proven_scenario_with_every_objective_is_dominated_by_one_with_the_same_pairs(seed):
    """Who is first in any order of all objectives cannot be passed in every one of them."""
    comparison = compare_scenarios(make_problem(needs=12, sessions=12, seed=seed, unknown_share=0.05))
    for scenario in comparison.scenarios:
        if scenario.unknowns == "allow":
            assert scenario.dominated_by == (), scenario.name


# -- clashes, time and faults --


def test_pins_that_clash_are_told_as_a_solve_tells_them_and_looked_for_once():
    needs = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=6)]
    drawn = problem(needs, [session(seats=13)], pinned=[("N-1", "S-1", 8), ("N-2", "S-1", 6)])
    comparison = compare_scenarios(drawn)
    clash = solve(drawn).clash
    assert clash is not None
    for scenario in comparison.scenarios:
        assert (scenario.outcome, scenario.clash) == ("clashing_pins", clash)
        assert (scenario.values, scenario.seats_placed, scenario.dominated_by) == ((), None, ())


def test_pins_may_clash_where_unknowns_are_excluded_and_nowhere_else():
    # The pin alone does not fill the session to its 12 seats; the other need does, if its language allows.
    needs = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=6, languages=None)]
    comparison = by_name(
        compare_scenarios(problem(needs, [session(min_seats=12)], pinned=[("N-1", "S-1", 8)]))
    )
    assert comparison["firm_only"].outcome == "clashing_pins"
    assert comparison["firm_only"].clash.limits[0].code == "C1"
    assert comparison["as_set"].outcome == "optimal"
    assert comparison["as_set"].seats_placed == 14


def test_time_that_is_over_leaves_plans_that_hold_and_says_that_nothing_is_proven():
    drawn = make_problem(needs=120, sessions=120, seed=1, agreed_share=0.3)
    comparison = compare_scenarios(drawn, time_limit_seconds=0.01)
    for scenario in comparison.scenarios:
        assert scenario.outcome == "feasible"
        assert scenario.stopped_by == "time_limit"
        assert not all(row.proven for row in scenario.values)
        assert all(not row.proven for row in scenario.dominated_by)


def test_time_that_is_over_before_any_plan_is_no_comparison():
    """Pins whose seats alone are no plan leave nothing in hand when time runs out at once."""
    needs = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=6)]
    drawn = problem(needs, [session(min_seats=12)], pinned=[("N-1", "S-1", 8)])
    with pytest.raises(NoPlanFound):
        compare_scenarios(drawn, time_limit_seconds=1e-9)


def test_a_plan_that_verify_refuses_ends_the_comparison(monkeypatch):
    """The refusal is provoked by a solve that hands over a plan of another problem."""
    other = solve(problem([need()], [session(seats=4)]))
    monkeypatch.setattr("optimizer.scenarios.comparing.solve", lambda *_, **__: other)
    with pytest.raises(RefusedPlan, match="scenario as_set"):
        compare_scenarios(scarce_round())


# -- the document --


@pytest.mark.parametrize("seed", range(10))
def test_the_document_passes_its_schema_and_reads_back_as_it_was(seed):
    comparison = compare_scenarios(random_problem(seed))
    document = scenarios_to_document(comparison)
    jsonschema.Draft202012Validator(build_schema(SCENARIO_COMPARISON)).validate(document)
    assert read_scenarios(document) == comparison


def test_a_document_of_another_shape_is_refused_with_every_fault():
    document = scenarios_to_document(compare_scenarios(assumed_round()))
    document["scenarios"][0]["outcome"] = "good"
    document["scenarios"][1]["seats_placed"] = -1
    with pytest.raises(InvalidFile) as refusal:
        read_scenarios(document)
    assert [fault.split(":")[0] for fault in refusal.value.faults] == [
        "scenarios[0].outcome",
        "scenarios[1].seats_placed",
    ]
