"""The canonical form: one problem, one text, one hash (docs/matching.md, section 6)."""

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import InvalidFile
from optimizer.files.canonical import AgreementHash, canonical_bytes, problem_sha256, problem_to_document
from optimizer.files.problem_files import read_problem
from optimizer.problem import Ban, Need, Pin, Place, PreviousSeats, Problem, Requirement
from tests.bench.generator import make_problem
from tests.optimizer.random_problems import random_problem
from tests.optimizer.sample_files import change, sketched_problem, smallest_problem, whole_problem

# Written by hand from the contract, so that the form cannot drift with the code that writes it.
SKETCHED_PROBLEM_IN_CANONICAL_FORM = (
    '{"forbidden":[],"format":"lcm-problem/1",'
    '"needs":[{"areas":null,"earliest":null,"id":"N-1","languages":null,"latest":null,"level":null,'
    '"max_groups":null,"min_group":1,"modes":null,"personnel":null,"place":null,"priority":"routine",'
    '"recipient":"XAA","seats":null,"whole":false,"women":null}],'
    '"offers":[{"id":"O-1","max_sessions":null,"partners":[],"provider":"XPA","record":null}],'
    '"pinned":[],"places":[],'
    '"policy":{"fit":{"area":45,"language":28,"mode":17,"proximity":10,"record":0},'
    '"objectives":["firm.critical","firm.reached","firm.coverage","critical","reached","coverage","stability",'
    '"quality"],"planning_seats":{"need":5,"session":20},"quarters":[4,3,2,1],"reached_seats":20,'
    '"unknowns":"allow","weights":{"critical":4,"high":2,"routine":1}},'
    '"previous":[],"providers":[{"id":"XPA","seats":null,"teams":null}],'
    '"recipients":[{"groups":[],"id":"XAA","place":null}],"scores":[],'
    '"sessions":[{"areas":null,"end":null,"except":[],"id":"S-1","languages":null,"level":null,'
    '"max_per_recipient":null,"max_recipients":null,"min_seats":1,"mode":null,"not_after":null,'
    '"not_before":null,"offer":"O-1","only":null,"personnel":null,"place":null,"requires":null,"seats":null,'
    '"start":null,"team":false,"women_only":false}],'
    '"substitutions":[],"supports":[]}'
)


def test_the_canonical_form_is_the_one_that_the_contract_describes():
    problem = read_problem(sketched_problem())
    assert canonical_bytes(problem).decode() == SKETCHED_PROBLEM_IN_CANONICAL_FORM
    assert problem_sha256(problem) == hashlib.sha256(SKETCHED_PROBLEM_IN_CANONICAL_FORM.encode()).hexdigest()


def test_sessions_for_which_a_support_was_declined_are_written_where_there_are_any():
    stated = {"id": "R-1", "provider": "XPA", "kind": "venue"}
    never = read_problem(sketched_problem() | {"supports": [stated]})
    none = read_problem(sketched_problem() | {"supports": [stated | {"not_for": []}]})
    assert problem_sha256(none) == problem_sha256(never)
    assert b"not_for" not in canonical_bytes(never)
    declined = read_problem(sketched_problem() | {"supports": [stated | {"not_for": ["S-1"]}]})
    assert problem_sha256(declined) != problem_sha256(never)
    assert read_problem(json.loads(canonical_bytes(declined))) == declined
    with pytest.raises(InvalidFile, match="S-9"):
        read_problem(sketched_problem() | {"supports": [stated | {"not_for": ["S-9"]}]})


def test_letters_of_every_script_are_written_as_themselves_in_utf_8():
    problem = read_problem(sketched_problem() | {"recipients": [{"id": "XAA", "groups": ["الساحل"]}]})
    assert '"الساحل"'.encode() in canonical_bytes(problem)


@pytest.mark.parametrize("document", [smallest_problem, sketched_problem, whole_problem])
def test_file_in_and_file_out_again_is_the_same_problem_with_the_same_hash(document):
    problem = read_problem(document())
    again = read_problem(json.loads(json.dumps(problem_to_document(problem))))
    assert again == problem
    assert problem_sha256(again) == problem_sha256(problem)
    assert read_problem(json.loads(canonical_bytes(problem))) == problem


@pytest.mark.parametrize("seed", range(20))
def test_made_up_rounds_come_back_from_their_documents_unchanged(seed):
    for problem in (make_problem(needs=12, sessions=15, seed=seed), random_problem(seed)):
        assert read_problem(problem_to_document(problem)) == problem


def test_nulls_and_defaults_that_are_written_out_do_not_change_the_hash():
    written_out = problem_to_document(read_problem(sketched_problem()))
    assert written_out["needs"][0]["min_group"] == 1
    assert written_out["needs"][0]["level"] is None
    assert problem_sha256(read_problem(written_out)) == problem_sha256(read_problem(sketched_problem()))


