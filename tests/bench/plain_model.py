"""The competitor: a plain PuLP + HiGHS model of the same contract, as an able user would write it in a day.

It is honest: the whole contract, `lpSum` throughout, one model kept for all objectives, each held at its
value (less a half, values being whole) before the next, the last solution as a warm start, the same gap,
threads and share of the time as `optimizer.solving.solve`, and the same function to find the pairs.
"""

from collections import defaultdict
from functools import partial
from math import floor
from time import monotonic
from typing import Any

import pulp
from pulp.constants import LpSolveStatus

from optimizer.problem import Problem, Session, Support
from optimizer.verifying.rules import INTERPRETATION, links
from tests.bench.competitor import (
    ALL_EQUAL,
    Answer,
    Attempt,
    RoundOfPairs,
    solve_in_order,
)

WHOLE_GAP = 0.999


def solve_plainly(problem: Problem, seconds: float, threads: int = 1) -> Answer:
    """Solve objective by objective within `seconds`, the building of the model among them."""
    return solve_in_order(problem, partial(PlainModel, threads=threads), seconds)


class TimedHiGHS(pulp.HiGHS):
    """PuLP's own solver class; `solve_seconds` are those inside HiGHS, the rest of a call is hand-over."""

    solve_seconds = 0.0

    def callSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 - PuLP's name
        begin = monotonic()
        super().callSolver(lp)
        self.solve_seconds = monotonic() - begin


