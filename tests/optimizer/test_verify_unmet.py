"""Verify's own account of unmet needs: over a whole round at once it says what its rules say pair by pair."""

from dataclasses import replace
from time import monotonic

import pytest

from optimizer.plan import MAX_NEAREST, Nearest, UnmetNeed
from optimizer.verify import judge_pair_again, verify
from optimizer.verify_constraints import Ledger
from optimizer.verify_refusals import Refusals
from optimizer.verify_rules import Facts
from optimizer.verify_unmet import unmet_again
from tests.optimizer.builders import full_plan, need, problem, session
from tests.optimizer.random_problems import random_pair_problem, random_round


def unmet_of(round_, rows=()):
    return unmet_again(Ledger(Facts(round_), list(rows)))


@pytest.mark.parametrize("unknowns", ["allow", "exclude"])
def test_what_is_said_of_all_sessions_at_once_is_what_is_said_of_each_pair(unknowns):
    for seed in range(150):
        drawn = random_pair_problem(seed)
        round_ = replace(drawn, policy=replace(drawn.policy, unknowns=unknowns))
        refusals = Refusals(Facts(round_))
        pinned = {(pin.need, pin.session) for pin in round_.pinned}
        for one in round_.needs:
            words = refusals.words(one)
            pairs = []
            for number, other in enumerate(round_.sessions):
                expected = judge_pair_again(round_, one, other)
                said = {
                    code: "no" if row.no >> number & 1 else "unknown" if row.unknown >> number & 1 else "yes"
                    for code, row in words.items()
                }
                assert said == expected, f"seed {seed}: {one.id} in {other.id}"
                may_ask = unknowns == "allow" or (one.id, other.id) in pinned
                if "no" not in said.values() and (may_ask or "unknown" not in said.values()):
                    pairs.append(other)
            assert list(refusals.pairs(one, words)) == pairs, f"seed {seed}: {one.id}"


def test_the_nearest_are_the_first_twenty_of_those_that_the_fewest_rules_refuse():
    far = [session(f"S-{n:02}", level="advanced", mode="mobile_team", place="XPA") for n in range(3)]
    near = [session(f"S-{n:02}", level="advanced") for n in range(3, 28)]
    elsewhere = [session("S-90", areas={"EOD"}), session("S-91")]
    (row,) = unmet_of(problem([need()], [*far, *near, *elsewhere]))
    assert row.nearest == tuple(Nearest(one.id, ("level",)) for one in near[:MAX_NEAREST])
    assert row.blocked_counts == {"area": 1, "level": 28, "place": 3}
    (row,) = unmet_of(problem([need()], [*far, *near[:2]]))
    assert [near.session for near in row.nearest] == ["S-03", "S-04", "S-00", "S-01", "S-02"]


def test_a_near_session_that_is_left_out_is_missed():
    sessions = [session("S-1", level="advanced"), session("S-2", level="advanced")]
    round_ = problem([need()], sessions)
    near = tuple(Nearest(one.id, ("level",)) for one in sessions)
    told = UnmetNeed("N-1", 10, "blocked", {"level": 2}, near)
    assert verify(round_, full_plan(round_, {}, unmet=(told,))).ok
    for false in (
        replace(told, nearest=near[1:]),
        replace(told, nearest=()),
        replace(told, blocked_counts={"level": 1}),
        replace(told, blocked_counts={}),
        replace(told, reason="no_session"),
        replace(told, reason="contention"),
    ):
        violations = verify(round_, full_plan(round_, {}, unmet=(false,))).violations
        assert [(row.code, row.need) for row in violations] == [("unmet", "N-1")]


def test_a_need_whose_only_pairs_are_excluded_is_blocked_but_a_pinned_pair_stays():
    round_ = problem([need()], [session(level=None)], unknowns="exclude")
    assert [row.reason for row in unmet_of(round_)] == ["blocked"]
    pinned = replace(round_, pinned=problem([need()], [session()], pinned=[("N-1", "S-1", 4)]).pinned)
    assert [row.reason for row in unmet_of(pinned)] == ["support_missing"]


def test_two_thousand_unmet_needs_are_judged_against_two_thousand_sessions_in_seconds():
    round_ = random_round(3, 2_000, 2_000)
    begin = monotonic()
    assert len(unmet_of(round_)) == 2_000
    # Asking every rule of all four million pairs would take more than a minute.
    assert monotonic() - begin < 10
