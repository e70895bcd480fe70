"""Threads that work on parts of a round together: what comes out obeys every row and is never worse."""

import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from time import sleep

import pytest

from optimizer.clock import Clock
from optimizer.model.drafts import draft_of_pins
from optimizer.model.vectors import EMPTY_DRAFT
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving import around, polishing, scout, solvers
from optimizer.solving import search as solving_search
from optimizer.solving.around import AroundSearch
from optimizer.solving.crew import Crew, Step, beside
from optimizer.solving.diving import Diver
from optimizer.solving.neighbours import Neighbours
from optimizer.solving.prepared import Improvement, PlanInHand, PreparedRound
from optimizer.solving.scout import Scout
from optimizer.solving.solve import solve
from optimizer.solving.solvers import Attempt
from optimizer.verifying.verify import verify
from tests.bench.generator import make_problem
from tests.optimizer.random_problems import random_round


@pytest.fixture(scope="session")
def rounds(size) -> list[PreparedRound]:
    shapes = ("mixed", "scarce_funds", "small_groups", "near_previous")
    return [
        _prepare(make_problem(50, 60, seed, shape=shape))
        for seed in range(1, 9 if size == "full" else 2)
        for shape in shapes
    ]


def _prepare(problem) -> PreparedRound:
    facts = Facts(problem)
    return PreparedRound(facts, find_pairs(facts))


def _begin(prepared: PreparedRound) -> PlanInHand:
    draft = draft_of_pins(prepared.model) if prepared.facts.problem.pinned else EMPTY_DRAFT
    assert draft is not None
    return prepared.plan_of(draft)


def _dive(member: PreparedRound, plan: PlanInHand, piece: Sequence[str]) -> Improvement:
    found = Diver(member).find_near(plan, piece, Clock(20))
    return Improvement(plan if found is None else found, is_proven=False)


class _Pieces:
    """Every session once, in pieces that are far smaller than the round."""

    def __init__(self, prepared: PreparedRound, most_pairs: int) -> None:
        self._neighbours = Neighbours(prepared.model.model.pairs)
        self._most_pairs = most_pairs
        self.waiting = dict.fromkeys(sorted(self._neighbours.needs_of_session))

    def choose(self, busy: frozenset[str]) -> list[str] | None:
        first = next((session for session in self.waiting if session not in busy), None)
        if first is None:
            return None
        piece = [row for row in self._neighbours.near([first], self._most_pairs) if row not in busy]
        for session in piece:
            self.waiting.pop(session, None)
        return piece


@pytest.mark.parametrize("members", [1, 2, 3])
def test_what_a_crew_finds_obeys_every_row_and_is_never_worse(rounds, members):
    joined = 0
    for prepared in rounds:
        plan, steps = _begin(prepared), list[Step]()
        found = Crew(prepared, members).work(plan, _Pieces(prepared, 15).choose, _dive, steps.append)
        assert prepared.obeys(found.vector)
        draft = prepared.draft_of(found)
        assert draft is not None
        assert prepared.model.find_violation(draft) is None
        assert prepared.plan_of(draft).values == found.values
        values = [plan.values, *(step.plan.values for step in steps)]
        assert all(before <= after for before, after in pairwise(values))
        assert values[-1] == found.values > plan.values
        joined += sum(step.is_better for step in steps)
    assert joined > 2 * len(rounds)


def test_a_crew_never_works_on_a_session_twice_at_a_time(rounds):
    prepared, at_work, lock = rounds[0], set[str](), threading.Lock()
    most_at_once = 0

    def solve_piece(member: PreparedRound, plan: PlanInHand, piece: Sequence[str]) -> Improvement:
        nonlocal most_at_once
        with lock:
            assert at_work.isdisjoint(piece)
            at_work.update(piece)
            most_at_once = max(most_at_once, len(at_work))
        try:
            return _dive(member, plan, piece)
        finally:
            with lock:
                at_work.difference_update(piece)

    pieces = _Pieces(prepared, 20)
    Crew(prepared, 2).work(_begin(prepared), pieces.choose, solve_piece, lambda step: None)
    assert not pieces.waiting


def test_changes_of_the_same_group_are_not_joined(rounds):
    prepared = rounds[0]
    begun = _begin(prepared)
    found = _dive(prepared, begun, list(prepared.model.model.running)).plan
    assert found.values > begun.values
    assert prepared.join(begun, begun, found) is found
    assert prepared.join(found, begun, found) is None


def test_changes_that_break_a_row_together_are_not_joined(rounds):
    """Two plans that each obey every row may together ask too much of what is short."""
    refused = taken = 0
    for prepared in rounds:
        begun, pieces = _begin(prepared), _Pieces(prepared, 12)
        one = next(iter([pieces.choose(frozenset())]))
        while (other := pieces.choose(frozenset(one or ()))) is not None:
            first, second = _dive(prepared, begun, one or []).plan, _dive(prepared, begun, other).plan
            joined = prepared.join(first, begun, second)
            refused += joined is None
            if joined is not None:
                taken += 1
                assert prepared.obeys(joined.vector)
    assert refused
    assert taken


def test_an_error_of_who_is_told_ends_the_work_of_all(rounds):
    class Enough(Exception):
        pass

    def tell(step: Step) -> None:
        raise Enough

    with pytest.raises(Enough):
        Crew(rounds[0], 2).work(_begin(rounds[0]), _Pieces(rounds[0], 20).choose, _dive, tell)


