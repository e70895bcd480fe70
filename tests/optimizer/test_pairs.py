"""Pairs found by index are those of judging every pair: which exist, their fit, questions and bridges."""

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from optimizer.plan import Question
from optimizer.problem import Ban, Pin, Problem, Score
from optimizer.rules import looks, pair_rows
from optimizer.rules.compatibility import RULES, No, Pair, Unknown, find_bridges, judge_pair
from optimizer.rules.facts import Facts
from optimizer.rules.fit import fit_of_pair
from optimizer.rules.pair_rows import find_pair_rows
from optimizer.rules.pairs import find_pairs
from optimizer.rules.words import ASKS, SAYS_NO, SAYS_YES, RuleWords
from tests.optimizer.builders import need, problem, session
from tests.optimizer.random_problems import random_pair_problem, random_round

TINY, MIDDLE = 80, 12


def random_rounds(size):
    """Yield random problems with bans, scores and pins, many under a policy that excludes unknowns."""
    times = 4 if size == "full" else 1
    for seed in range(TINY * times):
        yield with_lists(random_pair_problem(seed), seed)
    for seed in range(MIDDLE * times):
        yield with_lists(random_round(seed, 20, 25), seed)


def with_lists(drawn: Problem, seed: int) -> Problem:
    rng = Random(seed)
    pairs = [(one.id, other.id) for one in drawn.needs for other in drawn.sessions]

    def some(most: int) -> list[tuple[str, str]]:
        return sorted(rng.sample(pairs, min(most, len(pairs))))

    return replace(
        drawn,
        forbidden=tuple(Ban(*pair) for pair in some(3)),
        scores=tuple(Score(*pair, rng.randint(0, 100)) for pair in some(12)),
        pinned=tuple(Pin(*pair, 1) for pair in some(6)),
        policy=replace(drawn.policy, unknowns=rng.choice(("allow", "exclude"))),
    )


def pairs_one_by_one(round_: Problem) -> list[Pair]:
    """Judge every need with every session, as the contract has it."""
    facts = Facts(round_)
    pinned = {(pin.need, pin.session) for pin in round_.pinned}
    found = []
    for one in round_.needs:
        for other in round_.sessions:
            verdict = judge_pair(facts, one, other)
            may_ask = round_.policy.unknowns == "allow" or (one.id, other.id) in pinned
            if verdict.exists and (verdict.is_firm or may_ask):
                fit, bridges = fit_of_pair(facts, one, other), find_bridges(facts, one, other)
                found.append(Pair(one.id, other.id, verdict.is_firm, fit, verdict.questions, bridges))
    return found


def test_the_index_finds_exactly_the_pairs_of_judging_every_pair(size):
    seen: Counter[str] = Counter()
    for round_ in random_rounds(size):
        expected = pairs_one_by_one(round_)
        assert list(find_pairs(round_)) == expected
        scored = {(score.need, score.session) for score in round_.scores}
        pinned = {(pin.need, pin.session) for pin in round_.pinned}
        for pair in expected:
            seen["bridged"] += bool(pair.bridges)
            seen["scored"] += (pair.need, pair.session) in scored
            seen["conditional"] += not pair.firm
            is_kept = round_.policy.unknowns == "exclude" and not pair.firm
            seen["kept by a pin"] += is_kept and (pair.need, pair.session) in pinned
            seen["asked of both"] += len({question.record for question in pair.questions}) == 2
    assert min(seen.values()) > 10, seen
    assert len(seen) == 5


def test_the_pairs_of_one_need_are_those_of_it_among_all(size):
    for seed in range(8):
        round_ = with_lists(random_round(seed, 20, 25), seed)
        pairs = find_pairs(round_)
        for one in round_.needs:
            assert find_pairs(round_, one.id) == tuple(pair for pair in pairs if pair.need == one.id)
        assert find_pairs(round_, "no such need") == ()


def test_small_batches_and_rows_that_are_forgotten_change_nothing(monkeypatch):
    rounds = [with_lists(random_round(seed, 20, 25), seed) for seed in range(6)]
    expected = [find_pairs(round_) for round_ in rounds]
    monkeypatch.setattr(pair_rows, "_MOST_NEEDS", 3)
    monkeypatch.setattr(pair_rows, "_MOST_CANDIDATES", 40)
    monkeypatch.setattr(looks, "MOST_BYTES_KEPT", 60)
    assert [find_pairs(round_) for round_ in rounds] == expected


def test_a_table_of_a_rule_holds_what_the_rule_answers_pair_by_pair(size):
    for round_ in random_rounds(size):
        facts = Facts(round_)
        words = RuleWords(facts)
        for rule in RULES:
            table = words.table(rule.code)
            for one in round_.needs:
                row = table.row(one)[table.looks.column]
                answers = [rule.judge(facts, one, other) for other in round_.sessions]
                assert row.tolist() == [
                    SAYS_NO if isinstance(answer, No) else ASKS if isinstance(answer, Unknown) else SAYS_YES
                    for answer in answers
                ]
            assert table.looks.counts.sum() == len(round_.sessions)


def test_rows_say_of_each_pair_what_the_pair_says_and_where_those_of_a_need_are():
    round_ = with_lists(random_round(1, 20, 25), 1)
    rows, pairs = find_pair_rows(Facts(round_)), find_pairs(round_)
    assert [round_.needs[number].id for number in rows.needs] == [pair.need for pair in pairs]
    assert [round_.sessions[number].id for number in rows.sessions] == [pair.session for pair in pairs]
    assert rows.fits.tolist() == [pair.fit for pair in pairs]
    assert (rows.askers == 0).tolist() == [pair.firm for pair in pairs]
    for position, one in enumerate(round_.needs):
        assert np.count_nonzero(rows.needs == position) == sum(pair.need == one.id for pair in pairs)
        assert set(rows.needs[rows.of_need(position)].tolist()) <= {position}
    assert rows.starts[-1] == len(pairs)


@pytest.mark.parametrize(("needs", "sessions"), [([], []), ([need()], []), ([], [session()])])
def test_a_round_without_needs_or_without_sessions_has_no_pairs(needs, sessions):
    assert find_pairs(problem(needs, sessions)) == ()


def test_a_need_and_a_session_of_one_name_ask_their_own_questions():
    round_ = problem(
        [need("X", level=None), need("Y")],
        [session("X", level=None), session("Z", personnel=None)],
    )
    asked = {(pair.need, pair.session): pair.questions for pair in find_pairs(round_)}
    assert asked == {
        ("X", "X"): (Question("X", "level"),),
        ("X", "Z"): (Question("X", "level"), Question("Z", "personnel")),
        ("Y", "X"): (Question("X", "level"),),
        ("Y", "Z"): (Question("Z", "personnel"),),
    }
