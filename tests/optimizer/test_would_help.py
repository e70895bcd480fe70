"""Every "would help" is confirmed, and no smaller change of the same kind helps: by trying every plan."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from optimizer.explaining.changes import WINDOW_KINDS, Change, apply_change
from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.would_help import ChangeSearch, HelpfulChange, NeedChanges
from optimizer.files.canonical import problem_sha256
from optimizer.plan import Plan
from optimizer.problem import MODES, Need, Problem
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import TinyRound
from tests.optimizer.random_problems import LANGUAGES, random_problem

# Changed rounds have more plans than the rounds they change, and each is tried out for many changes.
MOST_PLANS = 1_500
MOST_PLANS_CHANGED = 40_000
ENOUGH = 10**6


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(200 if size == "full" else 10)


def helps_by_trying_all(problem: Problem, plan: Plan, need: str) -> bool:
    """Whether some plan of the round is better in its order and gives the need more seats than `plan`."""
    round_ = TinyRound(problem)
    if round_.count_spreads() > MOST_PLANS_CHANGED:
        raise TooManyPlans
    present = {(row.need, row.session): row.seats for row in plan.assignments}
    now = sum(seats for (id_, _), seats in present.items() if id_ == need)
    values = tuple(round_.value_of(name, present) for name in problem.policy.objectives)
    for other in round_.spread_all():
        if sum(seats for (id_, _), seats in other.items() if id_ == need) <= now:
            continue
        found = tuple(round_.value_of(name, other) for name in problem.policy.objectives)
        if found > values and round_.is_allowed(other):
            return True
    return False


class TooManyPlans(Exception):
    """A changed round that cannot be tried out."""


def every_change(problem: Problem, need: Need) -> Iterator[list[Change]]:
    """For each kind all steps, from the smallest up; days one by one, wherever sessions lie."""
    for language in (*LANGUAGES, "de"):
        if need.languages not in (None, ("any",)) and language not in need.languages:
            yield [Change("language", language)]
    for mode in MODES:
        if need.modes not in (None, ("any",)) and mode not in need.modes:
            yield [Change("mode", mode)]
    days = [day for one in problem.sessions for day in (one.start, one.end, one.not_before, one.not_after)]
    known = [day for day in days if day is not None]
    for kind, stated in zip(WINDOW_KINDS, (need.earliest, need.latest), strict=True):
        if stated is not None and known:
            widest = (stated - min(known)).days if kind == "earlier" else (max(known) - stated).days
            yield [Change(kind, amount=count) for count in range(1, widest + 1)]
    yield [Change("min_group", amount=size) for size in range(need.min_group - 1, 0, -1)]
    if need.max_groups is not None:
        yield [Change("max_groups", amount=need.max_groups + more) for more in range(1, 5)]
    if need.whole:
        yield [Change("not_whole")]


def key_of(change: Change) -> tuple[str, str | None, tuple[str, ...] | None]:
    """What names a ladder: its kind, and its language or mode or what the support is."""
    word = change.word.casefold() if change.kind == "language" and change.word else change.word
    return change.kind, word, change.languages


def check_need_changes(problem: Problem, plan: Plan, need: Need, found: dict[object, HelpfulChange]) -> int:
    """The first step of each kind that helps by trying all is the one that was told."""
    checked = 0
    for steps in every_change(problem, need):
        if not steps:
            continue
        told = found.get(key_of(steps[0]))
        helpful = helps_at_last(problem, plan, need, steps)
        assert (told is not None) == helpful, (need.id, steps[-1], told)
        if told is not None:
            checked += 1
            assert told.is_least
            position = next(i for i, step in enumerate(steps) if step.amount == told.change.amount)
            if position > 0:
                below = apply_change(problem, need.id, steps[position - 1])
                assert not helps_by_trying_all(below, plan, need.id), (need.id, told)
    return checked


def helps_at_last(problem: Problem, plan: Plan, need: Need, steps: list[Change]) -> bool:
    return helps_by_trying_all(apply_change(problem, need.id, steps[-1]), plan, need.id)


def check_new_supports(problem: Problem, plan: Plan, need: Need, found: dict[object, HelpfulChange]) -> int:
    kinds = {row.kind for one in problem.sessions for row in one.requires or ()}
    told = [one for one in found.values() if one.change.kind == "support"]
    assert {one.change.word for one in told if one.change.languages is None} <= kinds
    for kind in sorted(kinds):
        enough = apply_change(problem, need.id, Change("support", kind, amount=ENOUGH))
        is_told = any(one.change.word == kind and one.change.languages is None for one in told)
        assert is_told == helps_by_trying_all(enough, plan, need.id), (need.id, kind)
    for one in told:
        assert one.is_least
        assert one.change.amount is not None
        assert one.change.amount > 0
        if one.change.amount > 1:
            less = replace(one.change, amount=one.change.amount - 1)
            assert not helps_by_trying_all(apply_change(problem, need.id, less), plan, need.id), (need, one)
    return len(told)


def check_witness(problem: Problem, search: ChangeSearch, need: str, one: HelpfulChange) -> None:
    """The witness is a plan of the changed round, and its optimum is at least as good."""
    changed = apply_change(problem, need, one.change)
    witness = search.find_witness(need, one.change)
    assert witness is not None
    assert verify(changed, witness, problem_sha256(changed)).violations == ()
    best = solve(changed)
    assert [row.value for row in best.objectives] >= [row.value for row in witness.objectives]
    now = {(row.need, row.session): row.seats for row in search.around.plan.assignments}
    after = {(row.need, row.session): row.seats for row in witness.assignments}
    gained = sum(s for key, s in after.items() if key[0] == need) - sum(
        s for key, s in now.items() if key[0] == need
    )
    assert gained == one.effects.seats_gained > 0


def test_each_change_that_would_help_is_confirmed_and_none_smaller_helps(seeds):
    told, skipped = 0, 0
    for seed in seeds:
        problem = random_problem(seed, MOST_PLANS)
        plan = solve(problem)
        if plan.outcome != "optimal":
            continue
        search = ChangeSearch(RoundWithPlan(problem, plan), seconds_a_try=60)
        for row in plan.unmet:
            changes: NeedChanges = search.find_changes(row.need)
            assert (changes.proof, changes.gains_unchanged, changes.not_settled) == ("whole", False, ())
            found: dict[object, HelpfulChange] = {key_of(one.change): one for one in changes.helps}
            assert len(found) == len(changes.helps), f"seed {seed}"
            need = problem.need_by_id[row.need]
            try:
                told += check_need_changes(problem, plan, need, found)
                told += check_new_supports(problem, plan, need, found)
            except TooManyPlans:
                skipped += 1
            except AssertionError as error:
                raise AssertionError(f"seed {seed}") from error
            for one in changes.helps:
                check_witness(problem, search, row.need, one)
    assert told > len(seeds) // 2
    assert skipped < told


def test_near_a_need_no_more_is_claimed_than_the_whole_round_allows(seeds):
    """With little of the round free, what helps is shown by its witness, and helps in the whole round too."""
    told = 0
    for seed in seeds:
        problem = random_problem(seed, MOST_PLANS)
        plan = solve(problem)
        if plan.outcome != "optimal":
            continue
        whole = ChangeSearch(RoundWithPlan(problem, plan), seconds_a_try=60)
        near = ChangeSearch(RoundWithPlan(problem, plan, most_pairs_whole=0, most_pairs_near=2))
        for row in plan.unmet:
            by_kind = {key_of(one.change): one for one in whole.find_changes(row.need).helps}
            changes = near.find_changes(row.need)
            assert changes.proof == "near"
            for one in changes.helps:
                told += 1
                check_witness(problem, near, row.need, one)
                least = by_kind[key_of(one.change)].change.amount
                amount = one.change.amount
                if amount is None or least is None:
                    assert amount == least, f"seed {seed}"
                elif one.change.kind == "min_group":
                    assert amount <= least, f"seed {seed}"
                else:
                    assert amount >= least, f"seed {seed}"
    assert told > len(seeds) // 3
