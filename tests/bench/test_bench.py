"""The bench itself: every way is measured alike, tables take any set of ways, pictures are drawn."""

import json
import struct

import pulp
import pytest

from optimizer.clock import Progress
from optimizer.model.program import PulpProgram
from optimizer.solving.solve import solve
from tests.bench.__main__ import main, parse_arguments
from tests.bench.comparison import cases_in_turns
from tests.bench.competitor import ObjectiveRun, share_among_quarters
from tests.bench.generator import make_problem
from tests.bench.growth import draw_growth, growth_cases, growth_table
from tests.bench.measure import Case, Run, counts_of, measure_apart
from tests.bench.pulp_clock import pulp_timed
from tests.bench.rooms import ROOMS, measure_rooms, rooms_table
from tests.bench.tables import comparison_of, gap_percent, table_of, values_in_order
from tests.bench.trace import draw_trace
from tests.bench.ways import WAYS, ends_of_objectives

OBJECTIVES_OF_A_RUN = ("firm.critical", "firm.reached")


def a_run(way: str, reached: tuple[int | None, ...], seed: int = 1, **fields) -> Run:
    """A run that reached these values, each with a bound of 100."""
    rows = [
        ObjectiveRun(name, value, 100, 2.0) for name, value in zip(OBJECTIVES_OF_A_RUN, reached, strict=False)
    ]
    fields = {"seconds": 4.0, "objectives": rows, "violations": [], **fields}
    return Run(Case("30x40", seed, way, 10.0), **fields)


def width_of(png) -> int:
    data = png.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">I", data[16:20])[0]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_measured_alike_and_its_plan_verified(way):
    run = measure_apart(Case("20x25", 1, way, 20.0))
    assert (run.ending, run.violations) == ("finished", [])
    assert len(run.objectives) == len(run.values) == 8
    assert {row.name: row.value for row in run.objectives} == run.values
    assert 0 < sum(row.seconds for row in run.objectives) <= run.seconds
    assert run.peak_mib > 50
    assert min(run.parts.values()) > 0
    if way == "optimizer":
        assert sum(run.parts.values()) < run.seconds
    else:
        assert sum(run.parts.values()) == pytest.approx(run.seconds, rel=0.2, abs=0.2)


def test_what_is_told_of_an_objective_after_the_next_has_begun_is_no_time_of_its_own():
    told = [("a", 1.0), ("a", 4.0), ("c", 6.0), ("a", 9.0), ("b", 9.5), ("c", 9.0)]
    progress = [Progress(name, 0, 0, seconds) for name, seconds in told]
    assert ends_of_objectives(["a", "b", "c", "d"], progress) == [4.0, 4.0, 9.0, 9.0]


def test_a_way_that_finds_no_plan_in_time_says_so():
    run = measure_apart(Case("400", 1, "cp_sat", 0.2))
    assert (run.ending, run.violations, run.values) == ("no plan in time", None, {})
    assert "cp_sat, seed 1: no plan in time." in table_of("mixed", "400", [run]).splitlines()


def test_what_is_timed_from_outside_is_left_as_it_was():
    before = pulp.HiGHS.callSolver, pulp.HiGHS.actualSolve, PulpProgram.extend
    with pulp_timed() as parts:
        assert pulp.HiGHS.callSolver is not before[0]
        # Large enough for relaxations not to prove all of it, so that PuLP is asked.
        solve(make_problem(30, 40, 1))
    assert (pulp.HiGHS.callSolver, pulp.HiGHS.actualSolve, PulpProgram.extend) == before
    assert min(parts.build, parts.hand_over, parts.solve) > 0


def test_ways_take_turns_at_going_first():
    cases = list(cases_in_turns(["mixed"], ["S"], [1, 2, 3], ["a", "b"], None, threads=1))
    assert [(case.seed, case.way) for case in cases] == [
        (1, "a"), (1, "b"), (2, "b"), (2, "a"), (3, "a"), (3, "b")
    ]  # fmt: skip
    assert {case.seconds for case in cases} == {60.0}


def test_sizes_are_names_or_counts():
    assert [counts_of(size) for size in ("S", "700", "30x40")] == [(60, 80), (700, 700), (30, 40)]
    with pytest.raises(ValueError, match="invalid literal"):
        counts_of("huge")
    with pytest.raises(SystemExit):
        parse_arguments(["--sizes", "huge"])
    with pytest.raises(SystemExit):
        parse_arguments(["--ways", "optimizer,magic"])


