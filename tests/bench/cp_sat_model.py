"""The other competitor: a CP-SAT model (OR-Tools) of the same contract, in that solver's own idiom.

Booleans by clauses, implications and at-most-one where the contract allows it, the rest as linear rows over
whole numbers; one model kept for all objectives, each held at its value before the next; the last solution
as a full hint; the same pairs, threads and share of the time as the others.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from math import floor, isfinite
from time import monotonic

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model import IntVar, LinearExpr, LinearExprT

from optimizer.problem import Problem, Session, Support
from optimizer.verifying.rules import INTERPRETATION, links
from tests.bench.competitor import (
    ALL_EQUAL,
    Answer,
    Attempt,
    RoundOfPairs,
    solve_in_order,
)

# With one thread CP-SAT has no portfolio to lean on; relaxing every row (2) proved more objectives than its
# default (1) on most of the rounds tried. With two threads it made no difference.
LINEARIZATION_LEVEL_ALONE = 2


def solve_with_cp_sat(problem: Problem, seconds: float, threads: int = 1) -> Answer:
    """Solve objective by objective within `seconds`, the building of the model among them."""
    return solve_in_order(problem, partial(CpSatModel, threads=threads), seconds)


class CpSatModel(RoundOfPairs[IntVar]):
    """Variables: x seats of a pair, y whether it is used, z whether a session runs, u units of a support."""

    def __init__(self, problem: Problem, threads: int = 1) -> None:
        super().__init__(problem, threads)
        self.program = cp_model.CpModel()
        self.variables: list[IntVar] = []
        self.solution: list[int] = []
        self.start: list[int] | None = None
        self.x = [self.whole(self.most_seats(pair)) for pair in self.pairs]
        self.y = [self.flag() for _ in self.pairs]
        self.z = {id: self.flag() for id in sorted(self.by_session)}
        self.there: dict[tuple[str, str], IntVar] = {}
        self.units: dict[tuple[str, str, str], IntVar] = {}
        self.bridged: dict[tuple[int, str], IntVar] = {}
        self.add_groups()
        self.add_needs()
        self.add_sessions()
        self.add_offers_and_providers()
        self.add_supports()
        self.add_pins()
        # All are built at first, so that every hint is a full vector.
        self.objectives = {name: self.find_objective(name) for name in problem.policy.objectives}

    def whole(self, most: int) -> IntVar:
        self.variables.append(self.program.new_int_var(0, most, ""))
        return self.variables[-1]

    def flag(self) -> IntVar:
        self.variables.append(self.program.new_bool_var(""))
        return self.variables[-1]

    # -- solving ---------------------------------------------------------------------------------------------

    def maximise(self, name: str, seconds: float) -> Attempt:
        begin = monotonic()
        self.set_hints()
        self.program.maximize(self.objectives[name])
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = self.threads
        # Else it takes Ctrl-C to itself and leaves the process without Python's handler when it ends.
        solver.parameters.catch_sigint_signal = False
        if self.threads == 1:
            solver.parameters.linearization_level = LINEARIZATION_LEVEL_ALONE
        status = solver.solve(self.program)
        self.parts.solve += solver.wall_time
        self.parts.hand_over += monotonic() - begin - solver.wall_time
        if status == cp_model.MODEL_INVALID:
            raise ValueError(f"CP-SAT refuses the model: {self.program.validate()}")
        has_solution = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        if has_solution:
            self.solution = [solver.value(variable) for variable in self.variables]
        bound = solver.best_objective_bound
        # Stopped before it has worked out any bound, it says 0.
        is_bound = isfinite(bound) and (has_solution or bound != 0)
        whole_bound = floor(bound + 1e-6) if is_bound else None
        return Attempt(has_solution, whole_bound, status == cp_model.INFEASIBLE)

    def set_hints(self) -> None:
        """Hint at the plan in hand, every variable of it."""
        self.program.clear_hints()
        if self.start is None:
            return
        seats = [self.start[variable.index] for variable in self.x]
        for variables, find in self.followers:
            for variable, value in zip(variables, find(seats), strict=True):
                self.start[variable.index] = value
        for variable, value in zip(self.variables, self.start, strict=True):
            self.program.add_hint(variable, value)

    def keep(self) -> None:
        self.start = list(self.solution)

    def hold(self, name: str, value: int) -> None:
        self.program.add(self.objectives[name] >= value)

    # -- constraints -----------------------------------------------------------------------------------------

    def add_groups(self) -> None:
        for n, pair in enumerate(self.pairs):
            smallest = self.problem.need_by_id[pair.need].min_group
            self.program.add(self.x[n] >= smallest * self.y[n])
            self.program.add(self.x[n] <= self.most_seats(pair) * self.y[n])
            self.program.add_implication(self.y[n], self.z[pair.session])

    def add_needs(self) -> None:
        for need_id, numbers in self.by_need.items():
            need = self.problem.need_by_id[need_id]
            seats, placed = self.facts.seats_of_need(need), self.seats_in(numbers)
            if need.whole:
                self.program.add(placed == seats * self.flag())
            else:
                self.program.add(placed <= seats)
            if need.max_groups is not None:
                self.at_most(need.max_groups, [self.y[n] for n in numbers])
            for_women = [n for n in numbers if self.session_of(n).women_only]
            if for_women:
                self.program.add(self.seats_in(for_women) <= self.women_of(need))

    def add_sessions(self) -> None:
        for session_id, numbers in self.by_session.items():
            session, runs = self.problem.session_by_id[session_id], self.z[session_id]
            filled = self.seats_in(numbers)
            self.program.add(filled <= self.facts.seats_of_session(session) * runs)
            self.program.add(filled >= session.min_seats * runs)
            self.program.add_bool_or(~runs, *(self.y[n] for n in numbers))
            groups = self.by_recipient(session_id)
            for recipient, group in groups.items():
                there = self.there[session_id, recipient] = self.flag()
                for n in group:
                    self.program.add_implication(self.y[n], there)
                if session.max_per_recipient is not None:
                    self.program.add(self.seats_in(group) <= session.max_per_recipient)
            most = self.most_recipients(session)
            if most is not None:
                self.at_most(most, [self.there[session_id, recipient] for recipient in groups])

    def add_offers_and_providers(self) -> None:
        for offer in self.problem.offers:
            if offer.max_sessions is not None:
                self.at_most(offer.max_sessions, [self.z[s.id] for s in self.by_offer[offer.id]])
        for provider in self.problem.providers:
            sessions = self.by_provider[provider.id]
            if provider.seats is not None:
                numbers = [n for s in sessions for n in self.by_session[s.id]]
                self.program.add(self.seats_in(numbers) <= provider.seats)
            if provider.teams is not None:
                for busy in self.busy_days(provider.id):
                    self.at_most(provider.teams, [self.z[s.id] for s in busy])

    def add_supports(self) -> None:
        given: dict[str, list[IntVar]] = defaultdict(list)
        for session_id in self.z:
            session = self.problem.session_by_id[session_id]
            used: dict[str, list[IntVar]] = defaultdict(list)
            filled = self.seats_in(self.by_session[session_id])
            for row in session.requires or ():
                amount = row.quantity * self.z[session_id] + row.per_seat * filled
                self.add_demand(session, row.kind, amount, self.fitting(session, row.kind), used)
            bridges = self.add_bridges(session)
            interpreters = self.fitting(session, INTERPRETATION) if bridges else []
            for language, in_use in bridges.items():
                linking = [s for s in interpreters if links(s, language, session)]
                self.add_demand(session, f"bridge {language}", in_use, linking, used)
            for support_id, units in used.items():
                most = self.problem.support_by_id[support_id].per_session
                if most is not None:
                    self.program.add(LinearExpr.sum(units) <= most)
                given[support_id] += units
        for support_id, units in given.items():
            self.program.add(LinearExpr.sum(units) <= (self.problem.support_by_id[support_id].quantity or 0))

    def add_demand(
        self,
        session: Session,
        purpose: str,
        amount: LinearExprT,
        supports: list[Support],
        used: dict[str, list[IntVar]],
    ) -> None:
        units = []
        for support in supports:
            most = min(support.quantity or 0, support.per_session or support.quantity or 0)
            unit = self.units[session.id, support.id, purpose] = self.whole(most)
            for recipient in self.recipients_refused(support, session):
                self.program.add(unit == 0).only_enforce_if(self.there[session.id, recipient])
            units.append(unit)
            used[support.id].append(unit)
        self.program.add(LinearExpr.sum(units) == amount)

    def add_bridges(self, session: Session) -> dict[str, IntVar]:
        """Return, for each language by which groups may be bridged, whether it is in use in the session."""
        in_use: dict[str, IntVar] = {}
        users: dict[str, list[IntVar]] = defaultdict(list)
        for n in self.by_session[session.id]:
            choices = []
            for language in self.pairs[n].bridges:
                tag = language.lower()
                if tag not in in_use:
                    in_use[tag] = self.flag()
                choice = self.bridged[n, language] = self.flag()
                self.program.add_implication(choice, in_use[tag])
                choices.append(choice)
                users[tag].append(choice)
            if choices:
                self.program.add_exactly_one(*choices, ~self.y[n])
        for tag, choices in users.items():
            self.program.add_bool_or(~in_use[tag], *choices)
        return in_use

    def add_pins(self) -> None:
        for pin in self.problem.pinned:
            number = self.number.get((pin.need, pin.session))
            seats = self.seats_in([] if number is None else [number])
            self.program.add(seats == pin.seats if pin.rule == "exactly" else seats >= pin.seats)

    def seats_in(self, numbers: Sequence[int]) -> LinearExpr:
        return LinearExpr.weighted_sum([self.x[n] for n in numbers], [1] * len(numbers))

    def at_most(self, most: int, flags: Sequence[IntVar]) -> None:
        if most == 1:
            self.program.add_at_most_one(*flags)
        elif len(flags) > most:
            self.program.add(LinearExpr.sum(flags) <= most)

    # -- objectives ------------------------------------------------------------------------------------------

    def find_objective(self, name: str) -> LinearExprT:
        """Return the objective's expression, with the variables that it needs."""
        match name.removeprefix("firm."):
            case "critical" | "coverage":
                return self.worth(name)
            case "reached":
                return self.reached(name)
            case "stability":
                return self.stability()
        return self.quality()

    def worth(self, name: str) -> LinearExprT:
        weights = self.weights_of(name)
        asked = self.asked(weights)
        variables: list[IntVar] = []
        worths: list[int] = []
        for recipient, placed in self.weighted(self.pairs_counted(name), weights).items():
            parts = [self.whole(asked[recipient]) for _ in range(4)]
            seats = LinearExpr.weighted_sum(
                [self.x[n] for _, n in placed], [4 * weight for weight, _ in placed]
            )
            self.program.add(LinearExpr.sum(parts) <= seats)
            self.quarters_follow(parts, placed, asked[recipient])
            variables += parts
            worths += self.problem.policy.quarters
        return LinearExpr.weighted_sum(variables, worths)

    def reached(self, name: str) -> LinearExprT:
        asked, flags = self.asked(ALL_EQUAL), []
        for recipient, placed in self.weighted(self.pairs_counted(name), ALL_EQUAL).items():
            flag = self.flag()
            enough = self.seats_to_reach(asked[recipient])
            self.flag_follows(flag, placed, enough)
            self.program.add(self.seats_in([n for _, n in placed]) >= enough * flag)
            flags.append(flag)
        return LinearExpr.sum(flags)

    def stability(self) -> LinearExprT:
        kept = []
        for n, previous in self.kept():
            seats = self.whole(previous)
            self.kept_follows(seats, n, previous)
            self.program.add(seats <= self.x[n])
            kept.append(seats)
        return LinearExpr.sum(kept)

    def quality(self) -> LinearExprT:
        priced = [*self.y, *self.z.values()]
        return LinearExpr.weighted_sum([*self.x, *priced], [*self.fits(), *(-50 for _ in priced)])

    # -- reading ---------------------------------------------------------------------------------------------

    def read(self, answer: Answer) -> None:
        """Write the seats, supports and bridges of the last solution into the answer."""

        def value(variable: IntVar) -> int:
            return self.solution[variable.index]

        answer.seats = {
            (pair.need, pair.session): seats
            for n, pair in enumerate(self.pairs)
            if (seats := value(self.x[n]))
        }
        answer.bridges = {
            (self.pairs[n].need, self.pairs[n].session): language
            for (n, language), choice in self.bridged.items()
            if value(choice)
        }
        answer.supports = {}
        for (session_id, support_id, _), unit in self.units.items():
            if units := value(unit):
                row = answer.supports.setdefault(session_id, {})
                row[support_id] = row.get(support_id, 0) + units
