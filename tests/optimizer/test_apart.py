"""Parts planned each by itself: what their bounds say of the whole, their time, and what is told."""

from importlib import import_module
from itertools import product
from random import Random

import pytest

from optimizer.clock import Clock, Progress
from optimizer.errors import NoPlanFound
from optimizer.plan import ObjectiveValue, Plan
from optimizer.problem import Offer, Policy, Problem
from optimizer.reducing import parts
from optimizer.reducing.parts import find_parts
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.apart import Reached, add_up, shares_of_time
from optimizer.solving.search import Search
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt
from optimizer.verifying.verify import verify
from tests.optimizer.builders import need, problem, recipient, session

Vector = tuple[int, ...]


@pytest.fixture(autouse=True)
def one_part_a_bundle(monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 0)


def parts_of(round_: Problem) -> int:
    facts = Facts(round_)
    return len(find_parts(facts, find_pairs(facts)))


# -- bounds
# -----------------------------------------------------------------------------------------------------


def test_a_bound_given_what_a_part_holds_is_none_of_the_whole_once_an_objective_is_open():
    # With 11 here and 4 there the sum is 15 as well, and the second objective could have 100.
    here = [Reached(10, 11, 11, 0), Reached(0, 0, 30, 1)]
    there = [Reached(5, 5, 6, 0), Reached(0, 0, 100, 1)]
    assert add_up([here, there]) == [(15, 16), (0, 130)]
    closed = [Reached(11, 11, 11, 0), Reached(0, 0, 30, 1)]
    assert add_up([closed, there]) == [(16, 16), (0, 0)]


def test_an_objective_that_counts_as_the_open_one_has_its_bound():
    here = [Reached(10, 11, 11, 0), Reached(0, 0, 30, 1), Reached(10, 11, 12, 0)]
    there = [Reached(5, 5, 6, 0), Reached(0, 0, 100, 1), Reached(5, 5, 7, 0)]
    assert add_up([here, there])[2] == (15, 16)


def test_a_part_that_has_not_come_to_an_objective_leaves_it_open_and_without_a_value():
    here = [Reached(10, 10, 11, 0), Reached(0, 0, 30, 1)]
    waiting = [Reached(None, 6, 6, 0), Reached(None, 100, 100, 1)]
    assert add_up([here, waiting]) == [(None, 16), (None, 130)]


@pytest.mark.parametrize("seed", range(6))
def test_no_plans_of_parts_together_refute_a_bound_of_the_whole(seed):
    rng = Random(seed)
    refutable = 0
    for _ in range(150):
        plans = [[_draw(rng) for _ in range(rng.randint(2, 8))] for _ in range(rng.randint(2, 3))]
        reached = [_search(some, rng) for some in plans]
        told = add_up(reached)
        held = [value or 0 for value, _ in told]
        for together in product(*plans):
            sums = [sum(column) for column in zip(*together, strict=True)]
            for at, (_, bound) in enumerate(told):
                if all(one >= least for one, least in zip(sums[:at], held, strict=False)):
                    assert sums[at] <= bound, (plans, reached)
                    refutable += sums[at] > sum(part[at].bound or 0 for part in reached)
    assert refutable > 0


def _draw(rng: Random) -> Vector:
    return tuple(rng.randint(0, 4) for _ in range(3))


def _search(plans: list[Vector], rng: Random) -> list[Reached]:
    """A lexicographic search of a part's plans that leaves an objective open now and then."""
    reached: list[Reached] = []
    hand = plans[0]
    for at in range(len(hand)):
        allowed = [one for one in plans if all(a >= b for a, b in zip(one[:at], hand, strict=False))]
        best = max(one[at] for one in allowed)
        if rng.random() < 0.7:
            hand = next(one for one in allowed if one[at] == best)
        reached.append(Reached(hand[at], best, max(one[at] for one in plans), at))
    return reached


def less_here_for_more_there() -> Problem:
    """One State has a course of 10 seats or one of 11, another one of 5 or a far better one of 4."""
    sessions = [session(f"S-{seats:02}", "O-1", seats=seats, only={"XAA"}) for seats in (10, 11)]
    sessions += [session(f"Z-{seats:02}", "O-2", seats=seats, only={"XAB"}) for seats in (4, 5)]
    return problem(
        [need("N-1", "XAA", seats=11), need("N-2", "XAB", seats=5)],
        sessions,
        offers=[Offer("O-1", "XPA", max_sessions=1), Offer("O-2", "XPB", max_sessions=1)],
        scores=[("N-1", "S-10", 10), ("N-1", "S-11", 9), ("N-2", "Z-05", 20), ("N-2", "Z-04", 50)],
        policy=Policy(objectives=("coverage", "quality", "firm.coverage"), quarters=(1, 1, 1, 1)),
    )


