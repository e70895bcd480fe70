"""What may be told of records: each rule just kept and just broken, and what is never broken whatever the
records are.
"""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lcm_service.domain.disclosure import Measure, publish
from tests.domain.made_up_figures import DIMENSIONS, MEASURE, STATES, draw_entries, entry


def needs_of(*states, leaf="C-IED", **columns):
    return [entry(state, leaf, **columns) for state in states]


def table_of(entries, dimension="area", measure=MEASURE):
    return next(table for table in publish(measure, entries)["tables"] if table["dimension"] == dimension)


def told(entries, dimension="area"):
    """Code of a group -> its records, and (group, cell) -> its records."""
    found = {}
    for group in table_of(entries, dimension)["groups"]:
        found[group["code"]] = group["records"]
        found |= {(group["code"], cell["code"]): cell["records"] for cell in group["cells"]}
    return found


# Five States with ten needs in a paragraph of its own: enough that all together may always be told.
CROWD = needs_of(*STATES[:5], *STATES[:5], leaf="LOG")


def test_three_states_and_five_records_beside_those_of_any_one_stand_alone():
    """A State knows its own: however many it submits, of the others it reads five at least."""
    assert told(needs_of(*["XA"] * 3, *["XB"] * 3, *["XC"] * 2) + CROWD)[("10", "C-IED")] == 8
    assert told(needs_of(*["XA"] * 3, *["XB"] * 3, "XC") + CROWD) == {None: 17}
    many = needs_of(*["XA"] * 20, seats=0)
    assert told(many + needs_of("XB", "XB", "XC", "XD", seats=0) + CROWD) == {None: 34}
    assert told(many + needs_of("XB", "XB", "XC", "XC", "XD", seats=0) + CROWD)[("10", "C-IED")] == 25


def test_how_many_records_the_largest_has_is_guessed_no_more_closely_than_its_seats():
    """Of 21 records XB would err by three, which is less than fifteen percent."""
    others = needs_of("XB", "XB", "XC", "XC", "XD", seats=0)
    assert told(needs_of(*["XA"] * 20, seats=0) + others + CROWD)[("10", "C-IED")] == 25
    assert told(needs_of(*["XA"] * 21, seats=0) + others + CROWD) == {None: 36}


def test_an_amount_stands_for_five_records_beside_those_of_any_one_state_too():
    """Whoever gave most of it takes its own off: of what is left it reads five records at least."""
    others = [entry(state, seats=20) for state in ("XB", "XC", "XD", "XE", "XF")]
    own = [entry("XA", seats=20)] * 4
    without = [entry("XG", seats=0)]
    assert told([*own, *others, *without, *CROWD])[("10", "C-IED")] == 10
    assert ("10", "C-IED") not in told([*own, *others[:-1], *without, *without, *CROWD])


def test_of_two_states_nothing_is_told_alone():
    found = told(needs_of(*["XA"] * 6, *["XB"] * 6) + CROWD)
    assert ("10", "C-IED") not in found
    assert found == {None: 22}


def test_of_four_records_nothing_is_told_alone():
    assert told(needs_of("XA", "XB", "XC", "XD") + CROWD) == {None: 14}


def test_a_part_that_others_can_guess_to_fifteen_percent_is_told():
    small = [entry("XC", seats=5), entry("XD", seats=5), entry("XE", seats=3), entry("XF", seats=2)]
    assert ("10", "C-IED") in told([entry("XA", seats=100), entry("XB", seats=90), *small, *CROWD])


def test_a_part_that_others_can_guess_more_closely_is_not_told():
    small = [entry("XC", seats=5), entry("XD", seats=5), entry("XE", seats=3), entry("XF", seats=1)]
    found = told([entry("XA", seats=100), entry("XB", seats=90), *small, *CROWD])
    assert ("10", "C-IED") not in found


def test_a_state_counts_once_however_many_needs_it_has():
    """XA asks for 100 in two needs, so that the largest part is not 60."""
    shares = [("XA", 60), ("XA", 40), ("XB", 50), ("XC", 5), ("XD", 5), ("XE", 3)]
    entries = [entry(state, seats=seats) for state, seats in shares]
    assert ("10", "C-IED") not in told([*entries, entry("XF", seats=1), *CROWD])
    assert ("10", "C-IED") in told([*entries, entry("XF", seats=2), *CROWD])


