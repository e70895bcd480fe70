"""The honesty test measures what it says: claims, recognition, usable seats, and no gain by the truth."""

import json
from dataclasses import replace

import pytest

from optimizer.problem import Need
from optimizer.solving.solve import solve
from tests.bench import honesty
from tests.bench.honesty import (
    AS_ASKED,
    AS_IT_IS,
    CLAIMS,
    IN_PART,
    IN_PART_CRITICAL,
    bootstrap,
    choose_state,
    make_honest_round,
    measure_outcome,
    measure_round,
    state_and_recognise,
    summarise,
    table_of,
)
from tests.optimizer.builders import need, problem, session

ROUNDS = 3


@pytest.fixture(scope="module")
def effects():
    return [effect for seed in range(1, ROUNDS + 1) for effect in measure_round(seed)]


def test_a_claim_multiplies_seats_or_makes_all_critical_or_both():
    truth = need(seats=6, priority="high")
    said = [(claim.applied(truth).seats, claim.applied(truth).priority) for claim in CLAIMS]
    assert said == [(12, "high"), (24, "high"), (6, "critical"), (12, "critical"), (24, "critical")]


@pytest.mark.parametrize(
    ("recognition", "seats", "priority"),
    [
        (AS_ASKED, 28, "critical"),
        (IN_PART, 10, "routine"),
        (IN_PART_CRITICAL, 10, "critical"),
        (AS_IT_IS, 7, "routine"),
    ],
)
def test_recognition_grants_no_more_than_it_believes(recognition, seats, priority):
    truth = need(seats=7, priority="routine")
    recognised = recognition.applied(CLAIMS[-1].applied(truth), truth)
    assert (recognised.seats, recognised.priority) == (seats, priority)


def test_recognition_never_grants_more_than_is_asked():
    truth: Need = need(seats=8)
    modest = replace(truth, seats=3)
    assert [one.applied(modest, truth).seats for one in (AS_ASKED, IN_PART, AS_IT_IS)] == [3, 3, 3]


def test_a_round_is_stated_whole_and_only_one_state_overstates():
    for seed in range(1, 12):
        truth = make_honest_round(seed)
        assert 15 <= len(truth.needs) <= 25
        assert all(one.seats is not None for one in truth.needs)
        assert (truth.pinned, truth.previous) == ((), ())
        state = choose_state(truth, seed)
        assert state == choose_state(truth, seed)
        asked = state_and_recognise(truth, state, CLAIMS[1], AS_ASKED)
        changed = [(old, new) for old, new in zip(truth.needs, asked.needs, strict=True) if old != new]
        assert {old.recipient for old, _ in changed} == {state}
        assert all(new.seats == 4 * old.seats for old, new in changed)
        assert replace(asked, needs=truth.needs) == truth


def test_seats_above_a_true_need_are_wasted_and_those_of_others_lost():
    # One session of ten seats; the truth is four seats each, and one says that it needs eight, critically.
    truth = problem([need("N-1", "XAA", seats=4), need("N-2", "XAB", seats=4)], [session(seats=10)])
    honest = measure_outcome(truth, "XAA", solve(truth))
    asked = state_and_recognise(truth, "XAA", CLAIMS[3], AS_ASKED)
    found = measure_outcome(truth, "XAA", solve(asked))
    assert (honest.usable_seats, honest.wasted_seats, honest.others_seats) == (4, 0, 4)
    assert (found.usable_seats, found.wasted_seats, found.others_seats) == (4, 4, 2)
    assert honest.coverage_share == 50.0
    assert found.coverage_share > 50.0


def test_with_true_recognition_the_problem_is_the_same_and_nothing_is_gained(effects):
    after = [row for row in effects if row.recognition == AS_IT_IS.name]
    assert len(after) == ROUNDS * len(CLAIMS)
    assert all(row.is_same_problem for row in after)
    for row in after:
        assert (row.gained_seats, row.others_lost_seats, row.wasted_seats) == (0, 0, 0)
        assert row.gained_share_points == 0


def test_without_recognition_others_lose_by_it(effects):
    """Else the test would show nothing: a claim that changes no plan can harm nobody."""
    before = [row for row in effects if row.recognition == AS_ASKED.name]
    assert sum(row.others_lost_seats for row in before) > 0
    assert not all(row.is_same_problem for row in before)


def test_the_interval_holds_the_mean_and_is_the_same_each_time():
    values = [0.0] * 60 + [1.0] * 40
    interval = bootstrap(values)
    assert interval == bootstrap(values)
    assert interval.mean == pytest.approx(0.4)
    # The textbook interval of a share of 40 in 100 is 0.40 +- 0.096.
    assert interval.low == pytest.approx(0.304, abs=0.02)
    assert interval.high == pytest.approx(0.496, abs=0.02)
    assert bootstrap([2.0, 2.0]) == honesty.Interval(2.0, 2.0, 2.0)


def test_the_findings_count_each_case_over_all_rounds(effects):
    findings = summarise(effects)
    assert [finding.rounds for finding in findings] == [ROUNDS] * len(honesty.CASES)
    for finding in findings:
        rows = [
            row for row in effects if (row.recognition, row.claim) == (finding.recognition, finding.claim)
        ]
        gained = [row.gained_seats for row in rows]
        assert finding.gained_seats.mean == pytest.approx(sum(gained) / ROUNDS)
        assert finding.most_gained_seats == max(gained)
        assert finding.share_gaining.mean == pytest.approx(100 / ROUNDS * sum(seats > 0 for seats in gained))
        assert finding.share_losing.mean == pytest.approx(100 / ROUNDS * sum(seats < 0 for seats in gained))
    table = table_of(findings)
    assert table.count("\n| seats x4, all critical |") == 3
    assert "-0.0" not in table


def test_the_command_writes_what_it_prints(tmp_path, monkeypatch):
    output = tmp_path / "deep" / "honesty.json"
    monkeypatch.setattr("sys.argv", ["honesty", "--rounds", "1", "--output", str(output)])
    printed: list[str] = []
    honesty.main(printed.append)
    document = json.loads(output.read_text(encoding="utf-8"))
    assert len(document["effects"]) == len(honesty.CASES)
    assert document["rounds_left_out"] == []
    assert document["rounds_sha256"] in printed[-1]
    assert printed[-1].startswith("1 rounds, 0 left out")