def test_a_table_takes_any_set_of_ways():
    runs = [a_run("a", (100, 50)), a_run("b", (100, 40)), a_run("c", (90, None), ending="over 10 MiB")]
    lines = table_of("mixed", "30x40", runs).splitlines()
    head, critical, reached = lines[2], lines[4], lines[5]
    assert head.count("|") == critical.count("|") == 11
    assert critical.split("|")[2:11] == [
        " 1 of 1 ", " 1 of 1 ", " 0 of 1 ", " 2.00 ", " 2.00 ", " 2.00 ", " 0.00 ", " 0.00 ", " 11.11 "
    ]  # fmt: skip
    assert reached.split("|")[8:11] == [" 100.00 ", " 150.00 ", " no bound "]
    assert "c, seed 1: over 10 MiB." in lines
    assert "a against b: better for 1 seeds, equal for 0, worse for 0." in "\n".join(lines)
    assert table_of("mixed", "30x40", runs[:1]).count("proven: ") == 1


def test_plans_are_compared_by_what_verify_derives_and_none_is_the_worst():
    ours = [a_run("a", (5, 7), seed, values={"firm.critical": 9}) for seed in (1, 2, 3)]
    theirs = [a_run("b", (9, 7), 1), a_run("b", (8, 99), 2), a_run("b", (), 3)]
    assert values_in_order(ours[0])[:2] == [9, 7]
    assert "better for 2 seeds, equal for 1, worse for 0" in comparison_of(ours, theirs)
    assert "better for 0 seeds, equal for 1, worse for 2" in comparison_of(theirs, ours)


def test_a_gap_is_that_of_the_contract():
    assert gap_percent(ObjectiveRun("x", 200, 210, 0.0)) == 5
    assert gap_percent(ObjectiveRun("x", 0, 3, 0.0)) == 300
    assert gap_percent(ObjectiveRun("x", 3, None, 0.0)) == float("inf")


def test_seats_fill_the_first_quarter_of_what_is_asked_first():
    assert share_among_quarters(0, 10) == [0, 0, 0, 0]
    assert share_among_quarters(4, 10) == [10, 6, 0, 0]
    assert share_among_quarters(10, 10) == [10, 10, 10, 10]


def test_growth_goes_from_small_to_large_each_with_its_limit():
    cases = growth_cases("mixed", ["2000", "500", "70"], [1], ["plain"], None, threads=1)
    assert [(case.size, case.seconds) for case in cases] == [("70", 120.0), ("500", 60.0), ("2000", 120.0)]


def test_growth_is_drawn_with_a_way_that_did_not_finish(tmp_path):
    runs = [
        Run(Case(size, 1, way, 60.0), ending, seconds, {"build": 1.0, "hand_over": 0.5, "solve": 2.0}, mib)
        for size, way, ending, seconds, mib in (
            ("500", "plain", "finished", 12.0, 300.0),
            ("5000", "plain", "over 900 MiB while solving", None, 950.0),
            ("500", "optimizer", "finished", 2.0, 200.0),
            ("5000", "optimizer", "finished", 30.0, 800.0),
        )
    ]
    table = growth_table(runs)
    assert "| 5,000 x 5,000 | 60 | plain | not told | 1.50 | 950.00 |" in table
    assert "over 900 MiB while solving" in table
    assert width_of(draw_growth(runs, tmp_path / "growth.png")) > 1_000


def test_the_time_of_one_run_is_drawn(tmp_path):
    run = measure_apart(Case("20x25", 2, "optimizer", 20.0))
    assert width_of(draw_trace(run, tmp_path / "trace.png")) > 1_000
    with pytest.raises(ValueError, match="told no progress: over 1 MiB"):
        draw_trace(a_run("optimizer", (), ending="over 1 MiB"), tmp_path / "none.png")


def test_rooms_are_measured_one_by_one_and_the_plan_by_hand_holds(tmp_path):
    runs = measure_rooms(["mixed", "small_groups"], ["60x80"], [1], 4_000.0, tmp_path / "rooms.json")
    for run in runs:
        assert run.ending == "finished"
        assert tuple(run.seconds) == tuple(run.peak_mib) == ROOMS
        assert run.counts["violations"] == 0
        assert min(run.counts["pairs"], run.counts["groups"], run.counts["unmet"]) > 0
    table = rooms_table(runs)
    assert all(f"| {room} |" in table for room in ROOMS)
    assert len(json.loads((tmp_path / "rooms.json").read_text())["runs"]) == 2


def test_the_command_prints_a_table_for_each_shape_and_writes_everything(tmp_path):
    printed: list[str] = []
    output = tmp_path / "bench.json"
    arguments = ["--sizes", "15x20", "--shapes", "mixed,scarce_seats", "--ways", "plain,cp_sat"]
    main([*arguments, "--seeds", "1", "--seconds", "10", "--output", str(output)], printed.append)
    assert [line.partition(":")[0] for line in printed] == ["**15x20, mixed", "**15x20, scarce_seats"]
    assert all("plain against cp_sat: better for 0 seeds, equal for 1" in line for line in printed)
    document = json.loads(output.read_text())
    assert [run["case"]["way"] for run in document["runs"]] == ["plain", "cp_sat"] * 2
    assert document["machine"]["ortools"].startswith("9.")