def test_small_subjects_are_merged_and_the_smallest_other_where_the_rest_is_too_small():
    large = needs_of(*STATES[:4], *STATES[:4], leaf="FMA")
    middle = needs_of(*STATES[:6], leaf="CASEVAC")
    few = needs_of("XA", "XB", leaf="MED")
    found = told(large + middle + few + CROWD)
    assert found == {"9": 16, ("9", "FMA"): 8, ("9", None): 8, "none": 10, ("none", "LOG"): 10}


def test_two_small_subjects_that_are_enough_together_take_no_third_with_them():
    large = needs_of(*STATES[:4], *STATES[:4], leaf="FMA")
    few = needs_of(*STATES[:4], leaf="MED") + needs_of(*STATES[4:8], leaf="CASEVAC")
    assert told(large + few + CROWD)[("9", None)] == 8
    assert told(large + few + CROWD)[("9", "FMA")] == 8


def test_a_merged_rest_stands_for_five_records_whoever_takes_its_own_off():
    """Nine needs of which XA has four: XA would know of the rest five; of eight, four."""
    large = needs_of(*STATES[:5], *STATES[:5], leaf="FMA")
    own = needs_of("XA", "XA", leaf="MED") + needs_of("XA", "XA", leaf="CASEVAC")
    others = needs_of("XB", "XC", leaf="MED") + needs_of("XD", "XE", leaf="CASEVAC")
    assert told(large + own + others + needs_of("XF", leaf="10-1-2") + CROWD)[("9", None)] == 9
    assert told(large + own + others + CROWD) == {"9": 18, "none": 10, ("none", "LOG"): 10}


def test_a_paragraph_that_is_too_small_goes_up_with_the_smallest_that_is_not():
    few = needs_of("XA", "XB", leaf="PERF")
    smallest = needs_of(*STATES[:6], leaf="UAS")
    larger = needs_of(*STATES[:7], leaf="C-IED")
    found = told(few + smallest + larger + CROWD)
    assert found == {"10": 7, ("10", "C-IED"): 7, "none": 10, ("none", "LOG"): 10, None: 8}


def test_of_too_little_in_all_not_even_the_total_is_told():
    assert publish(MEASURE, needs_of("XA", "XB", "XC", "XD"))["tables"] == []
    assert publish(MEASURE, [])["tables"] == []
    assert publish(MEASURE, needs_of(*["XA"] * 50, *["XB"] * 50))["tables"] == []
    dominated = needs_of(*STATES[:6], seats=1) + needs_of("XA", seats=1_000)
    assert publish(MEASURE, dominated)["tables"] == []


def test_what_is_nothing_has_no_line():
    (group,) = table_of(CROWD)["groups"]
    assert (group["code"], [cell["code"] for cell in group["cells"]]) == ("none", ["LOG"])


def test_seats_that_are_placed_are_judged_like_a_cell_and_may_be_none():
    placed = needs_of(*STATES[:6], placed=20)
    assert told(placed + CROWD + needs_of(*STATES[:6], leaf="LOG", placed=20))[("10", "C-IED")] == 6
    # Of two States alone seats are placed here, and the total of the rest would give them away.
    few = needs_of("XA", "XB", placed=20) + needs_of("XC", "XD", "XE", "XF")
    assert ("10", "C-IED") not in told(few + CROWD + needs_of(*STATES[:6], leaf="LOG", placed=20))


def test_amounts_that_add_up_to_what_is_told_are_left_out_together():
    entries = needs_of("XA", "XB", placed=20) + needs_of("XC", "XD", "XE") + CROWD
    document = publish(MEASURE, entries)
    assert (document["amounts"], document["withheld"]) == (["seats"], ["placed", "open"])
    assert table_of(entries)["total"] == {"records": 15, "amounts": {"seats": 300}}


