"""Before a solve: pins that cannot hold together, and what in the data will surprise whoever reads the plan.

A warning is a code, the record it is about and its numbers. None of them stops a solve.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from optimizer.clashes.clash import find_clash
from optimizer.files.plan_files import clash_to_document
from optimizer.model.supply import required_units
from optimizer.plan import Clash
from optimizer.problem import Problem
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import INTERPRETATION, Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solvers import Effort


@dataclass(frozen=True, slots=True)
class CheckWarning:
    """What was noticed: a code of `WARNINGS`, the record it is about, and numbers or names by parameter."""

    code: str
    record: str
    parameters: dict[str, int | str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """One English line for the command line; the service words its own from code and parameters."""
        return f"{self.record}: {WARNINGS[self.code].format(**self.parameters)}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The pins that cannot hold together (``None`` where all can) and the warnings, by code and record."""

    clash: Clash | None
    warnings: tuple[CheckWarning, ...]


WARNINGS: Final = {
    "group_above_planned": "its smallest group is {min_group}, but only {seats} seats are planned for it",
    "need_without_pair": "no session pairs with it",
    "requirement_without_support": "it requires {kind}, and no support that fits it has any",
    "session_below_minimum": "all that pair with it fill {most} seats at most; it runs with {min_seats}",
    "session_without_pair": "no need pairs with it",
    "support_links_nothing": "it gives interpretation but names no two languages",
    "support_without_quantity": "its quantity is unknown, so it gives nothing",
}


def check(problem: Problem) -> CheckReport:
    """Return whether the pins can hold together, and every warning, sorted by code and record."""
    facts = Facts(problem)
    pairs = find_pairs(facts)
    clash = find_clash(facts, pairs, Effort()) if problem.pinned else None
    warnings = [warning for look in _LOOKS for warning in look(facts, pairs)]
    warnings.sort(key=lambda warning: (warning.code, warning.record, sorted(warning.parameters.items())))
    return CheckReport(clash, tuple(warnings))


def check_report_to_document(report: CheckReport) -> dict[str, Any]:
    """Return the report as a JSON document, every key written out."""
    return {
        "ok": report.clash is None,
        "clash": None if report.clash is None else clash_to_document(report.clash),
        "warnings": [
            {"code": row.code, "record": row.record, "parameters": dict(row.parameters)}
            for row in report.warnings
        ],
    }


def _look_at_needs(facts: Facts, pairs: Sequence[Pair]) -> Iterator[CheckWarning]:
    """Needs that cannot get a group: too few seats planned for one, or no session that pairs."""
    paired = {pair.need for pair in pairs}
    for need in facts.problem.needs:
        seats = facts.seats_of_need(need)
        if need.min_group > seats:
            numbers: dict[str, int | str] = {"min_group": need.min_group, "seats": seats}
            yield CheckWarning("group_above_planned", need.id, numbers)
        if need.id not in paired:
            yield CheckWarning("need_without_pair", need.id)


def _look_at_sessions(facts: Facts, pairs: Sequence[Pair]) -> Iterator[CheckWarning]:
    """Sessions that cannot run: nobody may attend, too few may, or what they require is not to be had."""
    most: dict[str, int] = {}
    for pair in pairs:
        need, session = facts.problem.need_by_id[pair.need], facts.problem.session_by_id[pair.session]
        seats = min(facts.seats_of_need(need), facts.seats_of_session(session))
        most[pair.session] = most.get(pair.session, 0) + seats
    for session in facts.problem.sessions:
        if session.id not in most:
            yield CheckWarning("session_without_pair", session.id)
        elif most[session.id] < session.min_seats:
            numbers: dict[str, int | str] = {"most": most[session.id], "min_seats": session.min_seats}
            yield CheckWarning("session_below_minimum", session.id, numbers)
        for kind, amounts in sorted(required_units(session).items()):
            if any(amounts) and not any(
                support.quantity for support in facts.fitting_supports(session, kind)
            ):
                yield CheckWarning("requirement_without_support", session.id, {"kind": kind})


def _look_at_supports(facts: Facts, pairs: Sequence[Pair]) -> Iterator[CheckWarning]:
    """Supports that give nothing as they are stated."""
    for support in facts.problem.supports:
        if support.quantity is None:
            yield CheckWarning("support_without_quantity", support.id)
        if support.kind == INTERPRETATION and len(support.languages or ()) < 2:
            yield CheckWarning("support_links_nothing", support.id)


_LOOKS: Final[tuple[Callable[[Facts, Sequence[Pair]], Iterator[CheckWarning]], ...]] = (
    _look_at_needs,
    _look_at_sessions,
    _look_at_supports,
)