class PlainModel(RoundOfPairs[Any]):
    """Variables: x seats of a pair, y whether it is used, z whether a session runs, u units of a support."""

    def __init__(self, problem: Problem, threads: int = 1) -> None:
        super().__init__(problem, threads)
        self.start: list[float] | None = None
        self.program = pulp.LpProblem("plain", pulp.LpMaximize)
        self.x = [self.whole(f"x{n}", self.most_seats(pair)) for n, pair in enumerate(self.pairs)]
        self.y = [self.whole(f"y{n}", 1) for n in range(len(self.pairs))]
        self.z = {id: self.whole(f"z{n}", 1) for n, id in enumerate(sorted(self.by_session))}
        self.there: dict[tuple[str, str], Any] = {}
        self.units: dict[tuple[str, str, str], Any] = {}
        self.bridged: dict[tuple[int, str], Any] = {}
        self.add_groups()
        self.add_needs()
        self.add_sessions()
        self.add_offers_and_providers()
        self.add_supports()
        self.add_pins()
        # All are built at first, so that every start is a full vector.
        self.objectives = {
            name: self.find_objective(name, number) for number, name in enumerate(problem.policy.objectives)
        }

    def whole(self, name: str, most: int) -> Any:
        return self.program.add_variable(name, 0, most, "Integer")

    def maximise(self, name: str, seconds: float) -> Attempt:
        """Solve from the last solution; where what comes back is no optimum though it says so, solve afresh.

        With a starting vector, HiGHS through PuLP 4.2.0 can say *optimal* and hand back values that are not.
        """
        begin = monotonic()
        self.program.setObjective(self.objectives[name])
        self.set_start()
        self.parts.hand_over += monotonic() - begin
        stats = self.run(seconds, is_warm=self.start is not None)
        bound = None if stats.best_bound is None else floor(stats.best_bound + 1e-6)
        if stats.status == LpSolveStatus.Optimal and stats.has_solution and bound is not None:
            self.read(reached := Answer())
            if self.value_of(name, reached) < bound:
                stats = self.run(max(0.1, seconds - (monotonic() - begin)), is_warm=False)
                bound = None if stats.best_bound is None else floor(stats.best_bound + 1e-6)
        return Attempt(stats.has_solution, bound, stats.status == LpSolveStatus.Infeasible)

    def run(self, seconds: float, is_warm: bool) -> pulp.LpSolveStats:
        solver = TimedHiGHS(
            msg=False,
            gapRel=0.0,
            gapAbs=WHOLE_GAP,
            threads=self.threads,
            timeLimit=seconds,
            warmStart=is_warm,
        )
        begin = monotonic()
        stats = self.program.solve(solver)
        self.parts.solve += solver.solve_seconds
        self.parts.hand_over += monotonic() - begin - solver.solve_seconds
        return stats

    def set_start(self) -> None:
        """Give every variable its value in the plan in hand, or none of them."""
        if self.start is None:
            return
        for variable, value in zip(self.program.variables(), self.start, strict=True):
            variable.varValue = value
        seats = [round(variable.varValue or 0) for variable in self.x]
        for variables, find in self.followers:
            for variable, value in zip(variables, find(seats), strict=True):
                variable.varValue = value

    def keep(self) -> None:
        self.start = [variable.varValue or 0 for variable in self.program.variables()]

    def hold(self, name: str, value: int) -> None:
        self.program += self.objectives[name] >= value - 0.5

    # -- constraints -----------------------------------------------------------------------------------------

    def add_groups(self) -> None:
        for number, pair in enumerate(self.pairs):
            self.program += self.x[number] >= self.problem.need_by_id[pair.need].min_group * self.y[number]
            self.program += self.x[number] <= self.most_seats(pair) * self.y[number]
            self.program += self.y[number] <= self.z[pair.session]

    def add_needs(self) -> None:
        for need_id, numbers in self.by_need.items():
            need = self.problem.need_by_id[need_id]
            seats = self.facts.seats_of_need(need)
            placed = pulp.lpSum(self.x[n] for n in numbers)
            if need.whole:
                self.program += placed == seats * self.whole(f"all_{need_id}", 1)
            else:
                self.program += placed <= seats
            if need.max_groups is not None:
                self.program += pulp.lpSum(self.y[n] for n in numbers) <= need.max_groups
            for_women = [n for n in numbers if self.session_of(n).women_only]
            if for_women:
                self.program += pulp.lpSum(self.x[n] for n in for_women) <= self.women_of(need)

    def add_sessions(self) -> None:
        for session_id, numbers in self.by_session.items():
            session = self.problem.session_by_id[session_id]
            filled = pulp.lpSum(self.x[n] for n in numbers)
            self.program += filled <= self.facts.seats_of_session(session) * self.z[session_id]
            self.program += filled >= session.min_seats * self.z[session_id]
            self.program += self.z[session_id] <= pulp.lpSum(self.y[n] for n in numbers)
            by_recipient = self.by_recipient(session_id)
            for recipient, group in by_recipient.items():
                there = self.there[session_id, recipient] = self.whole(f"at_{session_id}_{recipient}", 1)
                for n in group:
                    self.program += self.y[n] <= there
                if session.max_per_recipient is not None:
                    self.program += pulp.lpSum(self.x[n] for n in group) <= session.max_per_recipient
            most = self.most_recipients(session)
            if most is not None:
                self.program += pulp.lpSum(self.there[session_id, r] for r in by_recipient) <= most

    def add_offers_and_providers(self) -> None:
        for offer in self.problem.offers:
            sessions = self.by_offer[offer.id]
            if offer.max_sessions is not None and sessions:
                self.program += pulp.lpSum(self.z[s.id] for s in sessions) <= offer.max_sessions
        for provider in self.problem.providers:
            numbers = [n for s in self.by_provider[provider.id] for n in self.by_session[s.id]]
            if provider.seats is not None and numbers:
                self.program += pulp.lpSum(self.x[n] for n in numbers) <= provider.seats
            if provider.teams is not None:
                for busy in self.busy_days(provider.id):
                    if len(busy) > provider.teams:
                        self.program += pulp.lpSum(self.z[s.id] for s in busy) <= provider.teams

    def add_supports(self) -> None:
        given: dict[str, list[Any]] = defaultdict(list)
        for session_id in self.z:
            session = self.problem.session_by_id[session_id]
            used: dict[str, list[Any]] = defaultdict(list)
            filled = pulp.lpSum(self.x[n] for n in self.by_session[session_id])
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
                    self.program += pulp.lpSum(units) <= most
                given[support_id] += units
        for support_id, units in given.items():
            self.program += pulp.lpSum(units) <= (self.problem.support_by_id[support_id].quantity or 0)

    def add_demand(
        self, session: Session, purpose: str, amount: Any, supports: list[Support], used: dict[str, list[Any]]
    ) -> None:
        units = []
        for support in supports:
            most = min(support.quantity or 0, support.per_session or support.quantity or 0)
            unit = self.whole(f"u_{session.id}_{support.id}_{purpose.replace(' ', '_')}", most)
            self.units[session.id, support.id, purpose] = unit
            for recipient in self.recipients_refused(support, session):
                self.program += unit <= most * (1 - self.there[session.id, recipient])
            units.append(unit)
            used[support.id].append(unit)
        self.program += pulp.lpSum(units) == amount

    def add_bridges(self, session: Session) -> dict[str, Any]:
        """Return, for each language by which groups may be bridged, whether it is in use in the session."""
        in_use: dict[str, Any] = {}
        users: dict[str, list[Any]] = defaultdict(list)
        for n in self.by_session[session.id]:
            choices = []
            for language in self.pairs[n].bridges:
                tag = language.lower()
                if tag not in in_use:
                    in_use[tag] = self.whole(f"in_use_{session.id}_{tag}", 1)
                choice = self.bridged[n, language] = self.whole(f"bridged_{n}_{tag}", 1)
                self.program += choice <= in_use[tag]
                choices.append(choice)
                users[tag].append(choice)
            if choices:
                self.program += pulp.lpSum(choices) == self.y[n]
        for tag, choices in users.items():
            self.program += in_use[tag] <= pulp.lpSum(choices)
        return in_use

    def add_pins(self) -> None:
        for pin in self.problem.pinned:
            number = self.number.get((pin.need, pin.session))
            seats = pulp.lpSum([] if number is None else [self.x[number]])
            self.program += (seats == pin.seats) if pin.rule == "exactly" else (seats >= pin.seats)

    # -- objectives ------------------------------------------------------------------------------------------

    def find_objective(self, name: str, number: int) -> Any:
        """Return the objective's expression, with the variables that it needs."""
        match name.removeprefix("firm."):
            case "critical" | "coverage":
                return self.worth(name, number)
            case "reached":
                return self.reached(name, number)
            case "stability":
                return self.stability()
        return self.quality()

    def worth(self, name: str, number: int) -> Any:
        weights = self.weights_of(name)
        asked, terms = self.asked(weights), []
        for recipient, placed in self.weighted(self.pairs_counted(name), weights).items():
            parts = [
                self.program.add_variable(f"q{number}_{recipient}_{k}", 0, asked[recipient], "Continuous")
                for k in range(4)
            ]
            self.quarters_follow(parts, placed, asked[recipient])
            self.program += pulp.lpSum(parts) <= 4 * pulp.lpSum(weight * self.x[n] for weight, n in placed)
            terms += [worth * part for worth, part in zip(self.problem.policy.quarters, parts, strict=True)]
        return pulp.lpSum(terms)

    def reached(self, name: str, number: int) -> Any:
        asked, flags = self.asked(ALL_EQUAL), []
        for recipient, placed in self.weighted(self.pairs_counted(name), ALL_EQUAL).items():
            flag = self.whole(f"reached{number}_{recipient}", 1)
            enough = self.seats_to_reach(asked[recipient])
            self.flag_follows(flag, placed, enough)
            self.program += pulp.lpSum(self.x[n] for _, n in placed) >= enough * flag
            flags.append(flag)
        return pulp.lpSum(flags)

    def stability(self) -> Any:
        kept = []
        for n, previous in self.kept():
            seats = self.whole(f"kept_{n}", previous)
            self.kept_follows(seats, n, previous)
            self.program += seats <= self.x[n]
            kept.append(seats)
        return pulp.lpSum(kept)

    def quality(self) -> Any:
        seats = pulp.lpSum(fit * self.x[n] for n, fit in enumerate(self.fits()))
        return seats - 50 * pulp.lpSum(self.y) - 50 * pulp.lpSum(self.z.values())

    # -- reading ---------------------------------------------------------------------------------------------

    def read(self, answer: Answer) -> None:
        """Write the seats, supports and bridges of the last solution into the answer."""
        answer.seats = {
            (pair.need, pair.session): seats
            for n, pair in enumerate(self.pairs)
            if (seats := round(self.x[n].varValue or 0)) > 0
        }
        answer.bridges = {
            (self.pairs[n].need, self.pairs[n].session): language
            for (n, language), choice in self.bridged.items()
            if (choice.varValue or 0) > 0.5
        }
        answer.supports = {}
        for (session_id, support_id, _), unit in self.units.items():
            units = round(unit.varValue or 0)
            if units:
                row = answer.supports.setdefault(session_id, {})
                row[support_id] = row.get(support_id, 0) + units
