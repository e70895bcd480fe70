"""Each of C1 to C12 in the integer program: a problem where it just binds, and the same one step looser."""

from dataclasses import replace
from datetime import date

import pytest

from optimizer.model.limits import largest_cliques
from optimizer.model.program import Program
from optimizer.model.supply import share_supports
from optimizer.model.vectors import EMPTY_DRAFT, RoundModel
from optimizer.problem import Offer, Provider
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from tests.optimizer.builders import need, problem, requirement, session, support
from tests.optimizer.random_problems import random_problem

THREE = [need("N-1", "XAA", seats=4), need("N-2", "XAB", seats=4), need("N-3", "XAC", seats=4)]
WEEK_ONE, WEEK_TWO = (date(2027, 4, 5), date(2027, 4, 9)), (date(2027, 4, 9), date(2027, 4, 16))


def _seats(round_):
    plan = solve(round_)
    assert plan.outcome == "optimal"
    return {(row.need, row.session): row.seats for row in plan.assignments}


def _total(round_):
    return sum(_seats(round_).values())


def _supplied(requires, supports, needs=(), **fields):
    return problem(needs or [need(seats=10)], [session(requires=requires, **fields)], supports=supports)


def _two_sessions(one_offer=False, first=WEEK_ONE, second=WEEK_TWO, **provider):
    sessions = [
        session("S-1", "O-1", team=True, start=first[0], end=first[1]),
        session("S-2", "O-1" if one_offer else "O-2", team=True, start=second[0], end=second[1]),
    ]
    needs = [need("N-1", max_groups=1, seats=20), need("N-2", "XAB", max_groups=1, seats=20)]
    return problem(needs, sessions, providers=[Provider("XPA", **provider)], objectives=("coverage",))


def test_c1_a_session_holds_at_most_its_seats():
    assert _total(problem(THREE, [session(seats=11)])) == 11
    assert _total(problem(THREE, [session(seats=12)])) == 12


def test_c1_a_session_runs_with_at_least_min_seats_or_not_at_all():
    assert _total(problem(THREE, [session(min_seats=13)])) == 0
    assert _total(problem(THREE, [session(min_seats=12)])) == 12


def test_c2_a_group_is_no_smaller_than_what_is_worth_sending():
    needs = [need("N-1", seats=6, whole=True), need("N-2", "XAB", seats=6, min_group=5)]
    assert _seats(problem(needs, [session(seats=10)])) == {("N-1", "S-1"): 6}
    assert _seats(problem(needs, [session(seats=11)])) == {("N-1", "S-1"): 6, ("N-2", "S-1"): 5}


def test_c3_a_need_gets_at_most_its_seats_over_all_sessions():
    sessions = [session("S-1", seats=8), session("S-2", seats=8)]
    assert _total(problem([need(seats=10)], sessions)) == 10


def test_c3_a_whole_need_gets_all_its_seats_or_none():
    assert _total(problem([need(seats=10, whole=True)], [session(seats=9)])) == 0
    assert _total(problem([need(seats=10, whole=True)], [session(seats=10)])) == 10
    sessions = [session("S-1", seats=6), session("S-2", seats=4)]
    assert _total(problem([need(seats=10, whole=True)], sessions)) == 10


def test_c4_a_need_is_spread_over_at_most_max_groups_sessions():
    sessions = [session("S-1", seats=6), session("S-2", seats=4)]
    assert _total(problem([need(seats=10, max_groups=1)], sessions)) == 6
    assert _total(problem([need(seats=10, max_groups=2)], sessions)) == 10


def test_c5_a_session_takes_at_most_max_recipients_however_many_needs_they_have():
    needs = [*THREE, need("N-4", "XAA", seats=4)]
    assert _total(problem(needs, [session(max_recipients=2)])) == 12
    assert _total(problem(needs, [session(max_recipients=3)])) == 16


def test_c5_one_recipient_takes_at_most_max_per_recipient_seats_over_its_needs():
    needs = [need("N-1", seats=4), need("N-2", seats=4)]
    assert _total(problem(needs, [session(max_per_recipient=7)])) == 7
    assert _total(problem(needs, [session(max_per_recipient=8)])) == 8


