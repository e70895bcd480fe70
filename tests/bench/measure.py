"""One run: make a problem, solve it one way, verify the plan, each time in a process of its own."""

from dataclasses import dataclass, field
from time import monotonic

from optimizer.clock import Progress
from optimizer.files.canonical import problem_sha256
from optimizer.verifying.verify import verify
from tests.bench.apart import FINISHED, Teller, run_apart
from tests.bench.competitor import ObjectiveRun
from tests.bench.generator import make_problem
from tests.bench.memory import forget_peak, own_peak_mib
from tests.bench.ways import WAYS

SIZES = {"S": (60, 80), "M": (500, 500), "L": (5_000, 5_000), "XL": (50_000, 50_000)}
# No limit of a way cuts the building of its model short; a run that takes this many times its seconds, and
# some more, is ended.
OVERRUN = 2.0
GRACE_SECONDS = 60.0
VERIFY_SECONDS = 900.0
MAKING_SECONDS = 300.0
NO_PLAN = "no plan in time"


@dataclass(frozen=True)
class Case:
    """What is to be run: a round of the generator, a way, and what it may use."""

    size: str
    seed: int
    way: str
    seconds: float
    shape: str = "mixed"
    threads: int = 1
    most_mib: float = 16_000.0

    @property
    def counts(self) -> tuple[int, int]:
        return counts_of(self.size)


@dataclass
class Run:
    """One solve of one problem one way, and what verify says of its plan.

    `ending` is ``finished``, ``no plan in time``, or why there is no result. `values` are the objectives
    that verify derives; `violations` is ``None`` where it was not reached or not done in time.
    """

    case: Case
    ending: str = FINISHED
    seconds: float | None = None
    parts: dict[str, float] = field(default_factory=dict)
    peak_mib: float = 0.0
    objectives: list[ObjectiveRun] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)
    violations: list[str] | None = None
    verify_seconds: float | None = None


def counts_of(size: str) -> tuple[int, int]:
    """Return needs and sessions of a size: a name of `SIZES`, ``2000``, or ``300x400``.

    Raises
    ------
    ValueError: it is none of these.
    """
    if size in SIZES:
        return SIZES[size]
    needs, _, sessions = size.partition("x")
    counts = int(needs), int(sessions or needs)
    if min(counts) < 1:
        raise ValueError(f"{size} is not a size")
    return counts


def solve_and_verify(teller: Teller, case: Case) -> None:
    """Make the problem, solve it and verify the plan; only solving is timed."""
    teller.begin("making the round", MAKING_SECONDS)
    problem = make_problem(*case.counts, case.seed, shape=case.shape)
    forget_peak()
    teller.begin("solving", OVERRUN * case.seconds + GRACE_SECONDS)
    begin = monotonic()
    solved = WAYS[case.way](problem, case.seconds, case.threads)
    teller.tell(
        seconds=monotonic() - begin,
        peak_mib=own_peak_mib(),
        parts=solved.parts,
        objectives=solved.objectives,
        progress=solved.progress,
    )
    teller.begin("verifying", VERIFY_SECONDS)
    if all(row.value is None for row in solved.objectives):
        return
    plan = solved.make_plan()
    begin = monotonic()
    verification = verify(problem, plan, problem_sha256(problem) if case.way == "optimizer" else None)
    teller.tell(
        verify_seconds=monotonic() - begin,
        violations=[violation.message for violation in verification.violations],
        values={row.name: row.value for row in verification.objectives},
    )


def measure_apart(case: Case) -> Run:
    """Measure in a fresh process; the peak of memory counts whatever processes the way has started."""
    told = run_apart(solve_and_verify, case, most_mib=case.most_mib)
    run = Run(case, told.ending)
    for name, value in told.found.items():
        setattr(run, name, value)
    run.peak_mib = max(run.peak_mib, told.peak_mib.get("solving", 0.0))
    if run.ending == FINISHED and all(row.value is None for row in run.objectives):
        run.ending = NO_PLAN
    return run
