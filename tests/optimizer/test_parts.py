"""What ties two courses of two States together, and what does not because there is enough of it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from optimizer.problem import Offer, Pin, Problem, Provider
from optimizer.reducing import parts
from optimizer.reducing.parts import find_parts
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.builders import need, problem, recipient, requirement, session, support

LATER: dict[str, Any] = {"start": date(2027, 5, 3), "end": date(2027, 5, 14)}
VENUE = (requirement("venue", 1),)
FUNDS = (requirement("funds", 100, 10),)


def parts_of(here: dict[str, Any], there: dict[str, Any], **lists: Any) -> list[list[str]]:
    """The needs of each part of a round in which XAA can go to S-1 alone and XAB to S-2 alone."""
    first = session(**{"id": "S-1", "offer": "O-1", "only": {"XAA"}, **here})
    second = session(**{"id": "S-2", "offer": "O-2", "only": {"XAB"}, **there})
    needs = lists.pop("needs", [need("N-1", "XAA"), need("N-2", "XAB")])
    providers = {"providers": [Provider("XPA"), Provider("XPB")]}
    facts = Facts(problem(needs, [first, second], **(providers | lists)))
    return [[row.id for row in part.facts.problem.needs] for part in find_parts(facts, find_pairs(facts))]


@pytest.fixture(autouse=True)
def one_part_a_bundle(monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 0)


TIED, APART = [["N-1", "N-2"]], [["N-1"], ["N-2"]]


def test_courses_that_share_nothing_are_parts_of_their_own():
    assert parts_of({}, {}) == APART


def test_a_course_that_both_states_can_attend_ties_them():
    assert parts_of({"only": {"XAA", "XAB"}}, {}) == TIED


def test_needs_of_one_state_are_never_parted():
    needs = [need("N-1", "XAA", areas={"MED"}), need("N-2", "XAA", areas={"EOD"})]
    assert parts_of({}, {"only": {"XAA"}, "areas": {"EOD"}}, needs=needs) == TIED


@pytest.mark.parametrize(("may_run", "expected"), [(1, TIED), (2, APART), (None, APART)])
def test_an_offer_ties_its_sessions_unless_all_may_run(may_run, expected):
    offers = [Offer("O-1", "XPA", max_sessions=may_run)]
    assert parts_of({"offer": "O-1"}, {"offer": "O-1"}, offers=offers) == expected


@pytest.mark.parametrize(
    ("teams", "days", "expected"),
    [(1, {}, TIED), (2, {}, APART), (None, {}, APART), (1, LATER, APART), (1, {"end": None}, APART)],
)
def test_a_team_ties_the_sessions_of_one_day_unless_there_is_one_for_each(teams, days, expected):
    here, there = {"team": True}, {"team": True, **days}
    assert parts_of(here, there, providers=[Provider("XPA", teams=teams)]) == expected
    assert parts_of(here, {**there, "team": False}, providers=[Provider("XPA", teams=teams)]) == APART


@pytest.mark.parametrize(("seats", "expected"), [(39, TIED), (40, APART), (None, APART)])
def test_the_seats_of_a_provider_tie_its_sessions_unless_all_fit_in(seats, expected):
    assert parts_of({}, {}, providers=[Provider("XPA", seats=seats)]) == expected


@pytest.mark.parametrize(
    ("here", "kind", "quantity", "expected"),
    [
        (VENUE, "venue", 1, TIED), (VENUE, "venue", 2, APART), (VENUE, "venue", None, APART),
        (VENUE, "venue", 0, APART), (FUNDS, "funds", 599, TIED), (FUNDS, "funds", 600, APART),
    ],
)  # fmt: skip
def test_a_support_ties_those_who_could_ask_more_of_it_than_it_has(here, kind, quantity, expected):
    sides = {"requires": here}, {"requires": here}
    assert parts_of(*sides, supports=[support("R-1", kind, quantity=quantity)]) == expected


def test_a_support_that_fits_one_of_them_ties_nobody():
    sides = {"requires": VENUE}, {"requires": VENUE, **LATER}
    assert parts_of(*sides, supports=[support("R-1", quantity=1, to=date(2027, 4, 30))]) == APART


@pytest.mark.parametrize(("units", "expected"), [(1, TIED), (2, APART)])
def test_an_interpreter_ties_courses_that_must_be_bridged(units, expected):
    needs = [need("N-1", "XAA", languages=("es",)), need("N-2", "XAB", languages=("es",))]
    stock = [support("R-1", "interpretation", languages={"en", "es"}, quantity=units)]
    assert parts_of({}, {}, needs=needs, supports=stock) == expected


def test_a_state_without_a_course_counts_in_one_part():
    needs = [need("N-1", "XAA"), need("N-2", "XAB"), need("N-3", "XAC")]
    assert sorted(map(len, parts_of({}, {}, needs=needs))) == [1, 2]


# -- bundles
# -----------------------------------------------------------------------------------------------------


def islands(count: int, size: int) -> Problem:
    """So many States, each with a course of its own that serves its needs alone."""
    states = [f"XA{number:02}" for number in range(count)]
    needs = [need(f"N-{state}-{row}", state, seats=3) for state in states for row in range(size)]
    sessions = [session(f"S-{state}", f"O-{state}", only={state}) for state in states]
    return problem(needs, sessions, recipients=[recipient(state, "XAA") for state in states])


def sizes_of_parts(round_: Problem) -> list[int]:
    facts = Facts(round_)
    return [len(part.pairs) for part in find_parts(facts, find_pairs(facts))]


def test_small_parts_go_together_until_they_are_worth_a_model(monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 6)
    assert sizes_of_parts(islands(7, 2)) == [6, 6, 2]
    monkeypatch.setattr(parts, "MOST_PAIRS_OF_A_BUNDLE", 5)
    assert sizes_of_parts(islands(7, 2)) == [4, 4, 4, 2]
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 300)
    monkeypatch.setattr(parts, "MOST_PAIRS_OF_A_BUNDLE", 1_000)
    assert sizes_of_parts(islands(7, 2)) == [14]


# -- time
# -----------------------------------------------------------------------------------------------------


def an_island_beside_a_continent(pinned: bool) -> Problem:
    """Three needs that two courses serve, and 90 that keep a solver busy; no course runs with few seats."""
    needs = [need(f"N-{n:03}", f"Q{n % 25:02}", seats=5 + n % 9, min_group=3) for n in range(90)]
    needs += [
        need("T-1", "XAC", seats=7, min_group=3),
        need("T-2", "XAC", seats=5, min_group=3),
        need("T-3", "XAC", seats=6, min_group=2),
    ]
    usual: dict[str, Any] = {"min_seats": 6, "max_recipients": 2, "except_": {"XAC"}}
    sessions = [session(f"S-{n:03}", f"O-{n % 22:02}", seats=8 + n % 13, **usual) for n in range(90)]
    sessions += [
        session("Z-1", "O-Z", only={"XAC"}, seats=10, min_seats=8),
        session("Z-2", "O-Z", only={"XAC"}, seats=9, min_seats=7),
    ]
    offers = [Offer(f"O-{n:02}", "XPA", max_sessions=2) for n in range(22)]
    return problem(
        needs,
        sessions,
        offers=[*offers, Offer("O-Z", "XPB", max_sessions=1)],
        recipients=[recipient(f"Q{n:02}", "XAA") for n in range(25)],
        pinned=[("T-1", "Z-1", 3)] if pinned else [],
    )


@pytest.mark.parametrize("pinned", [True, False])
def test_a_small_part_beside_a_large_one_is_planned_under_a_limit(pinned):
    round_ = an_island_beside_a_continent(pinned)
    assert sizes_of_parts(round_)[0] <= 6
    plan = solve(round_, time_limit_seconds=4)
    assert verify(round_, plan).ok
    seats = {(row.need, row.session): row.seats for row in plan.assignments if row.need.startswith("T-")}
    assert sum(seats.values()) >= 9
    if pinned:
        assert seats["T-1", "Z-1"] >= 3


def test_where_time_ends_at_once_a_small_round_has_what_a_coordinator_would_add():
    round_ = islands(3, 2)
    plan = solve(round_, time_limit_seconds=1e-9)
    assert verify(round_, plan).ok
    assert plan.assignments


def test_pins_that_clash_in_a_later_part_are_told_before_any_part_is_improved():
    round_ = an_island_beside_a_continent(pinned=False)
    clashing = (Pin("N-000", "S-000", 5), Pin("N-001", "S-000", 5))
    told: list[object] = []
    plan = solve(replace(round_, pinned=clashing), time_limit_seconds=20, on_progress=told.append)
    assert plan.outcome == "clashing_pins"
    assert told == []
