"""No single word of a proven plan can be changed without verify noticing, and no change makes it stumble."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from optimizer.files.canonical import problem_sha256
from optimizer.plan import UNMET_REASONS, Clash, ClashLimit, Plan, UnmetNeed
from optimizer.problem import Problem
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import TinyRound
from tests.optimizer.random_problems import random_problem

# What is no statement about the plan.
NOT_JUDGED = ("solver",)
# What only a search over all plans can judge: that no pin of a clash can be spared, and no limit.
NEEDS_A_SOLVER = ("clash.pins", "clash.limits", "clash.limits.required", "clash.limits.available")


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(30_000, 30_200 if size == "full" else 30_040)


def changed_values(value: Any) -> Iterator[Any]:
    """Yield other values of the kind: a neighbour, nonsense, one row less and one row twice."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -5, 10**12)
    elif isinstance(value, str):
        yield from (value + "x", "")
    elif value is None:
        yield "en"
    elif isinstance(value, tuple) and value:
        yield from (value[1:], (*value, value[-1]))
    elif isinstance(value, Mapping):
        yield {**value, "women": value.get("women", 0) + 1}
        for key in value:
            yield {other: count for other, count in value.items() if other != key}


def changed_records(record: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, the record with this one field changed) for every field at every depth."""
    for name in (field.name for field in fields(record)):
        here = f"{path}.{name}".lstrip(".")
        if here in NOT_JUDGED:
            continue
        value = getattr(record, name)
        for other in changed_values(value):
            yield here, replace(record, **{name: other})
        if is_dataclass(value):
            for deeper, changed in changed_records(value, here):
                yield deeper, replace(record, **{name: changed})
        if isinstance(value, tuple):
            for position, row in enumerate(value):
                if is_dataclass(row):
                    for deeper, changed in changed_records(row, here):
                        rows = (*value[:position], changed, *value[position + 1 :])
                        yield deeper, replace(record, **{name: rows})


def test_every_change_of_one_field_of_an_optimal_plan_is_refused(seeds):
    paths = set()
    for seed in seeds:
        problem = random_problem(seed)
        plan = solve(problem)
        if plan.outcome != "optimal":
            continue
        sha256 = problem_sha256(problem)
        assert verify(problem, plan, sha256).ok
        for path, other in changed_records(plan):
            assert not verify(problem, other, sha256).ok, f"seed {seed}: {path}"
            paths.add(path)
    assert {
        "outcome",
        "assignments.seats",
        "assignments.bridged_by",
        "sessions.supports.quantity",
        "questions.seats",
        "unmet.reason",
        "unmet.blocked_counts",
        "unmet.nearest",
        "unmet.nearest.rules",
        "objectives.bound",
    } <= paths


def test_every_other_reason_of_an_unmet_need_is_refused(seeds):
    reasons = set()
    for seed in seeds:
        problem = random_problem(seed)
        plan = solve(problem)
        for position, row in enumerate(plan.unmet):
            reasons.add(row.reason)
            for reason in set(UNMET_REASONS) - {row.reason}:
                unmet = (*plan.unmet[:position], replace(row, reason=reason), *plan.unmet[position + 1 :])
                assert not verify(problem, replace(plan, unmet=unmet)).ok, f"seed {seed}: {reason}"
    assert reasons == set(UNMET_REASONS)


def clashing_plans(seeds: range) -> Iterator[tuple[int, Problem, Plan, Clash]]:
    """Yield the seed, the problem, the plan and the clash of every problem whose pins clash."""
    # One problem in seven has pins that clash.
    for seed in range(seeds.start, seeds.start + 4 * len(seeds)):
        problem = random_problem(seed)
        plan = solve(problem) if problem.pinned else None
        if plan is not None and plan.clash is not None:
            yield seed, problem, plan, plan.clash


def test_every_change_of_one_field_of_a_clash_that_needs_no_solver_is_refused(seeds):
    paths = set()
    for seed, problem, plan, _ in clashing_plans(seeds):
        sha256 = problem_sha256(problem)
        assert verify(problem, plan, sha256).ok
        for path, other in changed_records(plan):
            if path not in NEEDS_A_SOLVER:
                assert not verify(problem, other, sha256).ok, f"seed {seed}: {path}"
            paths.add(path)
    assert {"outcome", "clash.pins.seats", "clash.limits.code", "clash.limits.pairs"} <= paths


def test_a_clash_without_limits_or_with_unmet_needs_is_refused(seeds):
    for seed, problem, plan, clash in clashing_plans(seeds):
        bare = replace(plan, clash=Clash(clash.pins))
        assert not verify(problem, bare).ok, f"seed {seed}"
        more = replace(plan, unmet=(UnmetNeed(problem.needs[0].id, 1, "contention"),))
        assert not verify(problem, more).ok, f"seed {seed}"


def test_pins_that_hold_alone_are_no_clash_whatever_limit_is_named(seeds):
    tried = 0
    for seed in seeds:
        problem = random_problem(seed)
        for pin in problem.pinned:
            alone = TinyRound(replace(problem, pinned=(pin,)))
            pair = (pin.need, pin.session)
            spreads = alone.spread(problem.need_by_id[pin.need])
            if {pair: pin.seats} not in spreads or not alone.is_allowed({pair: pin.seats}):
                continue
            tried += 1
            pairs = tuple((row.need, row.session) for row in problem.pinned if row.session == pin.session)
            clash = Clash((pin,), (ClashLimit("C1", pin.session, pairs),))
            false = Plan(problem_sha256(problem), "clashing_pins", clash=clash)
            assert "outcome" in {row.code for row in verify(problem, false).violations}, f"seed {seed}"
    assert tried > 0
