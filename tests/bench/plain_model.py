"""The competitor: a plain PuLP + HiGHS model of the same contract, as an able user would write it in a day.

It is honest: the whole contract, `lpSum` throughout, one model kept for all objectives, each held at its
value (less a half, values being whole) before the next, the last solution as a warm start, the same gap,
threads and share of the time as `optimizer.solve`, and the same function to find the pairs. What it does not
do: tighten, substitute, recognise what is proven already, check, explain.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor
from time import monotonic
from typing import Any

import pulp
from pulp.constants import LpSolveStatus

from optimizer.compatibility import Pair
from optimizer.pairs import find_pairs
from optimizer.plan import Assignment
from optimizer.problem import ANY, Need, Problem, Session, Support
from optimizer.verify_rules import INTERPRETATION, Facts, links, support_fits
from optimizer.verify_values import Values

# As `optimizer.solve` does: an objective may use two fifths of the seconds that are left.
SHARE_OF_TIME = 0.4
WHOLE_GAP = 0.999


@dataclass(frozen=True)
class ObjectiveRun:
    """What was reached for one objective (``None``: no plan in time), the bound and the seconds it took."""

    name: str
    value: int | None
    bound: int | None
    seconds: float


@dataclass
class PlainAnswer:
    objectives: list[ObjectiveRun] = field(default_factory=list)
    seats: dict[tuple[str, str], int] = field(default_factory=dict)
    supports: dict[str, dict[str, int]] = field(default_factory=dict)
    bridges: dict[tuple[str, str], str] = field(default_factory=dict)


def solve_plainly(problem: Problem, seconds: float) -> PlainAnswer:
    """Solve objective by objective within `seconds`, the building of the model among them."""
    begin = monotonic()
    model = PlainModel(problem)
    answer = PlainAnswer()
    names = problem.policy.objectives
    told = begin
    for name in names:
        objective = model.objectives[name]
        left = max(0.1, seconds - (monotonic() - begin))
        stats = model.maximise(name, left if name == names[-1] else left * SHARE_OF_TIME)
        now = monotonic()
        bound = None if stats.best_bound is None else floor(stats.best_bound + 1e-6)
        if stats.has_solution:
            model.read(answer)
        elif not answer.objectives:
            answer.objectives.append(ObjectiveRun(name, None, bound, now - told))
            break
        # Where time ran out without a solution, the plan in hand is that of the objective before.
        value = model.value_of(name, answer)
        answer.objectives.append(ObjectiveRun(name, value, bound, now - told))
        model.program += objective >= value - 0.5
        told = now
    return answer


class PlainModel:
    """Variables: x seats of a pair, y whether it is used, z whether a session runs, u units of a support."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.facts = problem, Facts(problem)
        self.program = pulp.LpProblem("plain", pulp.LpMaximize)
        self.pairs = find_pairs(problem)
        self.by_need: dict[str, list[int]] = defaultdict(list)
        self.by_session: dict[str, list[int]] = defaultdict(list)
        for number, pair in enumerate(self.pairs):
            self.by_need[pair.need].append(number)
            self.by_session[pair.session].append(number)
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
        self.objectives = {
            name: self.find_objective(name, number) for number, name in enumerate(problem.policy.objectives)
        }

    def whole(self, name: str, most: int) -> Any:
        return self.program.add_variable(name, 0, most, "Integer")

    def most_seats(self, pair: Pair) -> int:
        need, session = self.problem.need_by_id[pair.need], self.problem.session_by_id[pair.session]
        return min(self.facts.seats_of_need(need), self.facts.seats_of_session(session))

    def maximise(self, name: str, seconds: float) -> pulp.LpSolveStats:
        """Solve from the last solution; where what comes back is no optimum though it says so, solve afresh.

        With a starting vector, HiGHS through PuLP 4.2.0 can say *optimal* and hand back values that are not.
        """
        self.program.setObjective(self.objectives[name])
        begin = monotonic()
        stats = self.run(seconds, all(v.varValue is not None for v in self.program.variables()))
        is_said = (
            stats.status == LpSolveStatus.Optimal and stats.has_solution and stats.best_bound is not None
        )
        self.read(reached := PlainAnswer())
        if is_said and self.value_of(name, reached) < floor((stats.best_bound or 0) + 1e-6):
            stats = self.run(max(0.1, seconds - (monotonic() - begin)), is_warm=False)
        return stats

    def run(self, seconds: float, is_warm: bool) -> pulp.LpSolveStats:
        solver = pulp.HiGHS(
            msg=False, gapRel=0.0, gapAbs=WHOLE_GAP, threads=1, timeLimit=seconds, warmStart=is_warm
        )
        return self.program.solve(solver)

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
                women = seats if need.women is None else need.women
                self.program += pulp.lpSum(self.x[n] for n in for_women) <= women

    def add_sessions(self) -> None:
        for session_id, numbers in self.by_session.items():
            session = self.problem.session_by_id[session_id]
            filled = pulp.lpSum(self.x[n] for n in numbers)
            self.program += filled <= self.facts.seats_of_session(session) * self.z[session_id]
            self.program += filled >= session.min_seats * self.z[session_id]
            self.program += self.z[session_id] <= pulp.lpSum(self.y[n] for n in numbers)
            by_recipient: dict[str, list[int]] = defaultdict(list)
            for n in numbers:
                by_recipient[self.need_of(n).recipient].append(n)
            for recipient, group in by_recipient.items():
                there = self.there[session_id, recipient] = self.whole(f"at_{session_id}_{recipient}", 1)
                for n in group:
                    self.program += self.y[n] <= there
                if session.max_per_recipient is not None:
                    self.program += pulp.lpSum(self.x[n] for n in group) <= session.max_per_recipient
            travels = session.mode == "mobile_team" and session.place is None
            most = 1 if travels else session.max_recipients
            if most is not None:
                self.program += pulp.lpSum(self.there[session_id, r] for r in by_recipient) <= most

    def add_offers_and_providers(self) -> None:
        by_offer: dict[str, list[Session]] = defaultdict(list)
        by_provider: dict[str, list[Session]] = defaultdict(list)
        for session_id in self.z:
            session = self.problem.session_by_id[session_id]
            by_offer[session.offer].append(session)
            by_provider[self.facts.offer_of(session).provider].append(session)
        for offer in self.problem.offers:
            if offer.max_sessions is not None and by_offer[offer.id]:
                self.program += pulp.lpSum(self.z[s.id] for s in by_offer[offer.id]) <= offer.max_sessions
        for provider in self.problem.providers:
            sessions = by_provider[provider.id]
            if provider.seats is not None and sessions:
                numbers = [n for s in sessions for n in self.by_session[s.id]]
                self.program += pulp.lpSum(self.x[n] for n in numbers) <= provider.seats
            if provider.teams is not None:
                self.add_teams([s for s in sessions if s.team and s.start and s.end], provider.teams)

    def add_teams(self, sessions: list[Session], teams: int) -> None:
        for day in sorted({session.start for session in sessions if session.start}):
            busy = [s for s in sessions if s.start and s.end and s.start <= day <= s.end]
            if len(busy) > teams:
                self.program += pulp.lpSum(self.z[s.id] for s in busy) <= teams

    def add_supports(self) -> None:
        given: dict[str, list[Any]] = defaultdict(list)
        for session_id in self.z:
            session = self.problem.session_by_id[session_id]
            fitting = [
                s for s in self.problem.supports if s.quantity and support_fits(self.facts, s, session)
            ]
            used: dict[str, list[Any]] = defaultdict(list)
            filled = pulp.lpSum(self.x[n] for n in self.by_session[session_id])
            for row in session.requires or ():
                amount = row.quantity * self.z[session_id] + row.per_seat * filled
                self.add_demand(session, row.kind, amount, [s for s in fitting if s.kind == row.kind], used)
            interpreters = [s for s in fitting if s.kind == INTERPRETATION]
            for language, in_use in self.add_bridges(session).items():
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

    def recipients_refused(self, support: Support, session: Session) -> list[str]:
        """`only`: the recipients that may not be there where this support is used."""
        offer = self.facts.offer_of(session)
        if support.only is None or ANY in support.only or {offer.provider, *offer.partners} & support.only:
            return []
        recipients = {self.need_of(n).recipient for n in self.by_session[session.id]}
        return sorted(r for r in recipients if not self.facts.codes_of(r) & support.only)

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
        numbers = {(pair.need, pair.session): n for n, pair in enumerate(self.pairs)}
        for pin in self.problem.pinned:
            seats = self.x[numbers[pin.need, pin.session]]
            self.program += (seats == pin.seats) if pin.rule == "exactly" else (seats >= pin.seats)

    # -- objectives ------------------------------------------------------------------------------------------

    def find_objective(self, name: str, number: int) -> Any:
        """Return the objective's expression. All are built at first, so that every start is a full vector."""
        pairs = [n for n, pair in enumerate(self.pairs) if pair.firm or not name.startswith("firm.")]
        match name.removeprefix("firm."):
            case "critical":
                return self.worth(number, pairs, {"critical": 1, "high": 0, "routine": 0})
            case "coverage":
                return self.worth(number, pairs, dict(self.problem.policy.weights))
            case "reached":
                return self.reached(number, pairs)
            case "stability":
                return self.stability()
        return self.quality()

    def asked(self, weights: dict[str, int]) -> dict[str, int]:
        asked: dict[str, int] = defaultdict(int)
        for need in self.problem.needs:
            asked[need.recipient] += weights[need.priority] * self.facts.seats_of_need(need)
        return asked

    def placed(self, pairs: Iterable[int], weights: dict[str, int]) -> dict[str, list[Any]]:
        placed: dict[str, list[Any]] = defaultdict(list)
        for n in pairs:
            if weights[self.need_of(n).priority]:
                placed[self.need_of(n).recipient].append(weights[self.need_of(n).priority] * self.x[n])
        return placed

    def worth(self, number: int, pairs: list[int], weights: dict[str, int]) -> Any:
        asked, placed = self.asked(weights), self.placed(pairs, weights)
        terms = []
        for recipient, seats in placed.items():
            parts = [
                self.program.add_variable(f"q{number}_{recipient}_{k}", 0, asked[recipient], "Continuous")
                for k in range(4)
            ]
            self.program += pulp.lpSum(parts) <= 4 * pulp.lpSum(seats)
            terms += [worth * part for worth, part in zip(self.problem.policy.quarters, parts, strict=True)]
        return pulp.lpSum(terms)

    def reached(self, number: int, pairs: list[int]) -> Any:
        ones = {"critical": 1, "high": 1, "routine": 1}
        asked, placed = self.asked(ones), self.placed(pairs, ones)
        flags = []
        for recipient, seats in placed.items():
            enough = min((asked[recipient] + 3) // 4, self.problem.policy.reached_seats)
            flag = self.whole(f"reached{number}_{recipient}", 1)
            self.program += pulp.lpSum(seats) >= enough * flag
            flags.append(flag)
        return pulp.lpSum(flags)

    def stability(self) -> Any:
        numbers = {(pair.need, pair.session): n for n, pair in enumerate(self.pairs)}
        kept = []
        for row in self.problem.previous:
            n = numbers.get((row.need, row.session))
            if n is not None:
                seats = self.whole(f"kept_{n}", row.seats)
                self.program += seats <= self.x[n]
                kept.append(seats)
        return pulp.lpSum(kept)

    def quality(self) -> Any:
        fits = [pair.fit if pair.firm else pair.fit // 2 for pair in self.pairs]
        seats = pulp.lpSum(fit * self.x[n] for n, fit in enumerate(fits))
        return seats - 50 * pulp.lpSum(self.y) - 50 * pulp.lpSum(self.z.values())

    # -- reading ---------------------------------------------------------------------------------------------

    def need_of(self, number: int) -> Need:
        return self.problem.need_by_id[self.pairs[number].need]

    def session_of(self, number: int) -> Session:
        return self.problem.session_by_id[self.pairs[number].session]

    def value_of(self, name: str, answer: PlainAnswer) -> int:
        """The value by the seats alone: a solver that is stopped leaves its other columns behind."""
        rows = [Assignment(*pair, seats, fit=0, firm=True) for pair, seats in answer.seats.items()]
        fits = {(pair.need, pair.session): pair.fit for pair in self.pairs}
        firm = {(pair.need, pair.session): pair.firm for pair in self.pairs}
        return Values(self.facts, rows, fits, firm).derive(name)

    def read(self, answer: PlainAnswer) -> None:
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
