"""Verify's own account of unmet needs: over a whole round at once it says what its rules say pair by pair."""

from collections import Counter
from dataclasses import replace
from time import process_time

import pytest

from optimizer.plan import MAX_NEAREST, Nearest, UnmetNeed
from optimizer.problem import Ban
from optimizer.verifying.constraints import Ledger
from optimizer.verifying.refusals import Refusals
from optimizer.verifying.rules import RULES_AGAIN, Facts, lower, support_fits
from optimizer.verifying.unmet import unmet_again
from optimizer.verifying.verify import judge_pair_again, verify
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


def counted_one_by_one(round_, one):
    """Ask every rule of every session about one need, and count."""
    counts, near = Counter(), []
    for other in round_.sessions:
        codes = tuple(code for code, word in judge_pair_again(round_, one, other).items() if word == "no")
        counts.update(codes)
        if codes and "area" not in codes:
            near.append(Nearest(other.id, codes))
    near.sort(key=lambda row: (len(row.rules), row.session))
    return dict(counts), tuple(near[:MAX_NEAREST])


def test_what_is_told_of_a_whole_round_is_what_a_plain_count_of_every_pair_finds(size):
    refused, rows_seen = Counter(), 0
    for seed in range(12 if size == "full" else 4):
        drawn = random_round(seed, 12, 90)
        bans = tuple(Ban(one.id, drawn.sessions[seed].id) for one in drawn.needs[::3])
        needs = (replace(drawn.needs[0], level="advanced"), *drawn.needs[1:])
        round_ = replace(drawn, needs=needs, forbidden=bans)
        for row in unmet_of(round_):
            counts, nearest = counted_one_by_one(round_, round_.need_by_id[row.need])
            assert (dict(row.blocked_counts), row.nearest) == (counts, nearest), f"seed {seed}: {row.need}"
            assert list(row.blocked_counts) == [code for code in RULES_AGAIN if code in counts]
            refused.update(counts)
            rows_seen += 1
    assert rows_seen > 40
    assert set(refused) == RULES_AGAIN.keys() - {"seats", "requires"}


def test_the_languages_of_fitting_interpreters_are_those_that_each_support_alone_brings(size):
    seen = Counter()
    for seed in range(300 if size == "full" else 80):
        round_ = random_round(seed, 1, 30)
        facts = Facts(round_)
        for one in round_.sessions:
            alone = {
                frozenset(lower(row.languages))
                for row in round_.supports
                if row.kind == "interpretation" and row.languages and support_fits(facts, row, one)
            }
            assert facts.tongues_of(one) == alone
            seen[len(alone)] += 1
    assert seen[0] > 10
    assert sum(count for number, count in seen.items() if number > 1) > 10


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
    begin = process_time()
    assert len(unmet_of(round_)) == 2_000
    # Asking every rule of all four million pairs would take more than a minute.
    assert process_time() - begin < 10
