"""What each room of the optimizer costs alone: reading, finding pairs, writing, verify, building, hand-over.

No solver runs. The plan that is verified is one made by hand (`hand_plan.py`), of the round without its pins.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import pulp

from optimizer.files.canonical import problem_sha256, problem_to_document
from optimizer.files.plan_files import write_json
from optimizer.files.problem_files import load_problem
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.program import PulpProgram
from optimizer.model.supply import UseKey
from optimizer.model.vectors import Draft, RoundModel
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.problem import Problem
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.planning import write_plan
from optimizer.verifying.verify import verify
from tests.bench.apart import FINISHED, Teller, run_apart
from tests.bench.comparison import describe_machine, tell_progress, write_document
from tests.bench.generator import make_problem
from tests.bench.hand_plan import HandPlan
from tests.bench.measure import counts_of
from tests.bench.memory import forget_peak, own_peak_mib, own_resident_mib
from tests.bench.tables import row_of

ROOM_SECONDS = 900.0
ROOMS = (
    "making the round",
    "making a plan by hand",
    "writing the JSON",
    "reading the JSON",
    "hash of the canonical form",
    "finding the pairs",
    "writing the plan",
    "verify",
    "building the program",
    "building it in PuLP",
    "hand-over to HiGHS",
)


@dataclass
class RoomRun:
    """Seconds, and peak and kept MiB, of each room; `counts` says how large what they made is."""

    shape: str
    size: str
    seed: int
    ending: str = FINISHED
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)
    kept_mib: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Stopwatch:
    """Times one room after the other and tells each as soon as it is done."""

    def __init__(self, teller: Teller) -> None:
        self.teller = teller
        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}
        self.kept_mib: dict[str, float] = {}

    def run[Result](self, room: str, work: Callable[[], Result]) -> Result:
        self.teller.begin(room, ROOM_SECONDS)
        forget_peak()
        begin = monotonic()
        result = work()
        self.seconds[room] = monotonic() - begin
        self.peak_mib[room] = own_peak_mib()
        self.kept_mib[room] = own_resident_mib()
        self.teller.tell(seconds=self.seconds, peak_mib=self.peak_mib, kept_mib=self.kept_mib)
        return result


def measure_rooms_of(teller: Teller, shape: str, size: str, seed: int) -> None:
    """Go through the rooms of one round, in the order of `ROOMS`."""
    watch = Stopwatch(teller)
    problem = watch.run("making the round", lambda: make_unpinned(shape, size, seed))
    draft = watch.run("making a plan by hand", lambda: plan_by_hand(problem, seed))
    problem = write_and_read(watch, problem)
    digest = watch.run("hash of the canonical form", lambda: problem_sha256(problem))
    facts = Facts(problem)
    pairs = watch.run("finding the pairs", lambda: find_pairs(facts))
    counts = {"pairs": len(pairs), "groups": len(draft.seats)}
    teller.tell(counts=counts)
    plan = watch.run("writing the plan", lambda: write_by_hand(facts, pairs, draft, digest))
    verification = watch.run("verify", lambda: verify(problem, plan, digest))
    counts |= {"unmet": len(plan.unmet), "violations": len(verification.violations)}
    teller.tell(counts=counts)
    # Last, for at the largest size it may take more than it is allowed to.
    counts |= build_and_hand_over(watch, facts, pairs)
    teller.tell(counts=counts)


def write_and_read(watch: Stopwatch, made: Problem) -> Problem:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        watch.run("writing the JSON", lambda: write_json(path, problem_to_document(made)))
        return watch.run("reading the JSON", lambda: load_problem(path))


def build_and_hand_over(watch: Stopwatch, facts: Facts, pairs: Sequence[Pair]) -> dict[str, int]:
    """Build the program of the first objective and hand it over; return its columns and rows."""
    model = watch.run("building the program", lambda: build_program(facts, pairs))
    program = watch.run("building it in PuLP", lambda: build_in_pulp(model))
    watch.run("hand-over to HiGHS", lambda: hand_over(program))
    return {"columns": len(model.program.columns), "rows": len(model.program.rows)}


def build_program(facts: Facts, pairs: Sequence[Pair]) -> RoundModel:
    model = RoundModel(facts, pairs)
    model.add_objective(ObjectiveOfModel(model.model, facts.problem.policy.objectives[0]))
    return model


def build_in_pulp(model: RoundModel) -> PulpProgram:
    program = PulpProgram(model.program)
    program.set_objective(model.objectives[0].terms)
    return program


def hand_over(program: PulpProgram) -> None:
    """Do what PuLP's own class does before it calls HiGHS."""
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(program.problem)
    solver.buildSolverModel(program.problem)