def test_an_error_in_a_thread_reaches_who_asked(rounds):
    def fail(member: PreparedRound, plan: PlanInHand, piece: Sequence[str]) -> Improvement:
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        Crew(rounds[0], 2).work(_begin(rounds[0]), _Pieces(rounds[0], 20).choose, fail, lambda step: None)
    with beside(lambda stop: fail(rounds[0], _begin(rounds[0]), [])) as found:
        pass
    with pytest.raises(MemoryError, match="no room"):
        found.result()


def test_what_is_done_beside_ends_with_the_block():
    def wait(stop: threading.Event) -> str:
        assert stop.wait(60)
        return "told"

    with beside(wait) as found:
        assert not found.done()
    assert found.result() == "told"


def test_small_steps_of_two_threads_end_where_no_step_helps(size, monkeypatch):
    monkeypatch.setattr(around, "PAIRS_OF_A_STEP", 6)
    better = 0
    for seed in range(60 if size == "full" else 12):
        prepared = _prepare(random_round(seed, 12, 12))
        draft = draft_of_pins(prepared.model) if prepared.facts.problem.pinned else EMPTY_DRAFT
        if draft is None:
            continue
        search, crew = AroundSearch(prepared), Crew(prepared, 2)
        found = search.improve(draft, crew, lambda: False, lambda values: None)
        assert prepared.model.find_violation(found) is None, f"seed {seed}"
        values = prepared.plan_of(found).values
        again = search.improve(found, Crew(prepared, 1), lambda: False, lambda values: None)
        assert prepared.plan_of(again).values == values >= prepared.plan_of(draft).values, f"seed {seed}"
        better += found is not draft
    assert better > 6


def test_two_threads_give_a_verified_plan_of_a_round_too_large_to_close():
    problem = make_problem(460, 460, 1)
    assert len(find_pairs(Facts(problem))) > 3_000
    plan = solve(problem, time_limit_seconds=6, threads=2)
    verification = verify(problem, plan)
    assert verification.ok, verification.violations
    assert plan.solver is not None
    assert plan.solver.threads == 2
    assert all(row.bound is None or row.value <= row.bound for row in plan.objectives)
    refused = verify(problem, replace(plan, assignments=plan.assignments[1:]))
    assert not refused.ok


@pytest.fixture
def starved(monkeypatch) -> list[tuple[int, ...]]:
    """Rounds that count as large, whose first solve ends without a plan while steps are taken beside the
    second alone; gives the values of each plan that a step left in hand.
    """
    for module in (solving_search, scout, polishing):
        monkeypatch.setattr(module, "MIN_PAIRS", 0)
    monkeypatch.setattr(Scout, "begin", lambda self, draft: (draft, {}))
    monkeypatch.setattr(Scout, "polish", lambda self, polisher, draft, names: draft)
    monkeypatch.setattr(Scout, "search_around", lambda self, draft, tell: draft)
    monkeypatch.setattr(solving_search, "add_greedily", lambda model, draft: draft)
    asked, in_hand = [0], list[tuple[int, ...]]()
    run, stepping, better = solvers.run, Scout.stepping, Scout.better

    def run_from_the_second(program, effort, **more):
        asked[0] += 1
        return Attempt("time_limit", None, None) if asked[0] == 1 else run(program, effort, **more)

    @contextmanager
    def step_beside_the_second(self, draft):
        if asked[0] != 1:
            yield None
            return
        with stepping(self, draft) as found:
            sleep(0.3)
            yield found

    def better_and_told(self, one, other):
        found = better(self, one, other)
        in_hand.append(self._prepared.plan_of(found).values)
        return found

    monkeypatch.setattr(solving_search, "run", run_from_the_second)
    monkeypatch.setattr(Scout, "stepping", step_beside_the_second)
    monkeypatch.setattr(Scout, "better", better_and_told)
    return in_hand


@pytest.mark.parametrize("seed", [3, 7, 9, 15, 20, 21])
def test_what_a_step_gained_in_an_earlier_objective_is_not_given_away(starved, seed):
    problem = random_round(seed, 14, 14)
    plan = solve(problem, time_limit_seconds=20, threads=2)
    assert verify(problem, plan).ok
    values = tuple(row.value for row in plan.objectives)
    assert starved
    assert all(values >= gained for gained in starved), (values, starved)
    assert plan.solver is not None
    assert (plan.outcome == "optimal") == (plan.solver.stopped_by is None)


def test_a_step_that_is_told_to_stop_asks_about_no_further_objective(rounds, monkeypatch):
    stop = threading.Event()
    stop.set()
    member, asked = rounds[0].beside(stop), []
    maximise = member.solver.maximise

    def count(*arguments, **more):
        asked.append(1)
        return maximise(*arguments, **more)

    monkeypatch.setattr(member.solver, "maximise", count)
    begun = _begin(member)
    found = member.improve(begun, list(member.model.model.running))
    # The plan to begin from is asked for, and stopped itself; none of the eight objectives is.
    assert len(asked) == 1
    assert not found.is_proven
    assert found.plan.values >= begun.values
    assert member.obeys(found.plan.vector)
