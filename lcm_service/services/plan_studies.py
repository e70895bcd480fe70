"""What was found about a stored plan after it was made: least changes, prices, and who would be next.

Each explanation run keeps its own answer. Read together, the newest word on each need, price and match holds,
unless it settled less than one before it: a run that time stopped takes nothing back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session

PURPOSE: Final = "explanation"
EXPLANATION_FORMAT: Final = "lcm-explanation/1"
RESERVES_FORMAT: Final = "lcm-reserves/1"
PRICE_KEYS: Final = ("kind", "need", "session", "record", "field")

type Row = Mapping[str, Any]
type PairCodes = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A row of an answer, and when the run that gave it ended."""

    row: Row
    at: datetime | None


@dataclass
class Study:
    """All that was found about one plan: changes by need, reserves by pair, and prices by what they are of.

    For coordinators: it names needs of every State.
    """

    changes: dict[str, Found] = field(default_factory=dict)
    reserves: dict[PairCodes, Found] = field(default_factory=dict)
    prices: dict[tuple[Any, ...], Found] = field(default_factory=dict)

    def add(self, document: Row, at: datetime | None) -> None:
        """Take in one more answer, later than those before it."""
        for row in document["explanation"]["unmet"]:
            if row["changes"] is not None:
                before = self.changes.get(row["need"])
                if before is None or _count_open(row["changes"]) <= _count_open(before.row):
                    self.changes[row["need"]] = Found(row["changes"], at)
        for row in document["explanation"]["prices"] or ():
            key = tuple(row[name] for name in PRICE_KEYS)
            if row["is_settled"] or key not in self.prices or not self.prices[key].row["is_settled"]:
                self.prices[key] = Found(row, at)
        for row in (document["reserves"] or {"matches": ()})["matches"]:
            pair = (row["need"], row["session"])
            before = self.reserves.get(pair)
            if row["answer"] != "not_settled" or before is None or before.row["answer"] == "not_settled":
                self.reserves[pair] = Found(row, at)

    def price_of_match(self, need: str, session: str) -> Found | None:
        """What the plan would lose without a match."""
        return self.prices.get(("match", need, session, None, None))


def _count_open(changes: Row) -> int:
    """What is not certain: changes that were not settled, and those that may not be the least of a kind."""
    return len(changes["not_settled"]) + sum(not one["is_least"] for one in changes["helps"])


def study_of_plan(session: Session, plan_id: int) -> Study:
    """What was found about a plan until now; empty where nothing was looked for."""
    study = Study()
    for run in reversed(reads.list_runs_of_plan(session, plan_id, PURPOSE)):
        if run.state == "done" and run.result is not None:
            study.add(run.result, run.ended_at)
    return study


def explanation_with_changes(session: Session, plan_id: int, explanation: Row) -> Row:
    """A plan's stored explanation, with the changes that were found to help its needs since."""
    changes = study_of_plan(session, plan_id).changes
    unmet = [
        row | {"changes": changes[row["need"]].row} if row["need"] in changes else row
        for row in explanation["unmet"]
    ]
    return {**explanation, "unmet": unmet}


def find_fault(document: object, problem_sha256: str, labels: Row) -> str | None:
    """Why an answer cannot be kept, or nothing: it is of this problem, whole, and names what it knows."""
    if not isinstance(document, dict) or set(document) != {"explanation", "reserves"}:
        return "document: it holds an explanation and reserves"
    try:
        for part, form in (("explanation", EXPLANATION_FORMAT), ("reserves", RESERVES_FORMAT)):
            if part == "reserves" and document[part] is None:
                continue
            if document[part]["format"] != form:
                return f"{part}: it is no {form}"
            if document[part]["problem_sha256"] != problem_sha256:
                return f"{part}: it answers problem {document[part]['problem_sha256']}"
        study = Study()
        study.add(document, None)
        unknown = sorted(set(_named_needs(study)) - set(labels["needs"]))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        return f"document: {type(error).__name__}: {error}"
    return f"document: need {unknown[0]} is not in the problem" if unknown else None


def _named_needs(study: Study) -> Iterable[str]:
    yield from study.changes
    for (need, _), found in study.reserves.items():
        yield need
        yield from (gain["need"] for gain in found.row["gains"])