def make_unpinned(shape: str, size: str, seed: int) -> Problem:
    """Return the round of this shape, as if nothing had been published before."""
    return make_problem(*counts_of(size), seed, shape=shape, agreed_share=0)


def plan_by_hand(problem: Problem, seed: int) -> Draft:
    plan = HandPlan(problem, is_full=True)
    groups = plan.fill(Random(seed).sample(problem.sessions, len(problem.sessions)))
    uses: dict[UseKey, int] = {
        (support_id, session_id, None): units
        for session_id, given in plan.supports.items()
        for support_id, units in given.items()
    }
    return Draft({(need_id, session_id): seats for need_id, session_id, seats in groups}, {}, uses)


def write_by_hand(facts: Facts, pairs: Sequence[Pair], draft: Draft, digest: str) -> Plan:
    """Write the plan as the optimizer would, the reasons of unmet needs among it, with no bounds."""
    found = [ObjectiveValue(name, 0, None) for name in facts.problem.policy.objectives]
    solver = SolverInfo(pulp="-", solver="by hand", seconds=0.0, threads=1, stopped_by="time_limit")
    return write_plan(facts, pairs, draft, found, digest, solver)


# -- outside -------------------------------------------------------------------------------------------------


def measure_rooms(
    shapes: Sequence[str], sizes: Sequence[str], seeds: Sequence[int], most_mib: float, output: Path
) -> list[RoomRun]:
    """Measure each round in a fresh process; what is there so far is in the file after each."""
    runs: list[RoomRun] = []
    machine = describe_machine()
    for size in sizes:
        for shape in shapes:
            for seed in seeds:
                told = run_apart(measure_rooms_of, shape, size, seed, most_mib=most_mib)
                run = RoomRun(shape, size, seed, told.ending, **told.found)
                tell_progress(f"{size} {shape} seed {seed}: {sum(run.seconds.values()):.1f} s, {run.ending}")
                runs.append(run)
                write_document(output, {"machine": machine, "runs": [asdict(row) for row in runs]})
    return runs


def rooms_table(runs: Sequence[RoomRun]) -> str:
    """Return one row for each room: seconds, peak MiB while it worked, and MiB kept after, of each round."""
    titles = [f"{run.size}, {run.shape}, seed {run.seed}" for run in runs]
    heads = [f"{title}: {what}" for title in titles for what in ("seconds", "peak MiB", "kept MiB")]
    lines = [row_of(["room", *heads]), "|" + "---|" * (len(heads) + 1)]
    for room in ROOMS:
        cells = [told.get(room) for run in runs for told in (run.seconds, run.peak_mib, run.kept_mib)]
        lines.append(row_of([room, *("-" if cell is None else cell_text(cell) for cell in cells)]))
    for title, run in zip(titles, runs, strict=True):
        made: dict[str, Any] = {name: f"{count:,}" for name, count in run.counts.items()}
        lines += [
            "",
            f"{title}: {run.ending}; {', '.join(f'{name} {count}' for name, count in made.items())}.",
        ]
    return "\n".join(lines)


def cell_text(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"
