"""The JSON Schemas (draft 2020-12) of the files, made from the same tables of fields that read them.

`python -m optimizer.files.schema` writes them to `optimizer/files/schemas/`; a test fails where they are
out of date. What a schema cannot say stays with reading: ids that are declared, rows that are repeated,
numbers that sum to 100, one field not above another, days that the calendar has,
and that 5.0 is not written for 5.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from optimizer.explaining.changes import CHANGE_KINDS, Change
from optimizer.explaining.explain import (
    EXPLANATION_FORMAT,
    Alternative,
    Explanation,
    MatchExplanation,
    PairInWaiting,
    UnmetExplanation,
)
from optimizer.explaining.prices import PRICE_KINDS, Price
from optimizer.explaining.would_help import Effects, HelpfulChange, NeedChanges
from optimizer.files.lists import Members, Numbers
from optimizer.files.plan_files import (
    CLASH,
    OPEN_QUESTION,
    PAIR_RULE_CODES,
    PLAN,
    QUESTION,
    UNMET_NEED,
    write_json,
)
from optimizer.files.records import Field, Nested, Rows, Table
from optimizer.files.tables import PERCENT, PROBLEM
from optimizer.files.values import Flag, OneOf, Schema, Sha256, Text, Whole
from optimizer.problem import FIT_PARTS, OBJECTIVES
from optimizer.scenarios.files import SCENARIO_COMPARISON

SCHEMA_FOLDER: Final = Path(__file__).parent / "schemas"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def build_schema(table: Table) -> Schema:
    """The JSON Schema of a file whose root record is ``table``."""
    inner = {found.noun: found for found in _find_tables(table)}
    return {
        "$schema": _DIALECT,
        "$id": schema_name(table),
        "title": table.format,
        **_record_schema(table),
        "$defs": {noun: _record_schema(found) for noun, found in sorted(inner.items())},
    }


def schema_name(table: Table) -> str:
    """The file name of a schema: ``lcm-problem-1.schema.json``."""
    assert table.format is not None
    return f"{table.format.replace('/', '-')}.schema.json"


def _find_tables(table: Table) -> Iterator[Table]:
    for column in table.fields:
        found = getattr(column.kind, "table", None)
        if isinstance(found, Table):
            yield found
            yield from _find_tables(found)


def _record_schema(table: Table) -> Schema:
    properties: dict[str, Any] = {"format": {"const": table.format}} if table.format else {}
    properties |= {column.key: _field_schema(column, table) for column in table.fields}
    required = ["format"] if table.format else []
    required += [column.key for column in table.fields if not _may_be_left_out(column, table)]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **table.schema_extra,
    }


def _may_be_left_out(column: Field, table: Table) -> bool:
    return column.may_be_null or column.key in table.defaults


def _field_schema(column: Field, table: Table) -> Schema:
    schema = column.kind.schema()
    if _may_be_left_out(column, table):
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {"description": column.meaning, **schema} if column.meaning else schema


def write_schemas(folder: Path = SCHEMA_FOLDER) -> None:
    """Write every schema to ``folder``."""
    for table in SCHEMA_TABLES:
        write_json(folder / schema_name(table), build_schema(table))


_NAME: Final = Text()
_COUNT: Final = Whole(least=0)
_QUESTIONS: Final = Rows(QUESTION, in_order=True)

WAITING: Final = Table(
    record=PairInWaiting,
    noun="pair_in_waiting",
    fields=(
        Field("session", _NAME),
        Field("fit", PERCENT),
        Field("seats_left", _COUNT, "seats of the session that the plan leaves free"),
        Field("questions", _QUESTIONS, "what stands in the way"),
    ),
)
CHANGE: Final = Table(
    record=Change,
    noun="change",
    fields=(
        Field("kind", OneOf(CHANGE_KINDS)),
        Field("word", _NAME, "the language, mode or kind of support", may_be_null=True),
        Field("languages", Members(_NAME, in_order=True), "that interpretation links", may_be_null=True),
        Field("amount", Whole(least=1), "days, seats of a group, groups or units", may_be_null=True),
    ),
)
EFFECTS: Final = Table(
    record=Effects,
    noun="effects",
    fields=(
        Field("seats_gained", Whole(least=1), "by this need"),
        Field("seats_lost_by_others", _COUNT),
        Field("needs_losing", _COUNT),
    ),
)
HELPFUL_CHANGE: Final = Table(
    record=HelpfulChange,
    noun="helpful_change",
    fields=(
        Field("change", Nested(CHANGE)),
        Field("is_least", Flag(), "no smaller one of its kind helps, as far as was free"),
        Field("effects", Nested(EFFECTS), "of the plan that proves it; another may be found"),
    ),
)
NEED_CHANGES: Final = Table(
    record=NeedChanges,
    noun="need_changes",
    fields=(
        Field("proof", OneOf(("whole", "near")), "whether all the round was free, or what lies near"),
        Field(
            "gains_unchanged",
            Flag(),
            "a better plan of the round as it is gives it more",
            must_be_stated=True,
        ),
        Field("helps", Rows(HELPFUL_CHANGE, in_order=True), must_be_stated=True),
        Field("not_settled", Rows(CHANGE, in_order=True), "time ran out", must_be_stated=True),
    ),
)
UNMET: Final = Table(
    record=UnmetExplanation,
    noun="unmet",
    fields=(
        *UNMET_NEED.fields,
        Field("waiting", Rows(WAITING, in_order=True), "best conditional pairs"),
        Field("changes", Nested(NEED_CHANGES), "null: not looked for", may_be_null=True),
    ),
)
ALTERNATIVE: Final = Table(
    record=Alternative,
    noun="alternative",
    fields=(
        Field("session", _NAME),
        Field("fit", PERCENT),
        Field("firm", Flag()),
        Field("seats_left", _COUNT, "seats of the session that the plan leaves free"),
    ),
)
MATCH: Final = Table(
    record=MatchExplanation,
    noun="match",
    fields=(
        Field("need", _NAME),
        Field("session", _NAME),
        Field("seats", Whole(least=1)),
        Field("fit", PERCENT),
        Field("fit_parts", Numbers(FIT_PARTS, PERCENT), "null: a coordinator's own score", may_be_null=True),
        Field("firm", Flag()),
        Field("pinned", Flag()),
        Field("bridged_by", _NAME, "null: they share a language", may_be_null=True),
        Field(
            "unknown_rules",
            Members(OneOf(PAIR_RULE_CODES), may_be_empty=True, in_order=True),
            "rules that wait for an answer",
        ),
        Field("questions", _QUESTIONS),
        Field("alternatives", Rows(ALTERNATIVE, in_order=True), "other sessions that it could have had"),
    ),
)
PRICE: Final = Table(
    record=Price,
    noun="price",
    fields=(
        Field("kind", OneOf(PRICE_KINDS)),
        Field("is_settled", Flag(), "all of it was solved to its end"),
        Field("objective", OneOf(OBJECTIVES), "the first that would change; null: none", may_be_null=True),
        Field("amount", _COUNT, "gained without a pin or ban, lost without the rest", must_be_stated=True),
        Field("need", _NAME, may_be_null=True),
        Field("session", _NAME, may_be_null=True),
        Field("record", _NAME, "of a question", may_be_null=True),
        Field("field", _NAME, "of a question", may_be_null=True),
        Field("seats", _COUNT, "that the need of a match would have then", may_be_null=True),
    ),
)
EXPLANATION: Final = Table(
    record=Explanation,
    noun="explanation",
    format=EXPLANATION_FORMAT,
    fields=(
        Field("problem_sha256", Sha256(), "of the problem that the plan answers"),
        Field("unmet", Rows(UNMET, in_order=True), must_be_stated=True),
        Field("matches", Rows(MATCH, in_order=True), must_be_stated=True),
        Field("questions", Rows(OPEN_QUESTION, in_order=True), must_be_stated=True),
        Field("prices", Rows(PRICE, in_order=True), "null: not worked out", may_be_null=True),
        Field("clash", Nested(CLASH), "null: the pins hold together"),
    ),
)

SCHEMA_TABLES: Final = (PROBLEM, PLAN, EXPLANATION, SCENARIO_COMPARISON)

if __name__ == "__main__":
    write_schemas()