def test_c5_a_team_that_travels_takes_one_recipient():
    assert _total(problem(THREE, [session(mode="mobile_team", place=None)])) == 4
    assert _total(problem(THREE, [session(mode="provider_centre", place=None)])) == 12


def test_c6_at_most_max_sessions_of_an_offer_run():
    sessions = [session("S-1", seats=6), session("S-2", seats=4)]
    one, two = Offer("O-1", "XPA", max_sessions=1), Offer("O-1", "XPA", max_sessions=2)
    assert _total(problem([need(seats=10)], sessions, offers=[one])) == 6
    assert _total(problem([need(seats=10)], sessions, offers=[two])) == 10
    assert _total(problem([need(seats=10)], sessions, offers=[replace(one, max_sessions=0)])) == 0


def test_c7_on_no_day_do_more_team_sessions_run_than_there_are_teams():
    assert _total(_two_sessions(teams=1)) == 20
    assert _total(_two_sessions(teams=2)) == 40


def test_c7_a_day_after_the_end_the_team_is_free():
    later = (date(2027, 4, 10), date(2027, 4, 16))
    assert _total(_two_sessions(teams=1, second=later)) == 40


def test_c7_a_session_without_both_dates_counts_on_no_day():
    assert _total(_two_sessions(teams=1, second=(date(2027, 4, 9), None))) == 40


def test_c7_only_the_largest_sets_of_sessions_on_one_day_are_rows():
    days = [(1, 9), (2, 4), (3, 5), (6, 8)]
    sessions = [
        session(f"S-{number}", start=date(2027, 5, first), end=date(2027, 5, last))
        for number, (first, last) in enumerate(days)
    ]
    names = [[one.id for one in clique] for clique in largest_cliques(sessions)]
    assert names == [["S-0", "S-1", "S-2"], ["S-0", "S-3"]]


def test_c8_the_sessions_of_a_provider_place_at_most_its_seats():
    assert _total(_two_sessions(seats=33)) == 33


@pytest.mark.parametrize(("money", "placed"), [(1_900, 0), (2_000, 0), (2_900, 1), (10_999, 9), (11_000, 10)])
def test_c9_funds_by_the_seat_pay_for_the_seats_filled_and_no_more(money, placed):
    requires = (requirement("funds", 2_000, 900),)
    assert _total(_supplied(requires, [support("R-1", "funds", quantity=money)])) == placed


def test_c9_two_supports_share_what_a_session_requires_in_whole_units():
    supports = [support("R-1", "venue", quantity=1), support("R-2", "venue", quantity=2)]
    plan = solve(_supplied((requirement("venue", 3),), supports))
    assert [(use.support, use.quantity) for use in plan.sessions[0].supports] == [("R-1", 1), ("R-2", 2)]
    assert _total(_supplied((requirement("venue", 4),), supports)) == 0


def test_c9_a_support_gives_one_session_at_most_its_per_session():
    requires = (requirement("venue", 2),)
    assert _total(_supplied(requires, [support(per_session=1)])) == 0
    assert _total(_supplied(requires, [support(per_session=2)])) == 10


def test_c9_a_support_gives_all_sessions_together_at_most_its_quantity():
    sessions = [session("S-1", seats=6, requires=(requirement("venue", 1),))]
    sessions.append(session("S-2", seats=4, requires=(requirement("venue", 1),)))
    assert _total(problem([need(seats=10)], sessions, supports=[support(quantity=1)])) == 6
    assert _total(problem([need(seats=10)], sessions, supports=[support(quantity=2)])) == 10


