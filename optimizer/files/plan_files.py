"""Reading and writing `lcm-plan/1`, and writing any JSON file whole or not at all.

Reading judges the shape of a plan and no more: whether it obeys the rules of its problem, names each pair
once and states the right values is for `verifying/` to say.
"""

import contextlib
import itertools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from optimizer.errors import InvalidFile
from optimizer.files.json_text import load_json
from optimizer.files.lists import Counts, Members
from optimizer.files.records import Field, Nested, Rows, Table, read_record, write_record
from optimizer.files.values import Flag, OneOf, Reading, Schema, Seconds, Sha256, Text, Whole
from optimizer.plan import (
    OUTCOMES,
    PLAN_FORMAT,
    UNMET_REASONS,
    Assignment,
    Clash,
    ClashLimit,
    Nearest,
    ObjectiveValue,
    OpenQuestion,
    Plan,
    Question,
    RunningSession,
    SolverInfo,
    SupportUse,
    UnmetNeed,
)
from optimizer.problem import OBJECTIVES, PIN_RULES, Ban, Pin

PAIR_RULE_CODES: Final = (
    "area",
    "level",
    "personnel",
    "dates",
    "language",
    "mode",
    "place",
    "eligible",
    "women",
    "self",
    "group",
    "seats",
    "requires",
    "forbidden",
)
CONSTRAINT_CODES: Final = tuple(f"C{number}" for number in range(1, 13))

# Values are sums and products of numbers that each stay below the limit of the problem; no sum of them
# passes this.
_MOST_VALUE: Final = 10**60
_VALUE: Final = Whole(least=-_MOST_VALUE, most=_MOST_VALUE)
_NAME: Final = Text()
_COUNT: Final = Whole(least=0)
_PAIR_FIELDS: Final = (Field("need", _NAME), Field("session", _NAME))


PAIR_NAME: Final = Table(record=Ban, noun="pair", fields=_PAIR_FIELDS)


@dataclass(frozen=True)
class PairNames:
    """A list of pairs, each written as an object with its need and session."""

    table: Table = PAIR_NAME

    def read(self, value: object, place: str, reading: Reading) -> tuple[tuple[str, str], ...] | None:
        rows = Rows(self.table, in_order=True).read(value, place, reading)
        return None if rows is None else tuple((row.need, row.session) for row in rows)

    def write(self, value: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"need": need, "session": session} for need, session in value]

    def schema(self) -> Schema:
        return Rows(self.table, in_order=True).schema()


def _rows(table: Table) -> Rows:
    return Rows(table, in_order=True)


