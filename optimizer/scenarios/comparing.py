"""The same round under several policies, side by side (docs/matching.md, 9).

A policy is a choice that people make: whether seats come first, or States reached, or what is published
already. This shows what each choice would bring, so that it is made with open eyes: every objective counted
the same way for all, who gains and who loses, and which choice is no better than another in anything.
Every plan is found by `solve` and has passed `verify`; the plans themselves are not kept, for a scenario's
policy and the round give its plan again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from optimizer.clock import Progress
from optimizer.errors import NoPlanFound
from optimizer.files.canonical import problem_sha256
from optimizer.plan import Clash, Plan
from optimizer.problem import OBJECTIVES, Policy, Problem
from optimizer.scenarios.counts import (
    RecipientSeats,
    ScenarioDifference,
    compare_seats,
    count_recipients,
    seats_of_plan,
    seats_of_previous,
)
from optimizer.solving.solve import solve
from optimizer.verifying.verify import Verification, verify

SCENARIOS_FORMAT: Final = "lcm-scenarios/1"
# The scenario of the round's own policy: what every other is compared with.
AS_SET: Final = "as_set"
# What the plan last published is called where a scenario is compared with it.
PREVIOUS: Final = "previous"
# The outcome of a scenario whose share of the time ended before any plan that obeys the pins was found.
NO_PLAN: Final = "no_plan"


@dataclass(frozen=True, slots=True)
class ScenarioValue:
    """One objective in one scenario: the value of its plan, counted by `verify`.

    ``bound`` is the solver's, and ``None`` where the policy leaves the objective out. ``proven``: no plan
    that this scenario's policy ranks first has another value.
    """

    name: str
    value: int
    bound: int | None
    proven: bool


@dataclass(frozen=True, slots=True)
class Dominator:
    """A scenario that is at least as good in every objective and better in one.

    ``proven`` where every value of both is proven; else another plan of the same policies might say
    otherwise.
    """

    scenario: str
    proven: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one policy brings. Where there is no plan (``outcome``), counts are ``None`` and lists empty.

    ``same_as``: an earlier scenario whose policy is the same, so that it was not solved again. ``outcome`` is
    a plan's, or ``no_plan``.
    """

    name: str
    objectives_in_order: tuple[str, ...]
    unknowns: str
    problem_sha256: str
    outcome: str
    same_as: str | None = None
    stopped_by: str | None = None
    values: tuple[ScenarioValue, ...] = ()
    seats_placed: int | None = None
    firm_seats_placed: int | None = None
    recipients_reached: int | None = None
    recipients: tuple[RecipientSeats, ...] = ()
    differences: tuple[ScenarioDifference, ...] = ()
    dominated_by: tuple[Dominator, ...] = ()
    clash: Clash | None = None

    @property
    def has_plan(self) -> bool:
        return self.seats_placed is not None

    def value_of(self, objective: str) -> int:
        """The value of one of the eight objectives. Raises KeyError where the scenario has no plan."""
        return {row.name: row.value for row in self.values}[objective]


@dataclass(frozen=True, slots=True)
class ScenarioComparison:
    """The scenarios of one round; the first is the round's own policy."""

    problem_sha256: str
    scenarios: tuple[Scenario, ...]

    @property
    def as_set(self) -> Scenario:
        return self.scenarios[0]


class RefusedPlan(RuntimeError):
    """`verify` refuses the plan of a scenario: a defect of the optimizer, and no answer."""


def make_policies(problem: Problem) -> dict[str, Policy]:
    """Return the scenarios that every round is asked for, by name, each derived from the round's own policy.

    Only the order of objectives or the treatment of unknowns differs, so all values count alike. Without a
    published plan there is nothing to keep, and *least change* is the round's own policy.
    """
    policy, order = problem.policy, problem.policy.objectives
    stable = order if not problem.previous else tuple(dict.fromkeys(("stability", *order)))
    return {
        AS_SET: policy,
        "coverage_first": replace(policy, objectives=_put_first(order, "coverage")),
        "reached_first": replace(policy, objectives=_put_first(order, "reached")),
        "least_change": replace(policy, objectives=stable),
        "firm_only": replace(policy, unknowns="exclude"),
    }