def test_c9_a_support_whose_quantity_nobody_has_stated_gives_nothing():
    assert _total(_supplied((requirement("venue", 1),), [support(quantity=None)])) == 0


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"from_": date(2027, 4, 5), "to": date(2027, 4, 16)}, True),
        ({"from_": date(2027, 4, 6)}, False),
        ({"to": date(2027, 4, 15)}, False),
        ({"areas": {"MED", "EOD"}}, True),
        ({"areas": {"EOD"}}, False),
        ({"areas": {"any"}, "places": {"any"}}, True),
        ({"places": {"155"}}, True),
        ({"places": {"002"}}, False),
        ({"kind": "equipment"}, False),
        ({"not_for": {"S-1"}}, False),
    ],
)
def test_c9_a_support_serves_only_sessions_that_it_fits(fields, fits):
    fields = {"kind": "venue", **fields}
    assert _total(_supplied((requirement("venue", 1),), [support("R-1", **fields)])) == (10 if fits else 0)


def test_c9_only_names_a_giver_of_the_offer_or_every_recipient_placed_there():
    requires, needs = (requirement("venue", 1),), [need("N-1", "XAA", seats=6), need("N-2", "XAB", seats=5)]
    assert _total(_supplied(requires, [support(only={"XPA"})], needs)) == 11
    assert _total(_supplied(requires, [support(only={"002"})], needs)) == 11
    assert _seats(_supplied(requires, [support(only={"XAB"})], needs)) == {("N-2", "S-1"): 5}
    assert _total(_supplied(requires, [support(only={"XAC"})], needs)) == 0


def test_c9_another_support_frees_a_session_from_one_that_leaves_a_recipient_out():
    requires, needs = (requirement("venue", 2),), [need("N-1", "XAA", seats=6), need("N-2", "XAB", seats=5)]
    supports = [support("R-1", only={"XAB"}, quantity=2), support("R-2", quantity=1)]
    assert _seats(_supplied(requires, supports, needs)) == {("N-2", "S-1"): 5}
    supports = [support("R-1", only={"XAB"}, quantity=2), support("R-2", quantity=2)]
    assert _total(_supplied(requires, supports, needs)) == 11


def test_c9_large_sums_of_money_are_shared_to_the_dollar():
    for all_but_one, is_provable in ((99_999_999, True), (99_999_999_999, False)):
        requires = (requirement("funds", all_but_one, 1),)
        for spare, seats in ((10, 10), (9, 9)):
            given = [support("R-1", "funds", quantity=all_but_one), support("R-2", "funds", quantity=spare)]
            plan = solve(_supplied(requires, given))
            assert sum(row.seats for row in plan.assignments) == seats
            # One dollar in 10^11 is more than doubles can be trusted to tell, for a proof.
            assert (plan.outcome == "optimal") == is_provable


def test_c10_each_language_in_use_takes_one_unit_of_interpretation():
    needs = [need("N-1", "XAA", languages=("fr",)), need("N-2", "XAB", languages=("ar",))]
    one = support("R-1", "interpretation", quantity=1, languages={"fr", "ar", "en"})
    assert _total(problem(needs, [session()], supports=[one])) == 10
    assert _total(problem(needs, [session()], supports=[replace(one, quantity=2)])) == 20
    assert _total(problem(needs, [session()], supports=[replace(one, quantity=2, per_session=1)])) == 10


def test_c10_groups_that_can_use_one_language_share_its_unit():
    needs = [need("N-1", "XAA", languages=("ar", "fr")), need("N-2", "XAB", languages=("es", "FR"))]
    one = support("R-1", "interpretation", quantity=1, languages={"fr", "ar", "es", "en"})
    plan = solve(problem(needs, [session()], supports=[one]))
    assert [(row.need, row.bridged_by) for row in plan.assignments] == [("N-1", "fr"), ("N-2", "FR")]


def test_c10_bridging_takes_its_unit_beyond_what_the_session_requires():
    one = support("R-1", "interpretation", quantity=2, languages={"fr", "en"})
    requires, needs = (requirement("interpretation", 2),), [need(languages=("fr",))]
    assert _total(_supplied(requires, [one], needs)) == 0
    plan = solve(_supplied(requires, [replace(one, quantity=3)], needs))
    assert plan.sessions[0].supports[0].quantity == 3


