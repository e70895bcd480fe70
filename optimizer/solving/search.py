"""Objective by objective: each solved to its optimum, then held, before the next.

The plan in hand is always a draft in whole numbers that obeys every row exactly. A solver may only offer a
better one: its values are read, rebuilt and checked, its bound is rounded down to a whole number, and when
its word does not hold it is asked again another way. Neither a time limit nor a solver that breaks down loses
the plan in hand; an objective that stays open keeps its value and its bound, and the outcome is `feasible`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from math import floor

from optimizer.clock import Clock, Progress
from optimizer.errors import NoPlanFound
from optimizer.model.arrays import ProgramArrays
from optimizer.model.drafts import draft_of_pins, draft_of_plan
from optimizer.model.objective_columns import ObjectiveOfModel, ObjectiveTerms
from optimizer.model.program import (
    MAX_SPREAD,
    MAX_SPREAD_STRICT,
    PulpProgram,
    is_told_apart,
    spread_of,
)
from optimizer.model.vectors import EMPTY_DRAFT, Draft, RoundModel
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.reducing.twins import NO_TWINS, find_twins, order_twins
from optimizer.rules.objectives import OBJECTIVE_TABLE
from optimizer.solving.first_plan import add_greedily, read_plan, search_any_draft
from optimizer.solving.greedy import draft_greedily
from optimizer.solving.narrowing import Narrowing
from optimizer.solving.polishing import MIN_PAIRS
from optimizer.solving.scout import Scout
from optimizer.solving.solvers import Attempt, Effort, describe_solver, other_solver, run, two_opinions

# Of the seconds left, an objective may use this part, so that one that does not close leaves time to those
# after it.
SHARE_OF_TIME = 0.3
# About how many columns HiGHS presolves in a second. A run with less time than that would end before its
# first bound; without presolve its relaxation bounds the objective soon.
COLUMNS_PRESOLVED_A_SECOND = 4_000


class Search:
    """The plan in hand, and what is proven about it."""

    def __init__(
        self,
        model: RoundModel,
        effort: Effort,
        clock: Clock,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.model = model
        self.draft: Draft = EMPTY_DRAFT
        self._is_small = len(model.model.pairs) < MIN_PAIRS
        # Larger rounds are made better in steps from plans that know no order among twins.
        self._twins = find_twins(model.facts, model.model.pairs) if self._is_small else NO_TWINS
        order_twins(model, self._twins)
        # How far apart the numbers of the rows are: what a solver's tolerance may hide in them.
        self._spread = model.find_spread()
        threads = 1 if self._is_small else effort.threads
        self._effort = replace(
            effort, threads=threads, is_brief=self._is_small, is_strict=self._spread > MAX_SPREAD
        )
        self._clock = clock
        self._on_progress = on_progress
        self._program = PulpProgram(model.program)
        self._scout = Scout(model, clock, self._effort)
        self._narrowing: Narrowing | None = None
        self._reserve: Draft | None = None  # the start plan, where it obeys the problem
        self._solved: list[tuple[object, ObjectiveValue]] = []
        self._held: list[tuple[str, ObjectiveTerms, int]] = []
        self._stopped_by: str | None = None
        # Whether a solver that works in doubles can prove anything about the objective at hand. The row that
        # holds one that it cannot tell apart blurs all that are solved after it.
        self._is_provable = self._spread <= MAX_SPREAD_STRICT
        self._bounds: dict[str, int] = {}  # what the relaxation proves, in a large round
        # Of an objective: a bound that holds whatever is held, and the earlier one that it counts as.
        self.free_bounds: dict[str, int] = {}
        self.twins: dict[str, str] = {}

    def describe(self) -> SolverInfo:
        return SolverInfo(
            version("pulp"),
            describe_solver(self._effort.solver),
            self._clock.seconds(),
            self._effort.threads,
            self._stopped_by,
        )

    # -- the first plan -------------------------------------------------------------------------------------

    def find_first_draft(self, start: Plan | None) -> bool:
        """Take a first plan that obeys the pins in hand, or say that the pins leave none.

        Without pins, the plan that assigns nothing is one. With pins, the pinned seats alone may be one; else
        the solver looks for any plan, and where it finds none, a second solver must agree.

        Raises
        ------
        NoPlanFound: time ran out, or the solvers broke down, so that neither is known.
        """
        self._reserve = None if start is None else draft_of_plan(self.model, self._twins.in_order(start))
        if not self.model.facts.problem.pinned:
            return True
        draft = draft_of_pins(self.model) or self._search_any_draft() or self._reserve
        if draft is None:
            if self._clock.is_over():
                raise NoPlanFound("time ran out before any plan that obeys the pins was found")
            return False
        self.draft = draft
        return True

    def _begin_greedily(self) -> None:
        """In a large round, add at once what a coordinator would by hand."""
        if self._is_small:
            return
        self.draft = add_greedily(self.model, self.draft)
        if self._scout.is_one_model():
            self.draft, self._bounds = self._scout.begin(self.draft)

    def _search_any_draft(self) -> Draft | None:
        opinions = two_opinions(self._effort, self._spread)
        return search_any_draft(self._program, self.model, opinions, self._clock, self._reserve)

    # -- all objectives -------------------------------------------------------------------------------------

    def improve_all(self) -> list[ObjectiveValue]:
        """Maximise the policy's objectives in their order and return their values and bounds."""
        self._begin_greedily()
        names = self.model.facts.problem.policy.objectives
        polisher = self._scout.make_polisher()
        values: list[ObjectiveValue] = []
        for position, name in enumerate(names):
            before = self.draft
            values.append(self.improve(name))
            if polisher is not None:
                polisher.hold(name, values[-1].value)
                if self.draft is not before:
                    self.draft = self._scout.polish(polisher, self.draft, names[position + 1 :])
        return self._without_refuted_bounds(values)

    def _without_refuted_bounds(self, values: list[ObjectiveValue]) -> list[ObjectiveValue]:
        """The values with their bounds, but none that the plan in hand refutes: where one is, nothing that
        was proven from there on is certain, and the largest values that need no solver are told instead.
        """
        found = [replace(row, value=self._value(row.name, self.draft)) for row in values]
        refuted = next(
            (at for at, row in enumerate(found) if row.bound is not None and row.value > row.bound),
            len(found),
        )
        for at in range(refuted, len(found)):
            ceiling = ObjectiveOfModel(self.model.model, found[at].name).largest_value()
            found[at] = replace(found[at], bound=max(found[at].value, ceiling))
            self._stopped_by = self._stopped_by or "fault"
        if all(row.value == row.bound for row in found):
            # A step beside a solve that was stopped has reached its bound.
            self._stopped_by = None
        return found

    @cached_property
    def _arrays(self) -> ProgramArrays:
        return ProgramArrays(self.model.program)

    def _search_around(self, best: ObjectiveValue) -> None:
        """In a large round, make the plan in hand better in small steps."""
        at = self.model.facts.problem.policy.objectives.index(best.name)
        self.draft = self._scout.search_around(
            self.draft, lambda values: self._report(replace(best, value=max(best.value, values[at])))
        )

    # -- one objective --------------------------------------------------------------------------------------

    def improve(self, name: str) -> ObjectiveValue:
        """Maximise one objective, hold it, and return its value and bound."""
        objective = ObjectiveOfModel(self.model.model, name)
        twin = next((value for signature, value in self._solved if signature == objective.signature), None)
        if twin is not None:
            # It counts the same seats in the same way as one that is held already: nothing can move it.
            self.twins[name], self.free_bounds[name] = twin.name, self.free_bounds[twin.name]
            best = replace(twin, name=name)
            self._report(best)
            return best
        self._hold_what_was_gained()
        terms = self.model.add_objective(objective)
        self._program.extend()
        best = self._maximise(objective, terms)
        self._hold(name, terms, best.value)
        self._solved.append((objective.signature, best))
        return best

    def _hold(self, name: str, terms: ObjectiveTerms, value: int) -> None:
        self.model.hold(terms, value)
        self._program.extend()
        self._held.append((name, terms, value))

    def _hold_what_was_gained(self) -> None:
        """Hold earlier objectives at what the plan in hand has: a step that was taken later may have made it
        better in one that stayed open, and no solve for the next may give that away.
        """
        for name, terms, held in self._held[:]:
            value = self._value(name, self.draft)
            if value > held:
                self._held.remove((name, terms, held))
                self._hold(name, terms, value)

    def _maximise(self, objective: ObjectiveOfModel, terms: ObjectiveTerms) -> ObjectiveValue:
        name, ceiling = objective.name, objective.largest_value()
        self._is_provable = self._is_provable and is_told_apart(terms.terms, ceiling)
        # It is held for all that follow, so its numbers count for them as well.
        self._spread = max(self._spread, spread_of(coefficient for _, coefficient in terms.terms))
        self._effort = replace(self._effort, is_strict=self._spread > MAX_SPREAD)
        value = self._value(name, self.draft)
        relaxed = self._bounds.get(name, ceiling) if self._is_provable else ceiling
        self.free_bounds[name] = min(ceiling, relaxed)
        best = ObjectiveValue(name, value, max(value, self.free_bounds[name]))
        self._report(best)
        best = self._narrow(terms, best, may_probe=False)
        if best.value != best.bound and terms.terms:
            best = self._ask_until_settled(terms, best)
            if best.value == best.bound and name != self.model.facts.problem.policy.objectives[-1]:
                best = self._narrow(terms, best, may_probe=True)
        if best.value != best.bound:
            self._search_around(best)
            best = self._take_reserve(best)
        if best.value != best.bound:
            self._stopped_by = self._stopped_by or "fault"
        self._report(best)
        return best

    def _ask_until_settled(self, terms: ObjectiveTerms, best: ObjectiveValue) -> ObjectiveValue:
        """Ask one solver after the other until one's word holds, with small steps taken meanwhile."""
        with self._scout.stepping(self.draft) as stepping:
            best = self._ask_in_turn(terms, best)
        if stepping is not None:
            self.draft = self._scout.better(self.draft, stepping.result())
            best = replace(best, value=self._value(best.name, self.draft))
        return best

    def _ask_in_turn(self, terms: ObjectiveTerms, best: ObjectiveValue) -> ObjectiveValue:
        self._program.set_objective(terms.terms)
        budget = self._budget(best.name)
        for effort, is_warm in self._ways_to_ask():
            if self._clock.is_over():
                self._stopped_by = "time_limit"
                break
            effort = replace(effort, seconds=budget, is_hasty=self._is_short(budget))
            attempt = self._ask(effort, is_warm, terms, best)
            if self._spread > MAX_SPREAD and effort.solver != "highs":
                # CBC has no tolerance that tells such numbers apart: it may find plans, but prove nothing.
                attempt = replace(attempt, ending="fault", bound=None)
            best, is_settled = self._weigh(attempt, best)
            if is_settled:
                break
            # Should the word not have held for what was narrowed, the next is about the whole program.
            self._program.reset_bounds()
        return best

    def _narrow(self, terms: ObjectiveTerms, best: ObjectiveValue, *, may_probe: bool) -> ObjectiveValue:
        """In a small round, hold what no plan can do that is as good as the one in hand, and take the bound
        that comes with it. In a larger one relaxations take their time, and are left to the solver.

        It stays held for the objectives to come, whose plans are all as good in this one.
        """
        if not self._is_small or not self._is_provable or not terms.terms or self._clock.is_over():
            return best
        self._arrays.extend()
        if self._narrowing is None:
            self._narrowing = Narrowing(self._arrays.matrix, self._effort.threads)
        self._narrowing.follow(self._arrays.matrix)
        plan = self._arrays.scaled(self.model.vector_of(self.draft))
        cost, value = self._arrays.cost_of(terms.terms), best.value - terms.constant
        bound = self._narrowing.narrow(cost, value, plan, may_probe=may_probe, clock=self._clock)
        self._program.narrow_to(
            self._arrays.in_units(self._narrowing.lower), self._arrays.in_units(self._narrowing.upper)
        )
        if bound is None or best.bound is None:
            return best
        return replace(best, bound=min(best.bound, bound + terms.constant))

    def _budget(self, name: str) -> float | None:
        """Seconds for this objective: a part of what is left, all of it for the last."""
        left = self._clock.left()
        if left is None or name == self.model.facts.problem.policy.objectives[-1]:
            return left
        return left * SHARE_OF_TIME

    def _is_short(self, seconds: float | None) -> bool:
        """Whether a run of so many seconds would spend most of them on presolving.

        Never in a small round, where the clock must not choose between plans of equal value.
        """
        if seconds is None or self._is_small:
            return False
        return seconds * COLUMNS_PRESOLVED_A_SECOND < len(self.model.program.columns)

    def _ways_to_ask(self) -> Iterator[tuple[Effort, bool]]:
        """Solver, and whether it gets the plan in hand to begin with; later ways only where a word did
        not hold.
        """
        # HiGHS may not be asked with several threads in one thread while it is asked with one in another.
        effort = replace(self._effort, threads=1) if self._scout.is_beside() else self._effort
        yield effort, True
        yield replace(effort, is_strict=True), False
        yield replace(effort, solver=other_solver(effort.solver)), False

    def _ask(self, effort: Effort, is_warm: bool, terms: ObjectiveTerms, best: ObjectiveValue) -> Attempt:
        start = self.model.vector_of(self.draft) if is_warm and self.draft.seats else None
        watcher = None if self._on_progress is None else self._watch(terms, best)
        return run(self._program, effort, start=start, watcher=watcher)

    def _weigh(self, attempt: Attempt, best: ObjectiveValue) -> tuple[ObjectiveValue, bool]:
        """Take what an attempt offers and say whether it settles the objective.

        It settles it where its plan is sound and as good as its bound, or where time stopped it. An
        *infeasible* while a plan is in hand, values that are no plan, or a bound below the plan in hand are
        faults of the solver and settle nothing. Its bound is not asked for where doubles could not state it.
        """
        draft = read_plan(self.model, attempt)
        value = None if draft is None else self._value(best.name, draft)
        if draft is not None and value is not None and value > best.value:
            self.draft = draft
            best = replace(best, value=value)
        if attempt.ending not in ("optimal", "time_limit"):
            return best, best.value == best.bound
        bound = attempt.bound if self._is_provable else None
        if bound is None and self._is_provable and attempt.ending == "optimal" and value is not None:
            bound = value  # CBC states no bound; that it ended within less than one is the proof.
        if bound is not None and bound >= best.value:
            best = replace(best, bound=bound if best.bound is None else min(best.bound, bound))
        if attempt.ending == "time_limit":
            if best.value != best.bound:
                self._stopped_by = "time_limit"
            return best, bound is None or bound >= best.value
        return best, best.value == best.bound

    def _take_reserve(self, best: ObjectiveValue) -> ObjectiveValue:
        """Fall back on a plan at hand where the objective stayed open and that plan is better: the start
        plan, or what a coordinator would add by hand.
        """
        names = self.model.facts.problem.policy.objectives
        until_now = names[: names.index(best.name) + 1]
        for reserve in (self._reserve, self._greedy_reserve):
            if reserve is None or self.model.find_violation(reserve) is not None:
                continue
            held, now = ([self._value(name, draft) for name in until_now] for draft in (reserve, self.draft))
            if held > now:
                self.draft = reserve
        return replace(best, value=self._value(best.name, self.draft))

    @cached_property
    def _greedy_reserve(self) -> Draft | None:
        """In a small round, which begins with nothing, a plan for where time ends at once; it steers nothing,
        so that a plan that is proven is the same with a time limit and without.
        """
        if not self._is_small:
            return None
        begun = EMPTY_DRAFT if not self.model.facts.problem.pinned else draft_of_pins(self.model)
        if begun is None:
            return None
        greedy = draft_greedily(self.model.facts, self.model.model.pairs, begun)
        return self._twins.draft_in_order(self.model, greedy)

    # -- reading and telling --------------------------------------------------------------------------------

    def _value(self, name: str, draft: Draft) -> int:
        """The objective's value, from the seats alone."""
        return OBJECTIVE_TABLE[name].value(self.model.facts.problem, self.model.model.pairs, draft.seats)

    def _report(self, best: ObjectiveValue) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(best.name, best.value, best.bound, self._clock.seconds()))

    def _watch(
        self, terms: ObjectiveTerms, best: ObjectiveValue
    ) -> Callable[[float | None, float | None], None]:
        """Turn a solver's report into progress: never worse than what is known."""

        def watch(value: float | None, bound: float | None) -> None:
            found = best.value if value is None else max(best.value, round(value) + terms.constant)
            ceiling = best.bound
            if ceiling is not None and found > ceiling:
                found = best.value  # A solver that has no plan yet may report one that cannot be.
            if bound is not None and ceiling is not None and self._is_provable:
                ceiling = max(found, min(ceiling, floor(bound + 1e-6) + terms.constant))
            self._report(ObjectiveValue(best.name, found, ceiling))

        return watch
