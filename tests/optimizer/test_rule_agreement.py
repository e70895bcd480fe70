"""The two statements of the pair rules, `compatibility.py` and `verify_rules.py`, agree on random pairs.

They were written apart, from the contract's text, so that a misreading shows as a disagreement here.
"""

from collections import Counter
from itertools import count, islice

import pytest

from optimizer.problem import Problem
from optimizer.rules.compatibility import RULES, No, Unknown, find_bridges, judge_pair
from optimizer.rules.facts import Facts
from optimizer.rules.fit import fit_of_pair
from optimizer.rules.pairs import find_pairs
from optimizer.verifying.rules import (
    Facts as FactsAgain,
)
from optimizer.verifying.rules import (
    bridges_again,
    fit_again,
    judge_pair_again,
    needs_bridge,
    questions_again,
)
from tests.optimizer.random_problems import random_pair_problem, random_problem


@pytest.fixture(scope="session")
def pair_count(size) -> int:
    return 10_000 if size == "full" else 1_000


def pairs_of_random_problems():
    """Yield (seed, problem, need, session) without end: half from odd problems, half from usual ones."""
    for seed in count():
        for problem in (random_pair_problem(seed), random_problem(seed)):
            for need in problem.needs:
                for session in problem.sessions:
                    yield seed, problem, need, session


def word_of(answer) -> str:
    return "no" if isinstance(answer, No) else "unknown" if isinstance(answer, Unknown) else "yes"


def test_both_statements_answer_every_rule_with_the_same_word_the_same_questions_fit_and_bridges(pair_count):
    words: Counter[tuple[str, str]] = Counter()
    for seed, problem, need, session in islice(pairs_of_random_problems(), pair_count):
        facts, again = Facts(problem), FactsAgain(problem)
        verdict, second = judge_pair(facts, need, session), judge_pair_again(again, need, session)
        where = f"seed {seed}, need {need}, session {session}"
        assert {code: word_of(answer) for code, answer in verdict.answers.items()} == second, where
        assert list(verdict.answers) == list(second) == [rule.code for rule in RULES]
        assert set(verdict.questions) == questions_again(again, need, session, second), where
        bridges = bridges_again(again, need, session) if needs_bridge(need, session) else ()
        assert find_bridges(facts, need, session) == bridges, where
        if verdict.exists:
            assert fit_of_pair(facts, need, session) == fit_again(again, need, session), where
        words.update(second.items())
        words["bridges", "yes"] += bool(bridges)
    # Every rule was heard saying each of its words, and interpretation bridged some pairs.
    never_no, never_unknown = {"seats", "requires"}, {"self", "group", "forbidden"}
    for rule in RULES:
        assert words[rule.code, "yes"] > 0
        assert (words[rule.code, "no"] > 0) is (rule.code not in never_no)
        assert (words[rule.code, "unknown"] > 0) is (rule.code not in never_unknown)
    assert words["bridges", "yes"] > 0


def pairs_again(problem: Problem) -> list[tuple[str, str, bool]]:
    """Return each pair that exists under the policy, and whether it is firm, by the second statement."""
    again = FactsAgain(problem)
    found = []
    for need in problem.needs:
        for session in problem.sessions:
            words = set(judge_pair_again(again, need, session).values())
            is_kept = problem.policy.unknowns == "allow" or (need.id, session.id) in again.pins
            if "no" not in words and ("unknown" not in words or is_kept):
                found.append((need.id, session.id, "unknown" not in words))
    return found


def test_the_pairs_that_are_found_are_those_that_the_second_statement_lets_exist(pair_count):
    policies = Counter()
    for seed in range(pair_count // 20):
        for problem in (random_pair_problem(seed), random_problem(seed)):
            found = [(pair.need, pair.session, pair.firm) for pair in find_pairs(problem)]
            assert found == pairs_again(problem), f"seed {seed}"
            policies[problem.policy.unknowns] += 1
    assert policies["allow"] > 0
    assert policies["exclude"] > 0
