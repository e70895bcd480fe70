"""The index of supports finds what the rule of C9 says of one support and one session at a time."""

from collections import Counter
from random import Random

from optimizer.rules.facts import INTERPRETATION, Facts
from tests.optimizer.random_problems import random_pair_problem, random_round


def test_the_supports_that_fit_are_those_that_each_alone_fits(size):
    rounds = [random_pair_problem(seed) for seed in range(400 if size == "full" else 100)]
    rounds += [random_round(seed, 1, 60) for seed in range(20)]
    words: Counter[bool] = Counter()
    for round_ in rounds:
        facts = Facts(round_)
        for session in round_.sessions:
            for kind in {support.kind for support in round_.supports}:
                alone = [row for row in round_.supports if row.kind == kind]
                expected = [row for row in alone if facts.support_fits(row, session)]
                assert list(facts.fitting_supports(session, kind)) == expected
                words.update(row in expected for row in alone)
            assert facts.fitting_supports(session, "a kind that nobody gives") == ()
    assert words[True] > 100
    assert words[False] > 100


def test_the_languages_that_are_linked_are_those_that_one_fitting_support_links(size):
    linked = 0
    for seed in range(400 if size == "full" else 100):
        round_ = random_round(seed, 1, 8)
        facts = Facts(round_)
        for session in round_.sessions:
            fitting = [
                row
                for row in round_.supports
                if row.kind == INTERPRETATION and facts.support_fits(row, session)
            ]
            expected = {
                language
                for language in ("en", "fr", "es", "de")
                if any(facts.links(row, language, session) for row in fitting)
            }
            assert facts.linked_languages(session) == expected
            linked += len(expected)
    assert linked > 100


def test_the_supports_that_are_usable_and_that_link_are_those_that_each_alone_is(size):
    usable_count = linking_count = 0
    for seed in range(400 if size == "full" else 100):
        round_ = random_round(seed, 4, 10)
        facts, rng = Facts(round_), Random(seed)
        for session in round_.sessions:
            there = {one.recipient for one in rng.sample(round_.needs, rng.randint(1, 3))}
            for kind, rows in facts.supports_by_kind.items():
                usable = facts.fitting(kind).members(facts.usable_supports(session, kind, there))
                assert list(usable) == [
                    row
                    for row in rows
                    if row.quantity
                    and facts.support_fits(row, session)
                    and (
                        facts.support_is_open_to(row, session)
                        or all(facts.support_admits(row, recipient) for recipient in there)
                    )
                ]
                usable_count += len(usable)
            for language in ("en", "fr", "es", "de"):
                some = facts.linking_supports(session, language)
                linking = facts.fitting(INTERPRETATION).members(some)
                rows = facts.supports_by_kind.get(INTERPRETATION, ())
                assert list(linking) == [row for row in rows if facts.links(row, language, session)]
                linking_count += len(linking)
    assert usable_count > 100
    assert linking_count > 100
