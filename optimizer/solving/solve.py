"""A whole round: what needs no search is left out, and parts that share nothing are planned apart.

What is left out or put apart never costs anything (`reducing/`): the plan is as good as one of the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from optimizer.clashes.clash import find_clash, find_refused_pins
from optimizer.clock import Clock, Progress
from optimizer.files.canonical import problem_sha256
from optimizer.model.supply import UseKey
from optimizer.model.vectors import Draft, RoundModel
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.problem import Problem
from optimizer.reducing.dominated import drop_dominated
from optimizer.reducing.parts import Part, find_parts
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.apart import Tally, shares_of_time
from optimizer.solving.huge import MAX_PAIRS_OF_A_PROGRAM, plan_greedily
from optimizer.solving.large import search_in_steps
from optimizer.solving.planning import write_plan
from optimizer.solving.polishing import MAX_PAIRS_OF_ONE_MODEL
from optimizer.solving.search import Search
from optimizer.solving.solvers import Effort, describe_solver


def solve(
    problem: Problem,
    *,
    start: Plan | None = None,
    time_limit_seconds: float | None = None,
    threads: int = 1,
    solver: str = "highs",
    on_progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Return the plan that maximises the policy's objectives in their order.

    Parameters
    ----------
    start: a plan to fall back on. Whatever of it does not obey this problem makes it useless, not wrong. It
        does not steer the search, so that the same problem gives the same plan; it is taken where time ran
        out and it is better than what was found.
    time_limit_seconds: for the search; building the model before it and the reasons of unmet needs after it
        are not cut short. ``None``: no limit.
    threads: of a large round, for searches side by side. A small one is solved in one, so that its plan is
        the same whatever the machine.
    solver: ``highs`` or ``cbc``.
    on_progress: called as values and bounds improve; what it is told last of each objective is what the plan
        says. An error that it raises ends the solve.

    Returns
    -------
    A plan of outcome ``optimal`` (every objective is proven), ``feasible`` (not proven: time ran out, or the
    solvers' word did not hold; ``solver.stopped_by`` says which) or ``clashing_pins`` (no plan obeys the
    pins; the clash is told and nothing is assigned).

    Raises
    ------
    NoPlanFound: time ran out, or the solvers broke down, before any plan that obeys the pins was found, or
        before it was known which of them clash.
    """
    clock = Clock(time_limit_seconds)
    facts = Facts(problem)
    pairs = find_pairs(facts)
    if len(pairs) > MAX_PAIRS_OF_A_PROGRAM:
        info = SolverInfo(version("pulp"), describe_solver(solver), clock.seconds(), threads, "time_limit")
        plan = plan_greedily(facts, pairs, info)
        return replace(plan, solver=replace(info, seconds=clock.seconds()))
    reduced = drop_dominated(facts, pairs)
    begun = None if start is None else reduced.moved(start)
    effort = Effort(solver, threads)
    teller = None if on_progress is None else _Teller(on_progress)
    found = None
    if time_limit_seconds is not None and len(reduced.pairs) > MAX_PAIRS_OF_ONE_MODEL:
        found = _find_in_steps(facts, reduced.pairs, begun, clock, effort, teller)
    if found is None and not find_refused_pins(facts):
        found = _find_in_parts(find_parts(facts, reduced.pairs), begun, clock, effort, teller)
    if found is None:
        return _tell_clash(facts, pairs, clock, effort)
    if teller is not None:
        teller.end(found.values, clock)
    return write_plan(facts, pairs, found.draft, found.values, problem_sha256(problem), found.solver)


def _tell_clash(facts: Facts, pairs: Sequence[Pair], clock: Clock, effort: Effort) -> Plan:
    """The plan that says which pins clash. All pairs count, for it tells by name the limits that they meet.

    Raises
    ------
    RuntimeError: the solvers contradict each other. Nobody can say that the pins clash, nor that they hold.
    """
    clash = find_clash(facts, pairs, replace(effort, threads=1), clock)
    if clash is None:
        raise RuntimeError(
            "the solvers contradict each other: no plan that obeys the pins was found, "
            "and yet no set of pins clashes"
        )
    info = SolverInfo(version("pulp"), describe_solver(effort.solver), clock.seconds(), 1)
    return Plan(problem_sha256(facts.problem), "clashing_pins", clash=clash, solver=info)


class _Teller:
    """Tells progress, and in the end what it has not told of the plan: an objective that was held open may
    have gained while later ones were solved.
    """

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._told: dict[str, tuple[int | None, int | None]] = {}

    def __call__(self, step: Progress) -> None:
        self._told[step.objective] = step.value, step.bound
        self._tell(step)

    def end(self, values: Sequence[ObjectiveValue], clock: Clock) -> None:
        for row in values:
            if self._told.get(row.name) != (row.value, row.bound):
                self(Progress(row.name, row.value, row.bound, clock.seconds()))


@dataclass(frozen=True, slots=True)
class _Found:
    """A draft of a round or a part, its objectives' values and bounds, and how it was found."""

    draft: Draft
    values: list[ObjectiveValue]
    solver: SolverInfo


def _find_in_steps(
    facts: Facts,
    pairs: Sequence[Pair],
    start: Plan | None,
    clock: Clock,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
) -> _Found | None:
    large = search_in_steps(facts, pairs, start, clock, on_progress, effort.threads)
    if large is None:
        return None
    info = SolverInfo(
        version("pulp"), describe_solver("highs"), clock.seconds(), effort.threads, large.stopped_by
    )
    return _Found(large.draft, large.values, info)


def _find_in_parts(
    parts: Sequence[Part],
    start: Plan | None,
    clock: Clock,
    effort: Effort,
    on_progress: Callable[[Progress], None] | None,
) -> _Found | None:
    """Plan each part by itself, with its share of the time that is left, the smallest first.

    ``None`` where the pins of one leave no plan.
    """
    tally = Tally(clock, on_progress)
    searches: list[tuple[Search, Clock]] = []
    for number, part in enumerate(parts):
        own_clock = Clock(clock.left())
        model = RoundModel(part.facts, part.pairs)
        search = Search(
            model, effort, own_clock, on_progress if len(parts) == 1 else tally.watcher_of(number)
        )
        # Each has all the time for its first plan: whether the pins of all hold comes before any is improved.
        if not search.find_first_draft(None if start is None else part.cut(start)):
            return None
        searches.append((search, own_clock))
        tally.begin(search)
    found: list[_Found] = []
    shares = shares_of_time([len(part.pairs) for part in parts])
    for (search, own_clock), share in zip(searches, shares, strict=True):
        left = clock.left()
        if left is not None:
            own_clock.end_within(left * share)
        values = search.improve_all()
        tally.end(values)
        found.append(_Found(search.draft, values, search.describe()))
    return found[0] if len(found) == 1 else _put_together(found, tally.sums(), clock)


def _put_together(found: Sequence[_Found], values: list[ObjectiveValue], clock: Clock) -> _Found:
    """The parts' plans as one: what they decide side by side."""
    uses: dict[UseKey, int] = {}
    for one in found:
        uses.update(one.draft.uses)
    draft = Draft(
        {pair: seats for one in found for pair, seats in one.draft.seats.items()},
        {pair: language for one in found for pair, language in one.draft.bridges.items()},
        uses,
    )
    stops = [one.solver.stopped_by for one in found if one.solver.stopped_by is not None]
    solver = replace(found[-1].solver, seconds=clock.seconds(), stopped_by=stops[0] if stops else None)
    return _Found(draft, values, solver)