def stop_early_for_the_first_state(monkeypatch) -> None:
    """Its coverage stays at the 10 seats of one course, and open; of its quality a relaxation has erred."""
    real = Search._maximise

    def maximise(search, objective, terms):
        if "N-1" not in search.model.facts.problem.need_by_id:
            return real(search, objective, terms)
        if objective.name == "quality":
            best = real(search, objective, terms)
            search.free_bounds["quality"] = best.value - 100
            return best
        draft = search.model.make_draft({("N-1", "S-10"): 10}, {})
        assert draft is not None
        search.draft, search._stopped_by, search.free_bounds["coverage"] = draft, "time_limit", 48
        return ObjectiveValue("coverage", 40, 44)

    monkeypatch.setattr(Search, "_maximise", maximise)


def test_a_plan_of_parts_calls_nothing_proven_that_another_with_the_same_sums_refutes(monkeypatch):
    round_ = less_here_for_more_there()
    assert parts_of(round_) == 2
    pins = [("N-1", "S-11", 11), ("N-2", "Z-04", 4)]
    coverage, quality, _ = solve(problem_with(round_, pins)).objectives
    assert (coverage.value, quality.value) == (60, 99)
    stop_early_for_the_first_state(monkeypatch)
    told: list[Progress] = []
    plan = solve(round_, on_progress=told.append)
    assert verify(round_, plan).ok
    assert plan.outcome == "feasible"
    first, second, twin = plan.objectives
    assert (first.value, first.bound) == (twin.value, twin.bound) == (60, 64)
    # Every seat at its best by itself: 11 of fit 10 and 5 of fit 50.
    assert (second.value, second.bound) == (0, 360)
    assert all(step.bound is not None and step.bound >= 99 for step in told if step.objective == "quality")


def problem_with(round_: Problem, pins: list[tuple[str, str, int]]) -> Problem:
    return problem(
        round_.needs, round_.sessions, offers=round_.offers, policy=round_.policy, pinned=pins,
        scores=[(row.need, row.session, row.fit) for row in round_.scores],
    )  # fmt: skip


# -- shares of time
# -----------------------------------------------------------------------------------------------------


def used(shares: list[float]) -> list[float]:
    """What each part has of the whole time where each uses all that it may."""
    left, taken = 1.0, []
    for share in shares:
        taken.append(left * share)
        left -= left * share
    return taken


def test_many_parts_leave_the_largest_its_time():
    taken = used(shares_of_time([300] * 20 + [6_000]))
    assert sum(taken) == pytest.approx(1)
    assert taken[-1] == pytest.approx(0.5)
    taken = used(shares_of_time([1] * 50 + [6_000]))
    assert taken[-1] > 0.66
    assert taken[0] == pytest.approx(taken[49])
    assert taken[0] > 0.006


def test_a_small_part_beside_a_large_one_has_about_a_tenth_of_the_time():
    assert used(shares_of_time([6, 6_000])) == pytest.approx([0.0909, 0.9091], abs=1e-3)


def islands(*sizes: int, pins: tuple[tuple[str, str, int], ...] = ()) -> Problem:
    """States XA00, XA01, ... with so many needs each, and a course of its own that serves them alone."""
    states = [f"XA{number:02}" for number in range(len(sizes))]
    needs = [
        need(f"N-{state}-{row}", state, seats=3 + row)
        for state, size in zip(states, sizes, strict=True)
        for row in range(size)
    ]
    sessions = [session(f"S-{state}", f"O-{state}", only={state}, min_seats=6) for state in states]
    return problem(needs, sessions, recipients=[recipient(state, "XAA") for state in states], pinned=pins)


