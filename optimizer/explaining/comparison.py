"""What changed between two plans: pairs kept, added, lost and changed, sessions started and stopped,
values.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

from optimizer.plan import Plan

DIFFERENCE_FORMAT: Final = "lcm-difference/1"


@dataclass(frozen=True, slots=True)
class PairChange:
    """Whole seats of one pair in the old plan and in the new; 0: the pair is not in that plan."""

    need: str
    session: str
    old_seats: int
    new_seats: int


@dataclass(frozen=True, slots=True)
class ObjectiveChange:
    """The value of one objective in each plan; ``None``: that plan does not state it."""

    name: str
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """Every pair of either plan in exactly one of ``kept``, ``changed``, ``added`` and ``lost``, in the
    order of need and session.
    """

    old_problem_sha256: str
    new_problem_sha256: str
    old_outcome: str
    new_outcome: str
    kept: tuple[PairChange, ...]
    changed: tuple[PairChange, ...]
    added: tuple[PairChange, ...]
    lost: tuple[PairChange, ...]
    sessions_started: tuple[str, ...]
    sessions_stopped: tuple[str, ...]
    objectives: tuple[ObjectiveChange, ...]

    @property
    def is_same_problem(self) -> bool:
        return self.old_problem_sha256 == self.new_problem_sha256


def diff_plans(old: Plan, new: Plan) -> PlanDifference:
    """Compare two plans, which may answer different problems: after a decline they always do."""
    old_seats, new_seats = _seats_by_pair(old), _seats_by_pair(new)
    changes = [
        PairChange(need, session, old_seats[need, session], new_seats[need, session])
        for need, session in sorted(old_seats.keys() | new_seats.keys())
    ]
    old_sessions = {session.id for session in old.sessions}
    new_sessions = {session.id for session in new.sessions}
    return PlanDifference(
        old_problem_sha256=old.problem_sha256,
        new_problem_sha256=new.problem_sha256,
        old_outcome=old.outcome,
        new_outcome=new.outcome,
        kept=tuple(change for change in changes if change.old_seats == change.new_seats),
        changed=tuple(change for change in changes if 0 < change.old_seats != change.new_seats > 0),
        added=tuple(change for change in changes if change.old_seats == 0),
        lost=tuple(change for change in changes if change.new_seats == 0),
        sessions_started=tuple(sorted(new_sessions - old_sessions)),
        sessions_stopped=tuple(sorted(old_sessions - new_sessions)),
        objectives=_compare_objectives(old, new),
    )


def _seats_by_pair(plan: Plan) -> Counter[tuple[str, str]]:
    seats: Counter[tuple[str, str]] = Counter()
    for row in plan.assignments:
        if row.seats > 0:
            seats[row.need, row.session] += row.seats
    return seats


def _compare_objectives(old: Plan, new: Plan) -> tuple[ObjectiveChange, ...]:
    """In the order of the new plan, then those that only the old one states."""
    old_values = {objective.name: objective.value for objective in old.objectives}
    new_values = {objective.name: objective.value for objective in new.objectives}
    names = dict.fromkeys([*new_values, *old_values])
    return tuple(ObjectiveChange(name, old_values.get(name), new_values.get(name)) for name in names)


def difference_to_document(difference: PlanDifference) -> dict[str, Any]:
    """The difference as a JSON document."""
    document = asdict(difference)
    # Tuples become lists, as they are when the document is read back.
    rows = {key: list(value) if isinstance(value, tuple) else value for key, value in document.items()}
    return {"format": DIFFERENCE_FORMAT, "is_same_problem": difference.is_same_problem} | rows