def _put_first(order: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Let an objective lead those of its kind: its firm form the firm ones, and itself the others.

    What is firm keeps its place before or after the rest: that a real seat is worth more than an assumed one
    is another choice than this.
    """
    led: list[str] = []
    for row in order:
        led += [f"firm.{name}" if row.startswith("firm.") else name, row]
    return tuple(dict.fromkeys(led))


def compare_scenarios(
    problem: Problem,
    policies: Mapping[str, Policy] | None = None,
    *,
    time_limit_seconds: float | None = None,
    threads: int = 1,
    solver: str = "highs",
    on_progress: Callable[[str, Progress], None] | None = None,
) -> ScenarioComparison:
    """Solve the round under each policy and set the answers side by side, the round's own first.

    Parameters
    ----------
    policies: by scenario name; those of `make_policies` unless given. Each may differ from the round's policy
        in its objectives, their order and its unknowns, and in nothing else.
    time_limit_seconds: for all scenarios together. Each gets an equal part of what is left, so that time that
        one does not need is the others'. ``None``: no limit.
    threads, solver: as for `solve`.
    on_progress: called with the scenario's name and what its solve has reached.

    Raises
    ------
    ValueError: a policy would count values in another way, or `as_set` is not the round's own.
    NoPlanFound: time ran out before any scenario had a plan.
    RefusedPlan: `verify` refuses a plan; nothing is told of the others.
    """
    asked = {AS_SET: problem.policy, **(make_policies(problem) if policies is None else policies)}
    for name, policy in asked.items():
        _refuse_other_scale(problem, name, policy)
    search = _Search(problem, time_limit_seconds, threads, solver, on_progress)
    plans = search.solve_all(asked)
    if all(plan is None for plan in plans.values()):
        raise NoPlanFound("time ran out before any scenario had a plan that obeys the pins")
    references = _make_references(problem, plans[AS_SET])
    scenarios = [
        _describe(replace(problem, policy=asked[name]), name, plan, references)
        for name, plan in plans.items()
    ]
    named = [_name_twin(scenario, scenarios) for scenario in scenarios]
    return ScenarioComparison(
        problem_sha256(problem),
        tuple(replace(row, dominated_by=_find_dominators(row, named)) for row in named),
    )


def _refuse_other_scale(problem: Problem, name: str, policy: Policy) -> None:
    """Values are told side by side only where they are counted by the same weights, quarters and seats."""
    own = problem.policy
    if replace(policy, objectives=own.objectives, unknowns=own.unknowns) != own:
        raise ValueError(
            f"scenario {name} counts seats in another way than the round: only the objectives, their order "
            "and the unknowns may differ"
        )
    if name == AS_SET and policy != own:
        raise ValueError(f"scenario {AS_SET} is the round's own policy and takes no other")


def _make_references(problem: Problem, as_set: Plan | None) -> dict[str, Mapping[tuple[str, str], int]]:
    """The plans that every scenario is compared with: the round's own, and the one last published."""
    references: dict[str, Mapping[tuple[str, str], int]] = {}
    if as_set is not None and as_set.clash is None:
        references[AS_SET] = seats_of_plan(as_set)
    if problem.previous:
        references[PREVIOUS] = seats_of_previous(problem)
    return references


# -- solving -------------------------------------------------------------------------------------------------


class _Search:
    """Solves one policy after the other within the time of all."""

    def __init__(
        self,
        problem: Problem,
        seconds: float | None,
        threads: int,
        solver: str,
        on_progress: Callable[[str, Progress], None] | None,
    ) -> None:
        self._problem = problem
        self._left_seconds = seconds
        self._threads = threads
        self._solver = solver
        self._on_progress = on_progress

    def solve_all(self, policies: Mapping[str, Policy]) -> dict[str, Plan | None]:
        """The plan of each scenario, ``None`` where time gave none; the same policy is solved once."""
        found: dict[tuple[tuple[str, ...], str], Plan | None] = {}
        clashes: dict[str, Plan] = {}
        keys = {name: (policy.objectives, policy.unknowns) for name, policy in policies.items()}
        plan: Plan | None
        fallback: Plan | None = None
        for name, policy in policies.items():
            if keys[name] in found:
                continue
            if policy.unknowns in clashes:
                # Whether pins can hold together hangs on the pairs alone, and not on what is maximised.
                problem = replace(self._problem, policy=policy)
                plan = replace(clashes[policy.unknowns], problem_sha256=problem_sha256(problem))
            else:
                plan = self._solve(name, policy, fallback, len(set(keys.values()) - found.keys()))
            found[keys[name]] = plan
            if plan is not None and plan.clash is not None:
                clashes[policy.unknowns] = plan
            elif name == AS_SET:
                fallback = plan
        return {name: found[key] for name, key in keys.items()}

    def _solve(self, name: str, policy: Policy, fallback: Plan | None, still_to_solve: int) -> Plan | None:
        share = None if self._left_seconds is None else max(0.0, self._left_seconds) / still_to_solve
        watch = None if self._on_progress is None else _Watch(name, self._on_progress)
        try:
            plan = solve(
                replace(self._problem, policy=policy),
                start=fallback,
                time_limit_seconds=share,
                threads=self._threads,
                solver=self._solver,
                on_progress=watch,
            )
        except NoPlanFound:
            self._spend(share)
            return None
        self._spend(None if plan.solver is None else plan.solver.seconds)
        return plan

    def _spend(self, seconds: float | None) -> None:
        if self._left_seconds is not None and seconds is not None:
            self._left_seconds -= seconds


@dataclass(frozen=True, slots=True)
class _Watch:
    """Tells of which scenario the progress is."""

    scenario: str
    tell: Callable[[str, Progress], None]

    def __call__(self, progress: Progress) -> None:
        self.tell(self.scenario, progress)


# -- telling -------------------------------------------------------------------------------------------------


def _describe(
    problem: Problem,
    name: str,
    plan: Plan | None,
    references: Mapping[str, Mapping[tuple[str, str], int]],
) -> Scenario:
    """What a scenario's plan brings. ``problem`` holds the scenario's policy."""
    policy, sha256 = problem.policy, problem_sha256(problem)
    outcome = NO_PLAN if plan is None else plan.outcome
    bare = Scenario(name, policy.objectives, policy.unknowns, sha256, outcome)
    if plan is None:
        return bare
    verification = _verify(problem, plan, sha256, name)
    if plan.clash is not None:
        return replace(bare, clash=plan.clash)
    values = _count_values(problem, plan, verification)
    return replace(
        bare,
        stopped_by=None if plan.solver is None else plan.solver.stopped_by,
        values=values,
        seats_placed=sum(row.seats for row in plan.assignments),
        firm_seats_placed=sum(row.seats for row in plan.assignments if row.firm),
        recipients_reached=next(row.value for row in values if row.name == "reached"),
        recipients=count_recipients(problem, plan),
        differences=tuple(
            compare_seats(problem, against, seats, seats_of_plan(plan))
            for against, seats in references.items()
            if against != name
        ),
    )


def _verify(problem: Problem, plan: Plan, sha256: str, name: str) -> Verification:
    verification = verify(problem, plan, sha256)
    if not verification.ok:
        first = verification.violations[0]
        raise RefusedPlan(f"verify refuses the plan of scenario {name}: {first.code}: {first.message}")
    return verification


def _count_values(problem: Problem, plan: Plan, verification: Verification) -> tuple[ScenarioValue, ...]:
    """All eight objectives in the contract's order, also those that the scenario's policy leaves out.

    The values are those that `verify` derives from the seats. A value is proven while its bound and those of
    all objectives before it are reached, for a bound holds given the values before it.
    """
    counted = {row.name: row.value for row in verification.objectives}
    if len(counted) < len(OBJECTIVES):
        whole = replace(problem, policy=replace(problem.policy, objectives=OBJECTIVES))
        counted = {row.name: row.value for row in verify(whole, plan).objectives}
    bounds = {row.name: row.bound for row in plan.objectives}
    proven: set[str] = set()
    for row in plan.objectives:
        if row.value != row.bound:
            break
        proven.add(row.name)
    return tuple(ScenarioValue(name, counted[name], bounds.get(name), name in proven) for name in OBJECTIVES)


def _name_twin(scenario: Scenario, scenarios: list[Scenario]) -> Scenario:
    """Say which earlier scenario has the very policy of this one."""
    twin = next(row for row in scenarios if row.problem_sha256 == scenario.problem_sha256)
    return scenario if twin.name == scenario.name else replace(scenario, same_as=twin.name)


def _find_dominators(scenario: Scenario, scenarios: list[Scenario]) -> tuple[Dominator, ...]:
    """The scenarios that are at least as good in all eight values and better in one."""
    return tuple(
        Dominator(other.name, all(row.proven for row in (*scenario.values, *other.values)))
        for other in scenarios
        if scenario.has_plan and other.has_plan and other.same_as is None and _dominates(other, scenario)
    )


def _dominates(one: Scenario, other: Scenario) -> bool:
    pairs = [(row.value, other.value_of(row.name)) for row in one.values]
    return all(mine >= theirs for mine, theirs in pairs) and any(mine > theirs for mine, theirs in pairs)