def shuffle(document: Any, seed: int) -> Any:
    """Every object's keys, every list of rows and every set in an order drawn from the seed."""
    draw = random.Random(seed)
    kept_in_order = {"languages", "modes", "objectives", "quarters", "regions"}

    def visit(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            keys = draw.sample(sorted(value), len(value))
            return {key: visit(value[key], key) for key in keys}
        if isinstance(value, list):
            inner = [visit(row, "") for row in value]
            return inner if name in kept_in_order else draw.sample(inner, len(inner))
        return value

    return visit(document, "")


@given(st.integers(min_value=0, max_value=10**6))
def test_the_order_of_rows_keys_and_members_never_changes_the_hash(seed):
    shuffled = shuffle(whole_problem(), seed)
    assert problem_sha256(read_problem(shuffled)) == problem_sha256(read_problem(whole_problem()))


CHANGES = [
    ("places[0].regions", ["202", "002", "014"]),
    ("recipients[0].place", "KEN"),
    ("recipients[0].groups", ["AU"]),
    ("providers[0].teams", 3),
    ("providers[0].seats", None),
    ("substitutions[0].fit", 61),
    ("needs[0].areas", ["MED"]),
    ("needs[0].place", None),
    ("needs[0].level", "any"),
    ("needs[0].personnel", ["any"]),
    ("needs[0].seats", 61),
    ("needs[0].women", None),
    ("needs[0].min_group", 1),
    ("needs[0].max_groups", None),
    ("needs[0].whole", False),
    ("needs[0].earliest", "2027-03-02"),
    ("needs[0].latest", None),
    ("needs[0].languages", ["en", "fr"]),
    ("needs[0].languages", ["FR", "en"]),
    ("needs[0].modes", ["regional_centre", "mobile_team"]),
    ("needs[0].priority", "high"),
    ("offers[0].partners", []),
    ("offers[0].max_sessions", 3),
    ("offers[0].record", 0),
    ("sessions[0].women_only", False),
    ("sessions[0].only", ["any"]),
    ("sessions[0].only", None),
    ("sessions[0].except", []),
    ("sessions[0].requires", []),
    ("sessions[0].requires", None),
    ("supports[0].from", None),
    ("supports[0].areas", None),
    ("supports[0].languages", ["fr"]),
    ("scores[0].fit", 91),
    ("pinned[0].rule", "at_least"),
    ("forbidden", []),
    ("previous[0].seats", 21),
    ("policy.objectives", ["quality", "critical"]),
    ("policy.weights.high", 4),
    ("policy.quarters", [4, 3, 2, 0]),
    ("policy.reached_seats", 16),
    ("policy.unknowns", "allow"),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_another_answer_in_any_field_gives_another_hash(path, value):
    changed = read_problem(change(whole_problem(), path, value))
    assert problem_sha256(changed) != problem_sha256(read_problem(whole_problem()))


def test_any_and_unknown_are_different_problems():
    hashes = {
        problem_sha256(read_problem(change(sketched_problem(), "needs[0].areas", areas)))
        for areas in (None, ["any"], ["MED"])
    }
    assert len(hashes) == 3


def test_a_problem_built_out_of_order_is_written_in_canonical_order():
    document = problem_to_document(
        Problem(
            places=(Place("B"), Place("A")),
            needs=(Need("N-2", "XAA", areas=frozenset("zyx")), Need("N-10", "XAA")),
        )
    )
    assert [place["id"] for place in document["places"]] == ["A", "B"]
    assert [need["id"] for need in document["needs"]] == ["N-10", "N-2"]
    assert document["needs"][1]["areas"] == ["x", "y", "z"]


def test_requirements_are_ordered_by_all_that_they_say():
    rows = [
        {"kind": "venue", "quantity": 2},
        {"kind": "funds", "per_seat": 2},
        {"kind": "venue", "quantity": 1},
    ]
    problem = read_problem(change(sketched_problem(), "sessions[0].requires", rows))
    assert problem.sessions[0].requires == (
        Requirement("funds", 0, 2),
        Requirement("venue", 1, 0),
        Requirement("venue", 2, 0),
    )


def test_a_hash_with_what_stays_written_once_is_the_hash_of_the_whole():
    for problem in (*(random_problem(seed) for seed in range(10)), make_problem(20, 25, 1), Problem()):
        kept = AgreementHash(problem)
        for changed in (
            problem,
            replace(problem, pinned=(Pin("N-é", "S-1", 4, "exactly"),), previous=()),
            replace(problem, pinned=(), forbidden=(Ban("N-1", "S-1"), Ban("N-2", "S-1"))),
            replace(problem, previous=(PreviousSeats("N-1", "S-1", 3),)),
        ):
            assert kept.sha256(changed) == problem_sha256(changed)
