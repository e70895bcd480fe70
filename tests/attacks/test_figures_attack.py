"""Nobody works out from all published tables together what is not told: what may be in a merged cell cannot
be narrowed below the threshold, and no State's records are ever known.
"""

from collections import Counter

import pytest

from lcm_service.domain import disclosure
from lcm_service.domain.disclosure import LEAST_RECORDS, publish
from tests.attacks.figures_attacker import Attacker, hidden_leaves, is_of, stands_in
from tests.conftest import size_of_this_run
from tests.domain.made_up_figures import MEASURE, STATES, draw_entries, entry

SEEDS = range(200 if size_of_this_run() == "full" else 12)


def published(seed):
    entries = draw_entries(seed)
    return entries, publish(MEASURE, entries)


def narrowed(document, own=(), **options):
    """(dimension, leaf) -> the least and most records that it may have, of each without a line of its own."""
    attacker = Attacker(document, own, **options)
    return {
        (table["dimension"], leaf): attacker.bounds(stands_in(table["dimension"], frozenset([leaf])))
        for table in document["tables"]
        for leaf in sorted(hidden_leaves(table))
    }


def found_out(bounds):
    """Those that are known to be below the threshold, or exactly."""
    return {about for about, (least, most) in bounds.items() if most < LEAST_RECORDS or least == most}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stranger_cannot_narrow_what_is_merged(seed):
    _, document = published(seed)
    if document["tables"]:
        bounds = narrowed(document)
        assert not found_out(bounds)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_that_takes_its_own_records_off_cannot_either(seed):
    entries, document = published(seed)
    for state, _ in Counter(row.participant for row in entries).most_common(2 if document["tables"] else 0):
        own = [row for row in entries if row.participant == state]
        assert not found_out(narrowed(document, own)), state


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_who_minds_that_records_are_whole_learns_no_more(seed):
    entries, document = published(seed)
    state = Counter(row.participant for row in entries).most_common(1)[0][0]
    own = [row for row in entries if row.participant == state]
    assert document["tables"]
    assert narrowed(document, own, in_whole_numbers=True) == narrowed(document, own)


@pytest.mark.parametrize("seed", SEEDS)
def test_how_many_records_another_state_has_is_never_known(seed):
    entries, document = published(seed)
    if not document["tables"]:
        return
    largest = Counter(row.participant for row in entries).most_common(1)[0][0]
    for own in ([], [row for row in entries if row.participant == largest]):
        attacker = Attacker(document, own)
        for state in set(STATES) - {row.participant for row in own}:
            least, most = attacker.bounds(is_of(state))
            assert least < most, state
            assert least == 0, state


def test_the_tables_that_are_attacked_hide_something():
    documents = [published(seed)[1] for seed in SEEDS]
    hidden = [len(hidden_leaves(table)) for document in documents for table in document["tables"]]
    assert sum(map(bool, hidden)) >= len(SEEDS)
    assert sum(hidden) >= 5 * len(SEEDS)


def three_large_and_one_small():
    """Two needs are for field medical assistants, in a paragraph where ten are for something else."""
    small = [entry("XA", "FMA"), entry("XB", "FMA")]
    return small + [entry(state, leaf) for leaf in ("MED", "LOG") for state in STATES for _ in range(2)]


def test_the_attack_finds_what_no_second_subject_covers(monkeypatch):
    """The planted fault: what may not stand alone is merged with itself alone."""
    entries = three_large_and_one_small()
    assert not found_out(narrowed(publish(MEASURE, entries)))
    monkeypatch.setattr(
        disclosure,
        "_merge",
        lambda judge, members, may_stand: (sorted(may_stand), sorted(set(members) - set(may_stand))),
    )
    planted = publish(MEASURE, entries)
    bounds = narrowed(planted)
    assert ("area", ("9", "FMA")) in found_out(bounds)
    assert bounds[("area", ("9", "FMA"))][1] == 2


def test_the_attack_finds_what_a_state_alone_can_see_through(monkeypatch):
    """The planted fault: a merged cell that stands for enough, but not without one State's records."""
    own = [entry("XA", "MED"), entry("XA", "MED")]
    others = [entry("XB", "MED"), entry("XC", "CASEVAC"), entry("XD", "CASEVAC")]
    crowd = [entry(state, leaf) for leaf in ("FMA", "LOG") for state in STATES[1:] for _ in range(2)]
    entries = own + others + crowd
    assert not found_out(narrowed(publish(MEASURE, entries), own))
    monkeypatch.setattr(disclosure, "is_enough_beside_any", lambda rows: True)
    planted = publish(MEASURE, entries)
    assert not found_out(narrowed(planted))
    assert ("area", ("9", "CASEVAC")) in found_out(narrowed(planted, own))
