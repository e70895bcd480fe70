"""Repair in a running process: nobody agreed is moved, and what is called proven equals a whole solve."""

from dataclasses import replace

import pytest

from optimizer.errors import NoPlanFound
from optimizer.files.canonical import problem_sha256
from optimizer.solving.repair import MOST_COLUMNS_AT_ONCE, Repair, RepairDesk
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_round


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(150 if size == "full" else 8)


def check_verified(desk: RepairDesk, repair: Repair, name: str) -> None:
    plan = desk.write(repair)
    assert desk.verify(plan) == verify(desk.problem_now, plan), name
    assert verify(desk.problem_now, plan, problem_sha256(desk.problem_now)).violations == (), name
    assert tuple(row.value for row in plan.objectives) == desk.plan.values, name


@pytest.mark.parametrize("most_columns", [MOST_COLUMNS_AT_ONCE, 0], ids=["at once", "near first"])
def test_a_proven_repair_is_as_good_as_a_whole_solve_with_the_same_pins(most_columns, seeds):
    tried = equal_at_once = refused = 0
    for seed in seeds:
        round_ = random_round(seed, 10, 10)
        published = solve(round_)
        if published.outcome != "optimal":
            continue
        for row in published.assignments[:3]:
            desk = RepairDesk(round_, published)
            first = desk.decline(row.need, row.session, most_columns=most_columns)
            name = f"seed {seed}, {row.need} declines {row.session}"
            if first is None:
                desk.declined.append((row.need, row.session))
                assert solve(desk.problem_now).outcome == "clashing_pins", name
                refused += 1
                continue
            tried += 1
            check_verified(desk, first, name)
            whole = solve(desk.problem_now)
            values = tuple(objective.value for objective in whole.objectives)
            assert first.values <= values, name
            if most_columns:
                assert (first.is_proven, first.free_sessions, first.values) == (True, None, values), name
            equal_at_once += first.values == values
            proven = desk.prove(seconds_each=60)
            assert proven.is_proven, name
            assert proven.values == values, name
            check_verified(desk, proven, name)
            assert desk.write(proven).outcome == "optimal", name
    assert tried > refused > 0
    assert equal_at_once > 0.9 * tried


def test_no_agreed_match_loses_a_seat_over_a_chain_of_declines(seeds):
    chains = 0
    for seed in seeds:
        round_ = random_round(seed, 10, 10)
        published = solve(round_)
        if published.outcome != "optimal":
            continue
        desk = RepairDesk(round_, published)
        agreed = {(row.need, row.session): row.seats for row in published.assignments}
        for row in published.assignments[::2]:
            if desk.decline(row.need, row.session) is not None:
                del agreed[row.need, row.session]
                chains += 1
            assert all(desk.draft.seats.get(key, 0) >= seats for key, seats in agreed.items()), f"seed {seed}"
            assert all(pair not in desk.draft.seats for pair in desk.declined), f"seed {seed}"
        check_verified(desk, desk.prove(), f"seed {seed}")
    assert chains > len(seeds)


def test_a_check_that_is_kept_says_what_a_fresh_one_says_after_declines_that_are_undone(seeds):
    compared = 0
    for seed in seeds:
        round_ = random_round(seed, 8, 8)
        published = solve(round_)
        if published.outcome != "optimal":
            continue
        desk = RepairDesk(round_, published)
        mark = desk.mark()
        for row in (*published.assignments[:3], *published.assignments[:1]):
            repair = desk.decline(row.need, row.session)
            if repair is not None:
                check_verified(desk, repair, f"seed {seed}")
                fewer = replace(desk.write(repair), unmet=())
                assert desk.verify(fewer) == verify(desk.problem_now, fewer), f"seed {seed}"
                compared += 1
            desk.return_to(mark)
    assert compared > len(seeds)


def two_groups(min_seats: int):
    needs = [need("N-1", "XAA", seats=8), need("N-2", "XAB", seats=6)]
    return problem(needs, [session(seats=20, min_seats=min_seats)])


def test_a_session_that_can_run_without_the_group_keeps_the_other():
    desk = RepairDesk(two_groups(8), solve(two_groups(8)))
    repair = desk.decline("N-2", "S-1")
    assert repair is not None
    assert repair.draft.seats == {("N-1", "S-1"): 8}


def test_a_session_left_with_too_few_is_a_coordinators_choice_and_the_desk_stays_as_it_was():
    desk = RepairDesk(two_groups(9), solve(two_groups(9)))
    assert desk.decline("N-2", "S-1") is None
    assert desk.draft.seats == {("N-1", "S-1"): 8, ("N-2", "S-1"): 6}
    assert desk.declined == []
    assert desk.prove().is_proven


def test_freed_seats_go_to_whoever_was_short_and_may_let_an_agreed_group_grow():
    needs = [need("N-1", "XAA", seats=9), need("N-2", "XAB", seats=9)]
    round_ = problem(needs, [session(seats=10)])
    published = solve(round_)
    desk = RepairDesk(round_, published)
    leaver = max(published.assignments, key=lambda row: row.seats)
    repair = desk.decline(leaver.need, leaver.session)
    assert repair is not None
    other = "N-2" if leaver.need == "N-1" else "N-1"
    assert repair.draft.seats == {(other, "S-1"): 9}


def test_the_reserve_says_who_would_be_next_and_changes_nothing():
    needs = [need("N-1", "XAA", seats=9, priority="critical"), need("N-2", "XAB", seats=4)]
    round_ = problem([*needs, need("N-3", "XAC", seats=7)], [session(seats=11)])
    desk = RepairDesk(round_, solve(round_))
    before = dict(desk.draft.seats)
    reserves = {key: desk.reserve(*key) for key in before}
    for key, gains in reserves.items():
        assert gains, key
        assert all(gain.need != key[0] for gain in gains)
        assert sum(gain.seats for gain in gains) <= 11
    assert (desk.draft.seats, desk.declined) == (before, [])
    assert desk.prove().draft.seats == before


def test_there_is_no_reserve_where_the_session_could_not_run_without_the_group():
    desk = RepairDesk(two_groups(9), solve(two_groups(9)))
    assert desk.reserve("N-2", "S-1") is None


def test_a_match_that_is_not_in_the_plan_cannot_be_declined():
    desk = RepairDesk(two_groups(8), solve(two_groups(8)))
    with pytest.raises(KeyError, match="no match of need N-9"):
        desk.decline("N-9", "S-1")


def test_a_plan_of_another_problem_cannot_be_repaired():
    published = solve(two_groups(8))
    smaller = problem([need("N-1", "XAA", seats=4), need("N-2", "XAB", seats=6)], [session(seats=20)])
    with pytest.raises(NoPlanFound):
        RepairDesk(smaller, published)


def test_a_decline_that_is_not_settled_leaves_the_desk_as_it_was(monkeypatch):
    desk = RepairDesk(two_groups(9), solve(two_groups(9)))
    lower, upper = desk.round.lower.copy(), desk.round.upper.copy()
    monkeypatch.setattr(desk.round, "recover", lambda piece, *, seconds: (None, False))
    with pytest.raises(NoPlanFound, match="time ran out"):
        desk.decline("N-2", "S-1")
    assert desk.draft.seats == {("N-1", "S-1"): 8, ("N-2", "S-1"): 6}
    assert (desk.round.lower == lower).all()
    assert (desk.round.upper == upper).all()
    assert desk.declined == []
