"""Same problem, same plan: neither the order of rows and keys nor what is left at its default matters."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from optimizer.files.canonical import problem_sha256, problem_to_document
from optimizer.files.problem_files import read_problem
from optimizer.plan import Plan
from optimizer.problem import Policy, Problem
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.optimizer.random_problems import random_problem

# Lists whose order says something: preferences, and regions from wide to narrow.
ORDERED = {("needs", "languages"), ("needs", "modes"), ("places", "regions")}


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(1000, 1100 if size == "full" else 1010)


def shuffled_keys(record: dict[str, Any], rng: Random) -> dict[str, Any]:
    return dict(rng.sample(list(record.items()), len(record)))


def shuffled(document: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return a document that says the same with its rows, keys and sets in another order."""
    told: dict[str, Any] = {}
    for name, rows in shuffled_keys(document, rng).items():
        if not isinstance(rows, list):
            told[name] = rows
            continue
        told[name] = []
        for row in rng.sample(rows, len(rows)):
            fields = shuffled_keys(row, rng)
            for key, value in fields.items():
                if isinstance(value, list) and (name, key) not in ORDERED:
                    fields[key] = rng.sample(value, len(value))
            told[name].append(fields)
    told["policy"] = shuffled_keys(told["policy"], rng)
    return told


def without_nulls(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: without_nulls(value) for key, value in document.items() if value is not None}
    return [without_nulls(value) for value in document] if isinstance(document, list) else document


def answer_of(problem: Problem) -> Plan:
    """Return the plan but for its solver object, which may differ between two runs."""
    return replace(solve(problem), solver=None)


def test_a_problem_written_and_read_again_is_the_same_problem(seeds):
    for seed in seeds:
        problem = random_problem(seed)
        assert read_problem(problem_to_document(problem)) == problem, f"seed {seed}"


def test_rows_keys_and_sets_in_another_order_are_the_same_problem_with_the_same_hash(seeds):
    for seed in seeds:
        problem = random_problem(seed)
        other = read_problem(shuffled(problem_to_document(problem), Random(seed)))
        assert other == problem, f"seed {seed}"
        assert problem_sha256(other) == problem_sha256(problem), f"seed {seed}"


def test_leaving_out_what_is_null_changes_no_hash(seeds):
    for seed in seeds:
        problem = random_problem(seed)
        other = read_problem(without_nulls(problem_to_document(problem)))
        assert problem_sha256(other) == problem_sha256(problem), f"seed {seed}"


def test_preferences_in_another_order_are_another_problem():
    problem = make_problem(4, 4, seed=1)
    needs = tuple(replace(need, modes=(need.modes or ())[::-1]) for need in problem.needs)
    other = replace(problem, needs=needs)
    assert problem_sha256(other) != problem_sha256(problem)
    assert problem_sha256(replace(problem, policy=Policy(reached_seats=19))) != problem_sha256(problem)


def test_shuffled_rows_give_the_same_plan_for_tiny_problems(seeds):
    for seed in seeds:
        problem = random_problem(seed)
        other = read_problem(shuffled(problem_to_document(problem), Random(seed)))
        assert answer_of(other) == answer_of(problem), f"seed {seed}"


def test_shuffled_rows_give_the_same_plan_for_a_round_of_twenty_needs():
    problem = make_problem(20, 24, seed=7)
    plan = answer_of(problem)
    assert plan.outcome == "optimal"
    for shuffle in range(2):
        other = read_problem(shuffled(problem_to_document(problem), Random(shuffle)))
        assert answer_of(other) == plan
