"""A plan as frozen data: what `lcm-plan/1` says. Reading, writing and comparing plans is `files/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from optimizer.problem import Pin

PLAN_FORMAT: Final = "lcm-plan/1"
OUTCOMES: Final = ("optimal", "feasible", "clashing_pins")
UNMET_REASONS: Final = ("no_session", "blocked", "support_missing", "not_enough_for_a_group", "contention")
MAX_NEAREST: Final = 20


@dataclass(frozen=True, slots=True)
class ObjectiveValue:
    """Value reached and the bound that no plan passes, given the values held before it.

    ``None``: no bound is known.
    """

    name: str
    value: int
    bound: int | None


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """A field of a record that nobody has stated, and on which a pair depends."""

    record: str
    field: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """Seats of a need in a session; ``firm`` where every rule says yes, else the questions that decide."""

    need: str
    session: str
    seats: int
    fit: int
    firm: bool
    bridged_by: str | None = None
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class SupportUse:
    """Whole units (or dollars) that a support gives to one running session."""

    support: str
    kind: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RunningSession:
    """A session that runs, the seats filled and the supports it draws on."""

    id: str
    seats_filled: int
    supports: tuple[SupportUse, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question of the pairs in the plan, with the seats that hang on it."""

    record: str
    field: str
    seats: int


@dataclass(frozen=True, slots=True)
class Nearest:
    """A session that does not pair with the need, and the rules that say no."""

    session: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmetNeed:
    """A need that is short of seats: how many, the first reason that holds, how near the sessions came."""

    need: str
    seats_short: int
    reason: str
    blocked_counts: Mapping[str, int] = field(default_factory=dict)
    nearest: tuple[Nearest, ...] = ()


@dataclass(frozen=True, slots=True)
class ClashLimit:
    """A limit that clashing pins meet.

    Its code (C1..C12, or a pair rule), the record that sets it, the pinned pairs it binds, and what they need
    against what there is, where that is a number.
    """

    code: str
    record: str
    pairs: tuple[tuple[str, str], ...] = ()
    required: int | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True)
class Clash:
    """A smallest set of pins that cannot hold together, and the limits that they meet."""

    pins: tuple[Pin, ...]
    limits: tuple[ClashLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class SolverInfo:
    """How the plan was found; the one part of a plan that may differ between two runs of the same problem."""

    pulp: str
    solver: str
    seconds: float
    threads: int
    stopped_by: str | None = None


@dataclass(frozen=True)
class Plan:
    """The answer to one problem, named by the problem's hash."""

    problem_sha256: str
    outcome: str
    objectives: tuple[ObjectiveValue, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    sessions: tuple[RunningSession, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    unmet: tuple[UnmetNeed, ...] = ()
    clash: Clash | None = None
    solver: SolverInfo | None = None
