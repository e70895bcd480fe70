"""From a draft to the plan that is written: assignments, running sessions, questions, unmet needs, values."""

from collections.abc import Iterable, Sequence

from optimizer.explaining.unmet import Refused, find_unmet
from optimizer.model.vectors import Draft
from optimizer.plan import (
    Assignment,
    ObjectiveValue,
    OpenQuestion,
    Plan,
    Question,
    RunningSession,
    SolverInfo,
    SupportUse,
)
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.objectives import OBJECTIVE_TABLE


def write_plan(
    facts: Facts,
    pairs: Sequence[Pair],
    draft: Draft,
    found: Iterable[ObjectiveValue],
    problem_sha256: str,
    solver: SolverInfo,
    *,
    known: dict[str, Refused] | None = None,
) -> Plan:
    """Return the plan of a draft.

    ``found`` holds each objective's bound. Values are derived again from the final seats: an objective that
    was held open may have gained while later ones were solved. ``known``: see `find_unmet`.
    """
    problem = facts.problem
    placed = [pair for pair in pairs if (pair.need, pair.session) in draft.seats]
    objectives = tuple(
        ObjectiveValue(row.name, OBJECTIVE_TABLE[row.name].value(problem, placed, draft.seats), row.bound)
        for row in found
    )
    assignments = tuple(
        Assignment(
            pair.need,
            pair.session,
            draft.seats[pair.need, pair.session],
            pair.fit,
            pair.firm,
            _spelt(pair, draft.bridges.get((pair.need, pair.session))),
            pair.questions,
        )
        for pair in placed
    )
    return Plan(
        problem_sha256=problem_sha256,
        outcome="optimal" if all(row.value == row.bound for row in objectives) else "feasible",
        objectives=objectives,
        assignments=assignments,
        sessions=_running_sessions(facts, draft),
        questions=_open_questions(assignments),
        unmet=find_unmet(facts, pairs, draft.seats, known=known),
        solver=solver,
    )


def _spelt(pair: Pair, language: str | None) -> str | None:
    """A bridging language as the need spells it."""
    return next((spelt for spelt in pair.bridges if spelt.casefold() == language), None)


def _running_sessions(facts: Facts, draft: Draft) -> tuple[RunningSession, ...]:
    """Sessions that hold seats, by id; one row for each support that serves them."""
    filled: dict[str, int] = {}
    for (_, session_id), seats in draft.seats.items():
        filled[session_id] = filled.get(session_id, 0) + seats
    units: dict[str, dict[str, int]] = {}
    for (support_id, session_id, _), given in draft.uses.items():
        by_support = units.setdefault(session_id, {})
        by_support[support_id] = by_support.get(support_id, 0) + given
    return tuple(
        RunningSession(
            session_id,
            filled[session_id],
            tuple(
                SupportUse(support_id, facts.problem.support_by_id[support_id].kind, given)
                for support_id, given in sorted(units.get(session_id, {}).items())
            ),
        )
        for session_id in sorted(filled)
    )


def _open_questions(assignments: Iterable[Assignment]) -> tuple[OpenQuestion, ...]:
    """The questions of the pairs in the plan with the seats that hang on each, most seats first."""
    seats: dict[Question, int] = {}
    for row in assignments:
        for question in row.questions:
            seats[question] = seats.get(question, 0) + row.seats
    ranked = sorted(seats.items(), key=lambda item: (-item[1], item[0]))
    return tuple(OpenQuestion(question.record, question.field, hanging) for question, hanging in ranked)
