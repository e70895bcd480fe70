"""The generator of the benches: the same seed is the same round, and each shape is what it says it is."""

import subprocess
import sys
from random import Random
from statistics import mean, median

import pytest

from optimizer.explaining.check import check
from optimizer.files.canonical import problem_sha256
from optimizer.problem import Problem
from optimizer.rules.compatibility import judge_pair
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem, topics_of
from tests.bench.hand_plan import HandPlan, NeedsByTopic
from tests.bench.shapes import SHAPES
from tests.optimizer.builders import full_plan

# The rounds of shape `mixed` whose results stand in docs/benchmarks.md.
MEASURED_ROUNDS = {
    (60, 80, 1): "2b13440d99b56d46dd0f95400b51f4602284679f58d9731968cde5da6a54d101",
    (60, 80, 2): "3fe9e9e76ddfd8446d6ac638c4d0369de3d4b6217873c3ec4477b3564926cd2c",
    (500, 500, 1): "5aa0b44e361f62169cd92aa860536c9bd05880b347c0496a5c42e1e0fc36ab0f",
    (500, 500, 2): "8adf523c1921084e90fc60a97f174fb20891ec09ff5262a0609bda74827172e5",
    (1_000, 1_000, 1): "15030db0009d3a611e066348c08b9a0134ffdf910f758e5e5b75e013911f72f0",
    (5_000, 5_000, 1): "96cb36e8609d4915ecd312f87a67f6f379f49b5511670268cbe505ee3abbbb4e",
}


def seats_asked(problem: Problem) -> int:
    return sum(need.seats or 0 for need in problem.needs)


def seats_that_may_run(problem: Problem) -> float:
    """Seats of as many sessions of mean size as each offer may run."""
    seats: dict[str, list[int]] = {}
    for session in problem.sessions:
        seats.setdefault(session.offer, []).append(session.seats or 0)
    return sum(
        mean(seats[offer.id]) * min(offer.max_sessions or len(seats[offer.id]), len(seats[offer.id]))
        for offer in problem.offers
    )


def funds_covered(problem: Problem) -> float:
    """The funds there are, as a part of what all candidate sessions would cost when full."""
    costs = sum(
        row.quantity + row.per_seat * (session.seats or 0)
        for session in problem.sessions
        for row in session.requires or ()
        if row.kind == "funds"
    )
    return sum(row.quantity or 0 for row in problem.supports if row.kind == "funds") / costs


@pytest.mark.parametrize("args", MEASURED_ROUNDS)
def test_the_rounds_that_were_measured_stay_the_same(args):
    assert problem_sha256(make_problem(*args)) == MEASURED_ROUNDS[args]


def test_the_same_seed_is_the_same_round_in_every_process():
    program = (
        "from optimizer.files.canonical import problem_sha256\n"
        "from tests.bench.generator import make_problem\n"
        "from tests.bench.shapes import SHAPES\n"
        "for shape in SHAPES: print(problem_sha256(make_problem(150, 150, 4, shape=shape)))"
    )
    expected = [problem_sha256(make_problem(150, 150, 4, shape=shape)) for shape in SHAPES]
    for environment in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}):
        found = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
        )
        assert found.stdout.split() == expected


def test_seeds_and_shapes_give_different_rounds():
    hashes = {problem_sha256(make_problem(60, 80, seed, shape=shape)) for seed in (1, 2) for shape in SHAPES}
    assert len(hashes) == 2 * len(SHAPES)


def test_where_seats_are_scarce_four_are_asked_for_each_that_may_run():
    mixed, scarce = make_problem(500, 500, 1), make_problem(500, 500, 1, shape="scarce_seats")
    assert seats_asked(scarce) > 3.5 * seats_that_may_run(scarce)
    assert seats_asked(mixed) < 2 * seats_that_may_run(mixed)


def test_where_funds_are_scarce_they_cover_a_fraction_of_the_sessions():
    assert funds_covered(make_problem(500, 500, 1, shape="scarce_funds")) < 0.2
    assert funds_covered(make_problem(500, 500, 1)) > 0.8


def test_small_groups_fill_no_session_alone():
    problem = make_problem(500, 500, 1, shape="small_groups")
    assert median(need.seats or 0 for need in problem.needs) <= 4
    assert max(need.seats or 0 for need in problem.needs) < min(row.min_seats for row in problem.sessions)


def test_near_a_previous_plan_most_of_it_still_stands_with_some_pins_and_declines():
    problem = make_problem(500, 500, 1, shape="near_previous")
    pairs = {(pair.need, pair.session) for pair in find_pairs(problem)}
    previous = [(row.need, row.session) for row in problem.previous]
    assert len(previous) > 2 * len(make_problem(500, 500, 1).previous)
    assert 0.85 < sum(pair in pairs for pair in previous) / len(previous) < 1
    assert 0.2 < len(problem.pinned) / len(previous) < 0.4
    assert {(row.need, row.session) for row in problem.forbidden} <= set(previous)
    assert not {(row.need, row.session) for row in problem.forbidden} & {
        (row.need, row.session) for row in problem.pinned
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_the_pins_of_a_round_can_hold_together(shape):
    for seed in range(3):
        assert check(make_problem(80, 100, seed, shape=shape)).clash is None, f"seed {seed}"


@pytest.mark.parametrize("is_full", [False, True])
def test_a_plan_by_hand_obeys_every_rule(is_full):
    for seed in range(3):
        problem = make_problem(200, 200, seed, agreed_share=0)
        plan = HandPlan(problem, is_full)
        groups = plan.fill(Random(seed).sample(problem.sessions, len(problem.sessions)))
        assert len(groups) > 10
        seats = {(need_id, session_id): seats for need_id, session_id, seats in groups}
        assert verify(problem, full_plan(problem, seats, plan.supports)).violations == (), f"seed {seed}"
        assert any(plan.supports.values()) == is_full


def test_the_index_of_needs_leaves_out_no_firm_pair_that_needs_no_bridge():
    problem = make_problem(250, 250, 2, unknown_share=0.05, agreed_share=0)
    expected = {(pair.need, pair.session) for pair in find_pairs(problem) if pair.firm and not pair.bridges}
    facts = Facts(problem)
    index = NeedsByTopic(facts)
    found = {
        (problem.needs[number].id, session.id)
        for session in problem.sessions
        for number in index.of_session(session)
        if judge_pair(facts, problem.needs[number], session).is_firm
    }
    assert found == expected
    assert len(found) > 100


def test_larger_rounds_are_about_more_topics():
    counts = [len(topics_of(needs)) for needs in (60, 500, 2_000, 5_000, 10_000, 50_000)]
    assert counts == [4, 14, 24, 40, 80, 400]
    assert len(set(topics_of(50_000))) == 400