OBJECTIVE_VALUE: Final = Table(
    record=ObjectiveValue,
    noun="objective",
    fields=(
        Field("name", OneOf(OBJECTIVES)),
        Field("value", _VALUE),
        Field(
            "bound",
            _VALUE,
            "no plan does better, given the values held before it; null: none known",
            may_be_null=True,
        ),
    ),
)
QUESTION: Final = Table(
    record=Question,
    noun="question",
    fields=(Field("record", _NAME), Field("field", _NAME, "the field that nobody has stated")),
)
ASSIGNMENT: Final = Table(
    record=Assignment,
    noun="assignment",
    fields=(
        *_PAIR_FIELDS,
        Field("seats", _COUNT),
        Field("fit", Whole(least=0, most=100)),
        Field("firm", Flag(), "every rule says yes"),
        Field("bridged_by", _NAME, "the need's language that interpretation links"),
        Field("questions", _rows(QUESTION), "on which a conditional pair hangs"),
    ),
)
SUPPORT_USE: Final = Table(
    record=SupportUse,
    noun="support_use",
    fields=(Field("support", _NAME), Field("kind", _NAME), Field("quantity", _COUNT)),
)
RUNNING_SESSION: Final = Table(
    record=RunningSession,
    noun="running_session",
    fields=(Field("id", _NAME), Field("seats_filled", _COUNT), Field("supports", _rows(SUPPORT_USE))),
)
OPEN_QUESTION: Final = Table(
    record=OpenQuestion,
    noun="open_question",
    fields=(
        Field("record", _NAME),
        Field("field", _NAME),
        Field("seats", _COUNT, "seats of the plan that hang on the answer"),
    ),
)
NEAREST: Final = Table(
    record=Nearest,
    noun="nearest",
    fields=(
        Field("session", _NAME),
        Field("rules", Members(OneOf(PAIR_RULE_CODES), in_order=True), "the rules that say no"),
    ),
)
UNMET_NEED: Final = Table(
    record=UnmetNeed,
    noun="unmet_need",
    fields=(
        Field("need", _NAME),
        Field("seats_short", Whole(least=1)),
        Field("reason", OneOf(UNMET_REASONS), "the first that holds"),
        Field("blocked_counts", Counts(PAIR_RULE_CODES), "for each rule, the sessions for which it says no"),
        Field("nearest", _rows(NEAREST), "sessions refused by the fewest rules"),
    ),
)
PLANNED_PIN: Final = Table(
    record=Pin,
    noun="pin",
    fields=(*_PAIR_FIELDS, Field("seats", Whole(least=1)), Field("rule", OneOf(PIN_RULES))),
)
CLASH_LIMIT: Final = Table(
    record=ClashLimit,
    noun="clash_limit",
    fields=(
        Field("code", OneOf((*PAIR_RULE_CODES, *CONSTRAINT_CODES)), "a pair rule or a constraint"),
        Field("record", _NAME, "the record that sets the limit"),
        Field("pairs", PairNames(), "the pinned pairs that it binds"),
        Field("required", _VALUE, "null: not a number"),
        Field("available", _VALUE, "null: not a number"),
    ),
)
CLASH: Final = Table(
    record=Clash,
    noun="clash",
    fields=(
        Field("pins", _rows(PLANNED_PIN), "a smallest set of pins that cannot hold together"),
        Field("limits", _rows(CLASH_LIMIT), "the limits that they meet"),
    ),
)
SOLVER_INFO: Final = Table(
    record=SolverInfo,
    noun="solver",
    fields=(
        Field("pulp", _NAME),
        Field("solver", _NAME),
        Field("seconds", Seconds()),
        Field("threads", Whole(least=1)),
        Field("stopped_by", _NAME, "null: nothing stopped it"),
    ),
)
PLAN: Final = Table(
    record=Plan,
    noun="plan",
    format=PLAN_FORMAT,
    fields=(
        Field("problem_sha256", Sha256(), "of the canonical form of the problem that the plan answers"),
        Field("outcome", OneOf(OUTCOMES)),
        Field("objectives", _rows(OBJECTIVE_VALUE), "in the order of the policy", must_be_stated=True),
        Field("assignments", _rows(ASSIGNMENT), must_be_stated=True),
        Field("sessions", _rows(RUNNING_SESSION), "those that run", must_be_stated=True),
        Field("questions", _rows(OPEN_QUESTION), "most seats first", must_be_stated=True),
        Field("unmet", _rows(UNMET_NEED), must_be_stated=True),
        Field("clash", Nested(CLASH), "null: the pins hold together"),
        Field("solver", Nested(SOLVER_INFO), "how the plan was found; it may differ from run to run"),
    ),
)


def plan_to_document(plan: Plan) -> dict[str, Any]:
    """The plan as an `lcm-plan/1` document, every key written out; `read_plan` of it gives the plan."""
    return write_record(plan, PLAN)


def clash_to_document(clash: Clash) -> dict[str, Any]:
    """The clash as it stands in a plan document."""
    return write_record(clash, CLASH)


def read_plan(document: object) -> Plan:
    """The plan that a JSON document states, rows in the order given.

    Raises `InvalidFile` with all faults of shape found.
    """
    reading = Reading()
    plan = read_record(document, PLAN, "", reading)
    if reading.faults:
        raise InvalidFile(reading.all_faults())
    assert isinstance(plan, Plan)
    return plan


def load_plan(path: str | Path) -> Plan:
    """The plan in a file. Raises `InvalidFile` as `read_plan`, and where the file is not readable JSON."""
    return read_plan(load_json(path))


def write_json(path: str | Path, document: object) -> None:
    """Write a document as JSON in UTF-8, whole or not at all: until the last byte is on the disk, the file
    that was there before is untouched.

    Raises `OSError` where the folder or the file cannot be written; nothing is left behind then.
    """
    # A link keeps pointing where it points: what is replaced is the file behind it.
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        # A device or a pipe is written to, not replaced by a file of its name.
        target.write_text(_to_text(document), encoding="utf-8")
        return
    temporary, descriptor = _open_beside(target)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_to_text(document))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_beside(target: Path) -> tuple[Path, int]:
    """A new file in the folder of ``target``, for only a rename within one folder happens at once or not at
    all.

    Its permissions are those of any new file, which a file made by `tempfile` has not.
    """
    for number in itertools.count():
        temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}.{number}.part")
        with contextlib.suppress(FileExistsError):
            return temporary, os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    raise AssertionError("counting never ends")


def _to_text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