def test_c10_only_and_fit_bind_an_interpreter_too():
    needs = [need("N-1", "XAA", languages=("fr",)), need("N-2", "XAB", seats=11)]
    one = support("R-1", "interpretation", languages={"fr", "en"}, only={"XAA"})
    assert _seats(problem(needs, [session()], supports=[one])) == {("N-2", "S-1"): 11}


def test_c11_a_pin_holds_at_least_or_exactly_its_seats():
    round_ = problem(THREE[:2], [session(seats=4)], pinned=[("N-2", "S-1", 3)], objectives=("quality",))
    assert _seats(round_)["N-2", "S-1"] >= 3
    round_ = problem(THREE[:1], [session()], pinned=[("N-1", "S-1", 3, "exactly")])
    assert _seats(round_) == {("N-1", "S-1"): 3}


def test_c12_a_need_has_at_most_its_women_in_sessions_for_women():
    sessions = [session("S-1", women_only=True, seats=4), session("S-2", women_only=True, seats=4)]
    assert _total(problem([need(women=5)], sessions)) == 5
    assert _total(problem([need(women=None)], sessions)) == 8


# -- the vector and the program
# -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_the_empty_plan_and_the_optimum_fill_a_full_vector_that_every_row_accepts(seed):
    round_ = replace(random_problem(seed), pinned=())
    model = RoundModel(Facts(round_), find_pairs(round_))
    assert model.find_violation(EMPTY_DRAFT) is None
    seats = _seats(round_)
    bridges = {
        (row.need, row.session): row.bridged_by.casefold()
        for row in solve(round_).assignments
        if row.bridged_by
    }
    draft = model.make_draft(seats, bridges)
    assert draft is not None
    assert model.find_violation(draft) is None


def test_names_in_the_program_hold_positions_and_no_ids():
    needs = [need("Ms Example, Ministry", recipient="XAA", languages=("fr",))]
    sessions = [session("Course of Mr Sample", requires=(requirement("venue", 1),))]
    supports = [support("Gift of Ms Donor"), support("R", "interpretation", languages={"fr", "en"})]
    round_ = problem(needs, sessions, supports=supports)
    model = RoundModel(Facts(round_), find_pairs(round_))
    names = [column.name for column in model.program.columns] + [row.name for row in model.program.rows]
    assert names
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for name in names)
    assert not any(word in name for name in names for word in ("example", "sample", "donor", "xaa"))


def test_a_program_says_exactly_which_row_or_column_a_vector_breaks():
    program = Program()
    one, two = program.add_column("one", 0, 5), program.add_column("two", 0, 10**15)
    program.add_row("sum", [(one, 1), (two, 1)], "<=", 10**15)
    assert program.find_violation([5, 10**15 - 5]) is None
    assert program.find_violation([5, 10**15 - 4]) == "sum"
    assert program.find_violation([6, 0]) == "one"


# -- sharing supports
# ---------------------------------------------------------------------------------------------


def test_supports_are_shared_anew_where_the_first_choice_would_leave_another_session_short():
    # R-1 fits both sessions and R-2 only S-1; S-2 is met only if S-1 is served by R-2.
    sessions = [session("S-1", requires=(requirement("venue", 1),))]
    sessions.append(session("S-2", requires=(requirement("venue", 1),), place="XPB"))
    supports = [support("R-1", quantity=1), support("R-2", quantity=1, places={"XPA"})]
    facts = Facts(problem([need(seats=20)], sessions, supports=supports))
    uses = share_supports(facts, {("N-1", "S-1"): 5, ("N-1", "S-2"): 5}, {})
    assert uses == {("R-2", "S-1", None): 1, ("R-1", "S-2", None): 1}


def test_supports_that_do_not_suffice_are_not_shared_at_all():
    facts = Facts(_supplied((requirement("funds", 10, 3),), [support("R-1", "funds", quantity=39)]))
    assert share_supports(facts, {("N-1", "S-1"): 10}, {}) is None
    assert share_supports(facts, {("N-1", "S-1"): 9}, {}) == {("R-1", "S-1", None): 37}