def test_that_nobody_has_it_is_not_told_where_that_tells_it_of_everybody():
    strict = Measure("courses", ("area",), splits=(("placed", "open"),), never_none=frozenset({"placed"}))
    none_here = needs_of(*STATES[:6]) + needs_of(*STATES[:6], *STATES[:6], leaf="LOG", placed=20)
    assert [one["code"] for one in table_of(none_here, measure=strict)["groups"]] == [None]
    some = needs_of(*STATES[:6]) + needs_of(*STATES[:6], placed=20) + none_here[6:]
    assert [one["code"] for one in table_of(some, measure=strict)["groups"]] == ["10", "none"]


def test_what_is_judged_and_follows_from_the_rest_is_not_shown():
    hiding = Measure("courses", ("area",), ("seats",), (("placed", "open"),), frozenset({"open"}))
    document = publish(hiding, needs_of(*STATES[:6], placed=10))
    assert document["amounts"] == ["seats", "placed"]
    assert set(document["tables"][0]["total"]["amounts"]) == {"seats", "placed"}


def atoms_of(table):
    """The cells that are sums of no others."""
    return [cell for group in table["groups"] for cell in (group["cells"] or [group])]


def numbers(cell):
    return Counter({"records": cell["records"]} | cell["amounts"])


@given(st.integers(0, 10**9))
def test_totals_are_sums_of_cells_and_the_order_of_the_records_does_not_matter(seed):
    entries = draw_entries(seed)
    document = publish(MEASURE, entries)
    Random(seed).shuffle(entries)
    assert publish(MEASURE, entries) == document
    for table in document["tables"]:
        assert sum(map(numbers, table["groups"]), Counter()) == numbers(table["total"])
        for group in table["groups"]:
            assert sum(map(numbers, group["cells"] or [group]), Counter()) == numbers(group)
        assert len(entries) == table["total"]["records"]


def rows_of_cells(table, entries):
    """The records of each cell that is told: those of its name; all that have none are in a merged one."""
    level = table["dimension"]
    named = {group["code"]: group for group in table["groups"]}
    found = {}
    for row in entries:
        group, *leaf = row.paths[level]
        key: tuple[str | None, ...] = (group if group in named else None,)
        cells = {cell["code"] for cell in named.get(group, {"cells": []})["cells"]}
        if leaf and cells:
            key += (leaf[0] if leaf[0] in cells else None,)
        found.setdefault(key, []).append(row)
    return found


def parts(rows, amount):
    shares = Counter()
    for row in rows:
        shares[row.participant] += row.amounts[amount]
    return sorted((share for share in shares.values() if share), reverse=True)


@given(st.integers(0, 10**9))
def test_every_number_stands_for_enough_and_no_second_largest_can_guess_the_largest(seed):
    entries = draw_entries(seed)
    document = publish(MEASURE, entries)
    assert not document["tables"] or [one["dimension"] for one in document["tables"]] == [*DIMENSIONS]
    for table in document["tables"]:
        cells = rows_of_cells(table, entries)
        assert len(cells) == len(atoms_of(table))
        for key, rows in cells.items():
            own = Counter(row.participant for row in rows)
            assert_may_be_told(sorted(own.values(), reverse=True), rows, (key, "records"))
            for amount in document["amounts"]:
                having = [row for row in rows if row.amounts[amount] > 0]
                if having:
                    assert_may_be_told(parts(rows, amount), having, (key, amount))


def assert_may_be_told(shares, rows, about):
    """A number that is the sum of these shares, the largest first, and stands for these records."""
    own = Counter(row.participant for row in rows)
    assert len(own) >= 3, about
    assert len(rows) - max(own.values()) >= 5, about
    assert sum(shares[2:]) * 100 >= 15 * shares[0], about


def test_the_made_up_records_show_what_they_are_for():
    """Else the two tests above would say nothing."""
    documents = [publish(MEASURE, draw_entries(seed)) for seed in range(200)]
    tables = [table for document in documents for table in document["tables"]]
    groups = [group for table in tables for group in table["groups"]]
    assert {bool(document["tables"]) for document in documents} == {True, False}
    assert {bool(document["withheld"]) for document in documents if document["tables"]} == {True, False}
    assert any(group["code"] is None for group in groups)
    assert any(cell["code"] is None for group in groups for cell in group["cells"])
    assert any(group["code"] and not group["cells"] for group in groups if group["code"] in {"4", "9", "10"})
