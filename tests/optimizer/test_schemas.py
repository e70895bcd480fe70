"""The JSON Schemas say in public what reading accepts, as strictly as a schema can."""

import copy
import json
from typing import Any

import jsonschema
import pytest

from optimizer.errors import InvalidFile
from optimizer.explaining.explain import explain, explanation_to_document
from optimizer.files.canonical import problem_to_document
from optimizer.files.plan_files import plan_to_document, read_plan
from optimizer.files.problem_files import read_problem
from optimizer.files.records import write_record
from optimizer.files.schema import EXPLANATION, SCHEMA_FOLDER, SCHEMA_TABLES, build_schema, schema_name
from optimizer.solving.solve import solve
from tests.bench.generator import make_problem
from tests.optimizer.sample_files import (
    change,
    clashing_plan,
    leave_out,
    sketched_problem,
    smallest_problem,
    whole_plan,
    whole_problem,
)


def load_schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMA_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def validator_of(name: str) -> jsonschema.Draft202012Validator:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(load_schema(name), format_checker=checker)


PROBLEM_VALIDATOR = validator_of("lcm-problem-1")
EXPLANATION_VALIDATOR = validator_of("lcm-explanation-1")
PLAN_VALIDATOR = validator_of("lcm-plan-1")


@pytest.mark.parametrize("path", sorted(SCHEMA_FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_each_schema_is_a_schema_of_draft_2020_12(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("table", SCHEMA_TABLES, ids=schema_name)
def test_the_schemas_in_the_folder_are_those_of_the_tables_that_read(table):
    """Where this fails, run ``python -m optimizer.files.schema``."""
    stored = json.loads((SCHEMA_FOLDER / schema_name(table)).read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(build_schema(table)))


@pytest.mark.parametrize("document", [smallest_problem, sketched_problem, whole_problem])
def test_a_problem_that_is_read_passes_the_schema_as_given_and_as_written(document):
    PROBLEM_VALIDATOR.validate(document())
    PROBLEM_VALIDATOR.validate(problem_to_document(read_problem(document())))


@pytest.mark.parametrize("document", [whole_plan, clashing_plan])
def test_a_plan_that_is_read_passes_the_schema_as_given_and_as_written(document):
    PLAN_VALIDATOR.validate(document())
    PLAN_VALIDATOR.validate(plan_to_document(read_plan(document())))


@pytest.mark.parametrize("seed", range(5))
def test_plans_and_explanations_of_made_up_rounds_pass_their_schemas(seed):
    problem = make_problem(needs=15, sessions=15, seed=seed, unknown_share=0.05)
    plan = solve(problem)
    PLAN_VALIDATOR.validate(plan_to_document(plan))
    explanation = explain(problem, plan)
    document = explanation_to_document(explanation)
    EXPLANATION_VALIDATOR.validate(document)
    assert document == write_record(explanation, EXPLANATION)


def places_in(value: Any, place: str = "") -> list[str]:
    """Every place of a document, such as ``needs[0].languages[1]``."""
    if isinstance(value, dict):
        inner = [(f"{place}.{key}" if place else key, member) for key, member in value.items()]
    elif isinstance(value, list):
        inner = [(f"{place}[{index}]", member) for index, member in enumerate(value)]
    else:
        inner = []
    return [name for name, _ in inner] + [
        found for name, member in inner for found in places_in(member, name)
    ]


VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    10**12,
    10**12 + 1,
    2.5,
    "",
    "any",
    "x",
    "2027-06-15",
    "2027-6-1",
    "basic",
    "online",
    [],
    ["any"],
    ["any", "x"],
    ["x", "x"],
    [1],
    [None],
    [{}],
    {},
    {"x": 1},
)

# What a schema cannot say, by the words of the fault that reading gives.
BEYOND_A_SCHEMA = (
    "is not declared in",
    "already",
    "must be at most seats",
    "must not be before",
    "must sum to",
    "quarters never increase",
)


@pytest.mark.parametrize(
    ("document", "read", "validator"),
    [
        (whole_problem(), read_problem, PROBLEM_VALIDATOR),
        (whole_plan(), read_plan, PLAN_VALIDATOR),
        (clashing_plan(), read_plan, PLAN_VALIDATOR),
    ],
    ids=["problem", "plan", "clashing plan"],
)
def test_wherever_a_value_is_put_the_schema_and_reading_agree(document, read, validator, size):
    """Every value above at every place of the document, quickly every fifth in turn: each is accepted by both
    or refused by both.
    """
    step = 1 if size == "full" else 5
    refused = 0
    for number, place in enumerate(places_in(document)):
        for value in VALUES[number % step :: step]:
            changed = change(copy.deepcopy(document), place, value)
            try:
                read(changed)
                faults: tuple[str, ...] = ()
            except InvalidFile as error:
                faults = error.faults
            faults = tuple(fault for fault in faults if not any(word in fault for word in BEYOND_A_SCHEMA))
            assert validator.is_valid(changed) == (not faults), (place, value, faults)
            refused += bool(faults)
    assert refused > 800 // step


@pytest.mark.parametrize(
    ("document", "read", "validator"),
    [
        (whole_problem(), read_problem, PROBLEM_VALIDATOR),
        (whole_plan(), read_plan, PLAN_VALIDATOR),
        (clashing_plan(), read_plan, PLAN_VALIDATOR),
    ],
    ids=["problem", "plan", "clashing plan"],
)
def test_whichever_key_is_left_out_the_schema_and_reading_agree(document, read, validator):
    for place in places_in(document):
        if place.endswith("]"):
            continue
        changed = leave_out(copy.deepcopy(document), place)
        try:
            read(changed)
            faults: tuple[str, ...] = ()
        except InvalidFile as error:
            faults = error.faults
        faults = tuple(fault for fault in faults if not any(word in fault for word in BEYOND_A_SCHEMA))
        assert validator.is_valid(changed) == (not faults), (place, faults)
