"""What a plan is worth, and that the first objective decides before the next."""

from datetime import date

import pytest

from optimizer.problem import OBJECTIVES, Offer
from optimizer.rules.objectives import OBJECTIVE_TABLE, worth
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from tests.optimizer.builders import need, problem, session

QUARTERS = (4, 3, 2, 1)


def _value(name, round_, seats):
    return OBJECTIVE_TABLE[name].value(round_, find_pairs(round_), seats)


def _solve(round_):
    plan = solve(round_)
    assert plan.outcome == "optimal"
    return {(row.need, row.session): row.seats for row in plan.assignments}, {
        row.name: row.value for row in plan.objectives
    }


def test_the_table_names_every_objective_of_the_contract_in_its_order():
    assert tuple(OBJECTIVE_TABLE) == OBJECTIVES
    assert all(objective.sentence.endswith(".") for objective in OBJECTIVE_TABLE.values())


@pytest.mark.parametrize(
    ("placed", "expected"), [(0, 0), (1, 16), (2, 32), (3, 44), (4, 56), (5, 64), (6, 72), (7, 76), (8, 80)]
)
def test_what_a_recipient_gets_first_counts_most(placed, expected):
    assert worth(QUARTERS, 8, placed) == expected


def test_a_quarter_that_ends_within_a_seat_is_shared_out_exactly():
    # Of 5 seats the first quarter is 1.25 seats: the second seat counts 1 quarter-unit at 4 and 3 at 3.
    assert worth(QUARTERS, 5, 2) == 5 * 4 + 3 * 3


def test_critical_counts_critical_needs_alone_and_firm_critical_their_firm_pairs():
    needs = [
        need("N-1", priority="critical", seats=4),
        need("N-2", priority="high", seats=4),
        need("N-3", priority="critical", seats=4, level=None),
    ]
    round_ = problem(needs, [session()])
    seats = {("N-1", "S-1"): 4, ("N-2", "S-1"): 4, ("N-3", "S-1"): 4}
    assert _value("critical", round_, seats) == worth(QUARTERS, 8, 8)
    assert _value("firm.critical", round_, seats) == worth(QUARTERS, 8, 4)


def test_coverage_weighs_seats_by_priority():
    needs = [need("N-1", priority="critical", seats=4), need("N-2", "XAB", priority="routine", seats=4)]
    round_ = problem(needs, [session()])
    seats = {("N-1", "S-1"): 1, ("N-2", "S-1"): 4}
    assert _value("coverage", round_, seats) == worth(QUARTERS, 16, 4) + worth(QUARTERS, 4, 4)


@pytest.mark.parametrize(("asked", "placed", "reached"), [(9, 2, 0), (9, 3, 1), (100, 19, 0), (100, 20, 1)])
def test_a_recipient_is_reached_by_a_quarter_rounded_up_or_by_the_stated_number(asked, placed, reached):
    round_ = problem([need(seats=asked)], [session(seats=40)])
    assert _value("reached", round_, {("N-1", "S-1"): placed}) == reached


def test_a_recipient_without_needs_is_never_reached():
    assert _value("reached", problem([], [session()]), {}) == 0


def test_stability_counts_seats_kept_up_to_those_before():
    round_ = problem([need()], [session()], previous=[("N-1", "S-1", 6)])
    assert _value("stability", round_, {("N-1", "S-1"): 9}) == 6
    assert _value("stability", round_, {("N-1", "S-1"): 4}) == 4


def test_quality_halves_the_fit_of_a_conditional_pair_rounding_down_and_prices_groups_and_sessions():
    needs = [need("N-1"), need("N-2", level=None)]
    round_ = problem(needs, [session()], scores=[("N-1", "S-1", 81), ("N-2", "S-1", 81)])
    seats = {("N-1", "S-1"): 3, ("N-2", "S-1"): 5}
    assert _value("quality", round_, seats) == 3 * 81 + 5 * 40 - 2 * 50 - 50


# -- the order decides: each case has two plans, and the earlier objective takes the one that the later
# dislikes.