def test_each_part_is_searched_for_its_share_of_the_time(monkeypatch):
    """The clock stands still: what a part may use is what it has been given, whatever the machine."""
    monkeypatch.setattr(Clock, "seconds", lambda clock: 0.0)
    given: list[float | None] = []
    real = Search.improve_all

    def improve_all(search):
        given.append(search._clock.left())
        return real(search)

    monkeypatch.setattr(Search, "improve_all", improve_all)
    solve(islands(2, 3, 5), time_limit_seconds=100)
    assert given == pytest.approx([100 * share for share in shares_of_time([2, 3, 5])])
    assert given == pytest.approx([20, 37.5, 100])


# -- progress
# -----------------------------------------------------------------------------------------------------


def watched(round_: Problem) -> tuple[Plan, list[Progress]]:
    told: list[Progress] = []
    return solve(round_, on_progress=told.append), told


@pytest.mark.parametrize("is_last_firm", [True, False])
def test_progress_over_parts_ends_at_the_plan_and_goes_from_objective_to_objective(is_last_firm):
    unknown = {"XAA": None, "XAB": 30} if is_last_firm else {"XAA": 30, "XAB": None}
    needs = [
        need(f"N-{state}-{row}", state, seats=seats, priority=priority)
        for state, most in unknown.items()
        for row, (seats, priority) in enumerate([(most, "critical"), (15, "critical"), (9, "routine")])
    ]
    needs.append(need("N-XAB-9", "XAB", seats=4))
    sessions = [session("S-1", "O-1", only={"XAA"}), session("S-2", "O-2", only={"XAB"})]
    round_ = problem(needs, sessions)
    assert parts_of(round_) == 2
    plan, told = watched(round_)
    last = {step.objective: (step.value, step.bound) for step in told}
    assert last == {row.name: (row.value, row.bound) for row in plan.objectives}
    names = round_.policy.objectives
    came = [names.index(step.objective) for step in told]
    assert came == sorted(came)
    assert (told[0].objective, told[0].value) == (names[0], None)
    truth = {row.name: row for row in plan.objectives}
    for step in told:
        row = truth[step.objective]
        assert step.value is None or step.value <= row.value
        assert step.bound is None or row.bound is None or step.bound >= row.bound


def test_what_an_objective_came_to_after_it_was_told_is_told_in_the_end(monkeypatch):
    real = Search.improve_all

    def improve_all(search):
        first, *others = real(search)
        assert first.bound is not None
        return [ObjectiveValue(first.name, first.value, first.bound + 1), *others]

    monkeypatch.setattr(Search, "improve_all", improve_all)
    for sizes in ((2,), (2, 3)):
        plan, told = watched(islands(*sizes))
        last = {step.objective: (step.value, step.bound) for step in told}
        assert last == {row.name: (row.value, row.bound) for row in plan.objectives}


# -- pins
# -----------------------------------------------------------------------------------------------------


def test_a_clash_in_a_part_is_looked_for_once_and_in_the_time_that_is_left(monkeypatch):
    module = import_module("optimizer.solving.solve")
    real, clocks = module.find_clash, []

    def find_clash(facts, pairs, effort, clock=None):
        clocks.append(clock)
        return real(facts, pairs, effort, clock)

    monkeypatch.setattr(module, "find_clash", find_clash)
    monkeypatch.setattr(import_module("optimizer.clashes.clash"), "find_clash", find_clash)
    round_ = islands(2, 1, pins=(("N-XA01-0", "S-XA01", 3), ("N-XA00-0", "S-XA00", 3)))
    plan = solve(round_, time_limit_seconds=50)
    assert plan.clash is not None
    assert [(pin.need, pin.session) for pin in plan.clash.pins] == [("N-XA01-0", "S-XA01")]
    assert verify(round_, plan).ok
    assert len(clocks) == 1
    assert 0 < clocks[0].left() <= 50


@pytest.mark.parametrize("sizes", [(2,), (2, 2)])
def test_solvers_that_contradict_each_other_give_neither_a_plan_nor_a_clash(monkeypatch, sizes):
    round_ = islands(*sizes, pins=(("N-XA00-0", "S-XA00", 3),))
    plan = solve(round_)
    monkeypatch.setattr(
        import_module("optimizer.solving.first_plan"),
        "run",
        lambda program, effort: Attempt("infeasible", None, None),
    )
    with pytest.raises(RuntimeError, match="contradict each other") as caught:
        solve(round_)
    assert not isinstance(caught.value, NoPlanFound)
    assert solve(round_, start=plan).assignments == plan.assignments