def test_firm_critical_seats_come_before_more_that_hang_on_a_question():
    one, sessions = need(seats=20, priority="critical"), [session("S-1", only=None), session("S-2", seats=6)]
    offers = [Offer("O-1", "XPA", max_sessions=1)]
    assert _solve(problem([one], sessions, offers=offers))[0] == {("N-1", "S-2"): 6}
    turned = problem([one], sessions, offers=offers, objectives=("critical", "firm.critical"))
    assert _solve(turned)[0] == {("N-1", "S-1"): 20}


def test_critical_seats_come_before_more_seats_of_others():
    needs = [need("N-1", seats=2, priority="critical"), need("N-2", "XAB", seats=20)]
    round_ = problem(needs, [session(seats=20, min_seats=1, max_recipients=1)])
    seats, _ = _solve(round_)
    assert seats == {("N-1", "S-1"): 2}


def test_recipients_reached_come_before_coverage():
    # One session of 10 seats. All 10 to the high need cover more; but 2 of them reach the second recipient.
    needs = [need("N-1", seats=40, priority="high"), need("N-2", "XAB", seats=8, min_group=2)]
    round_ = problem(needs, [session(seats=12)], reached_seats=10)
    seats, values = _solve(round_)
    assert seats == {("N-1", "S-1"): 10, ("N-2", "S-1"): 2}
    assert values["reached"] == 2


def test_coverage_comes_before_stability():
    needs = [need("N-1", seats=10, priority="high"), need("N-2", "XAB", seats=10)]
    round_ = problem(
        needs,
        [session(seats=10, max_recipients=1)],
        previous=[("N-2", "S-1", 10)],
        objectives=("coverage", "stability"),
    )
    seats, values = _solve(round_)
    assert seats == {("N-1", "S-1"): 10}
    assert values["stability"] == 0


def test_stability_comes_before_quality():
    sessions = [session("S-1"), session("S-2")]
    round_ = problem(
        [need()], sessions, previous=[("N-1", "S-2", 10)], scores=[("N-1", "S-1", 99), ("N-1", "S-2", 1)]
    )
    seats, _ = _solve(round_)
    assert seats == {("N-1", "S-2"): 10}


def test_quality_decides_among_plans_that_serve_alike():
    sessions = [session("S-1", languages={"fr"}), session("S-2", languages={"en"})]
    seats, _ = _solve(problem([need(languages=("en", "fr"))], sessions))
    assert seats == {("N-1", "S-2"): 10}


def test_quality_prefers_one_group_to_two():
    seats, _ = _solve(problem([need(seats=10)], [session("S-1", seats=10), session("S-2", seats=10)]))
    assert len(seats) == 1


def test_firm_reached_and_firm_coverage_come_before_what_is_conditional():
    # S-1 is firm and holds 4; S-2 hangs on its level and holds 20; only one of the offer's sessions may run.
    sessions = [session("S-1", seats=4), session("S-2", seats=20, level=None)]
    round_ = problem([need(seats=16)], sessions, offers=[Offer("O-1", "XPA", max_sessions=1)])
    for objectives in (("firm.reached", "coverage"), ("firm.coverage", "coverage")):
        turned = problem(round_.needs, round_.sessions, offers=round_.offers, objectives=objectives)
        assert _solve(turned)[0] == {("N-1", "S-1"): 4}
    turned = problem(round_.needs, round_.sessions, offers=round_.offers, objectives=("coverage",))
    assert _solve(turned)[0] == {("N-1", "S-2"): 16}


def test_a_policy_that_names_one_objective_is_solved_for_it_alone():
    round_ = problem(
        [need(seats=10), need("N-2", "XAB", seats=10, priority="critical")],
        [session(seats=10, start=date(2027, 2, 1))],
        objectives=("quality",),
        scores=[("N-1", "S-1", 90), ("N-2", "S-1", 80)],
    )
    assert _solve(round_) == ({("N-1", "S-1"): 10}, {"quality": 10 * 90 - 100})
