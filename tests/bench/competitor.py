"""What the competitors have in common: the same pairs, the same clock, objectives held one after the other.

A competitor states the whole contract in the idiom of its own tool. What it does not do: tighten, substitute,
recognise what is proven already, check, explain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from optimizer.plan import Assignment
from optimizer.problem import ANY, Need, Problem, Session, Support
from optimizer.rules.compatibility import Pair
from optimizer.rules.pairs import find_pairs
from optimizer.verifying.rules import Facts, support_fits
from optimizer.verifying.values import Values

# An objective may use two fifths of the seconds that are left, as `optimizer.solving.solve` allows it.
SHARE_OF_TIME = 0.4
ALL_EQUAL = {"critical": 1, "high": 1, "routine": 1}
CRITICAL_ALONE = {"critical": 1, "high": 0, "routine": 0}


@dataclass(frozen=True)
class ObjectiveRun:
    """What was reached for one objective (``None``: no plan in time), the bound and the seconds it took."""

    name: str
    value: int | None
    bound: int | None
    seconds: float


@dataclass
class Parts:
    """Where the seconds of a run went.

    Prepare: finding the pairs. Build: writing the model in PuLP or CP-SAT. Hand-over: from there to the
    solver's own model, and back. Solve: inside the solver.
    """

    prepare: float = 0.0
    build: float = 0.0
    hand_over: float = 0.0
    solve: float = 0.0


@dataclass
class Answer:
    """A competitor's plan: seats by pair, units by session and support, the language of a bridged pair."""

    objectives: list[ObjectiveRun] = field(default_factory=list)
    seats: dict[tuple[str, str], int] = field(default_factory=dict)
    supports: dict[str, dict[str, int]] = field(default_factory=dict)
    bridges: dict[tuple[str, str], str] = field(default_factory=dict)
    parts: Parts = field(default_factory=Parts)


@dataclass(frozen=True)
class Attempt:
    """How one solve ended: whether it left a solution, the bound it states, a whole number, and whether it
    says that there is no plan.
    """

    has_solution: bool
    bound: int | None
    is_refuted: bool = False


class Model(Protocol):
    """What `solve_in_order` asks of a competitor's model. `keep` makes the last solution the next start."""

    parts: Parts

    def maximise(self, name: str, seconds: float) -> Attempt: ...

    def read(self, answer: Answer) -> None: ...

    def keep(self) -> None: ...

    def value_of(self, name: str, answer: Answer) -> int: ...

    def hold(self, name: str, value: int) -> None: ...


def solve_in_order(problem: Problem, make_model: Callable[[Problem], Model], seconds: float) -> Answer:
    """Solve objective by objective within `seconds`, the building of the model among them."""
    begin = told = monotonic()
    model = make_model(problem)
    model.parts.build = monotonic() - begin - model.parts.prepare
    answer = Answer(parts=model.parts)
    names = problem.policy.objectives
    for name in names:
        share = 1.0 if name == names[-1] else SHARE_OF_TIME
        attempt = model.maximise(name, seconds_left(begin, seconds) * share)
        if not (attempt.has_solution or attempt.is_refuted or answer.objectives):
            # Without any plan there is nothing to save time for.
            attempt = model.maximise(name, seconds_left(begin, seconds))
        if attempt.has_solution:
            keep_the_better(model, name, answer)
        now = monotonic()
        if not attempt.has_solution and not answer.objectives:
            answer.objectives.append(ObjectiveRun(name, None, attempt.bound, now - told))
            break
        # Where time ran out without a solution, the plan in hand is that of the objective before.
        value = model.value_of(name, answer)
        answer.objectives.append(ObjectiveRun(name, value, attempt.bound, now - told))
        model.hold(name, value)
        told = now
    return answer


def seconds_left(begin: float, seconds: float) -> float:
    return max(0.1, seconds - (monotonic() - begin))


def keep_the_better(model: Model, name: str, answer: Answer) -> None:
    """Take the last solution, unless a solver that was stopped left one worth less than the plan in hand."""
    reached = Answer()
    model.read(reached)
    if not answer.objectives or model.value_of(name, reached) >= model.value_of(name, answer):
        answer.seats, answer.supports, answer.bridges = reached.seats, reached.supports, reached.bridges
        model.keep()


def share_among_quarters(placed: int, asked: int) -> list[int]:
    """Return how many quarter seats lie in each quarter of what is asked, the first filled first."""
    return [min(max(4 * placed - quarter * asked, 0), asked) for quarter in range(4)]


# Variables of one objective, and their best values for the seats of each pair. A solver that was stopped may
# leave less in them, and an objective held at what the seats are worth would then refuse its own start.
type Follower[Variable] = tuple[list[Variable], Callable[[Sequence[int]], list[int]]]


class RoundOfPairs[Variable]:
    """One problem and its pairs by number, with the look-ups that a model of it needs."""

    def __init__(self, problem: Problem, threads: int) -> None:
        begin = monotonic()
        self.problem, self.facts, self.threads = problem, Facts(problem), threads
        self.pairs: tuple[Pair, ...] = find_pairs(problem)
        self.parts = Parts(prepare=monotonic() - begin)
        self.number = {(pair.need, pair.session): n for n, pair in enumerate(self.pairs)}
        self.supports_by_kind: dict[str, list[Support]] = defaultdict(list)
        for support in problem.supports:
            if support.quantity:
                self.supports_by_kind[support.kind].append(support)
        self._refused: dict[tuple[str, frozenset[str] | None], list[str]] = {}
        self.followers: list[Follower[Variable]] = []
        self.by_need: dict[str, list[int]] = defaultdict(list)
        self.by_session: dict[str, list[int]] = defaultdict(list)
        for n, pair in enumerate(self.pairs):
            self.by_need[pair.need].append(n)
            self.by_session[pair.session].append(n)
        self.by_offer: dict[str, list[Session]] = defaultdict(list)
        self.by_provider: dict[str, list[Session]] = defaultdict(list)
        for session_id in sorted(self.by_session):
            session = problem.session_by_id[session_id]
            self.by_offer[session.offer].append(session)
            self.by_provider[self.facts.offer_of(session).provider].append(session)

    def need_of(self, number: int) -> Need:
        return self.problem.need_by_id[self.pairs[number].need]

    def session_of(self, number: int) -> Session:
        return self.problem.session_by_id[self.pairs[number].session]

    def most_seats(self, pair: Pair) -> int:
        need, session = self.problem.need_by_id[pair.need], self.problem.session_by_id[pair.session]
        return min(self.facts.seats_of_need(need), self.facts.seats_of_session(session))

    def women_of(self, need: Need) -> int:
        return self.facts.seats_of_need(need) if need.women is None else need.women

    def by_recipient(self, session_id: str) -> dict[str, list[int]]:
        """Return the pairs of a session by recipient."""
        groups: dict[str, list[int]] = defaultdict(list)
        for n in self.by_session[session_id]:
            groups[self.need_of(n).recipient].append(n)
        return groups

    @staticmethod
    def most_recipients(session: Session) -> int | None:
        travels = session.mode == "mobile_team" and session.place is None
        return 1 if travels else session.max_recipients

    def busy_days(self, provider_id: str) -> list[list[Session]]:
        """Return, for each day on which a team of the provider may start, the team sessions of that day."""
        sessions = [s for s in self.by_provider[provider_id] if s.team and s.start and s.end]
        days = sorted({s.start for s in sessions if s.start})
        return [[s for s in sessions if s.start and s.end and s.start <= day <= s.end] for day in days]

    def fitting(self, session: Session, kind: str) -> list[Support]:
        """Return the supports of a kind that fit the session and have something to give."""
        return [s for s in self.supports_by_kind[kind] if support_fits(self.facts, s, session)]

    def recipients_refused(self, support: Support, session: Session) -> list[str]:
        """`only`: the recipients that may not be there where this support is used."""
        key = (session.id, support.only)
        if key not in self._refused:
            self._refused[key] = self._find_refused(support.only, session)
        return self._refused[key]

    def _find_refused(self, only: frozenset[str] | None, session: Session) -> list[str]:
        offer = self.facts.offer_of(session)
        if only is None or ANY in only or {offer.provider, *offer.partners} & only:
            return []
        return sorted(r for r in self.by_recipient(session.id) if not self.facts.codes_of(r) & only)

    # -- objectives ------------------------------------------------------------------------------------------

    def quarters_follow(self, parts: list[Variable], placed: list[tuple[int, int]], asked: int) -> None:
        """The quarters of `critical` or `coverage` of one recipient follow its seats."""

        def find(seats: Sequence[int]) -> list[int]:
            return share_among_quarters(sum(weight * seats[n] for weight, n in placed), asked)

        self.followers.append((parts, find))

    def flag_follows(self, flag: Variable, placed: list[tuple[int, int]], enough: int) -> None:
        """Whether one recipient is reached follows its seats."""
        self.followers.append(([flag], lambda seats: [sum(seats[n] for _, n in placed) >= enough]))

    def kept_follows(self, kept: Variable, number: int, previous: int) -> None:
        """What is kept of the plan last published follows the seats of a pair."""
        self.followers.append(([kept], lambda seats: [min(seats[number], previous)]))

    def pairs_counted(self, name: str) -> list[int]:
        return [n for n, pair in enumerate(self.pairs) if pair.firm or not name.startswith("firm.")]

    def asked(self, weights: dict[str, int]) -> dict[str, int]:
        """Return the weighted seats that each recipient asks for."""
        asked: dict[str, int] = defaultdict(int)
        for need in self.problem.needs:
            asked[need.recipient] += weights[need.priority] * self.facts.seats_of_need(need)
        return asked

    def weighted(self, pairs: Iterable[int], weights: dict[str, int]) -> dict[str, list[tuple[int, int]]]:
        """Return (weight of a seat, pair) of each recipient that such pairs can give anything."""
        placed: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for n in pairs:
            if weights[self.need_of(n).priority]:
                placed[self.need_of(n).recipient].append((weights[self.need_of(n).priority], n))
        return placed

    def weights_of(self, name: str) -> dict[str, int]:
        """Return what a seat of each priority counts in `critical` or `coverage`."""
        return CRITICAL_ALONE if name.endswith("critical") else dict(self.problem.policy.weights)

    def seats_to_reach(self, asked: int) -> int:
        return min((asked + 3) // 4, self.problem.policy.reached_seats)

    def kept(self) -> list[tuple[int, int]]:
        """Return (pair, previous seats) of what can be kept from the plan last published."""
        rows = [(self.number.get((row.need, row.session)), row.seats) for row in self.problem.previous]
        return [(n, seats) for n, seats in rows if n is not None]

    def fits(self) -> list[int]:
        """Return what a seat of each pair adds to `quality`."""
        return [pair.fit if pair.firm else pair.fit // 2 for pair in self.pairs]

    def value_of(self, name: str, answer: Answer) -> int:
        """The value by the seats alone: a solver that is stopped leaves its other columns behind."""
        rows = [Assignment(*pair, seats, fit=0, firm=True) for pair, seats in answer.seats.items()]
        fits = {(row.need, row.session): self.pairs[self.number[row.need, row.session]].fit for row in rows}
        firm = {(row.need, row.session): self.pairs[self.number[row.need, row.session]].firm for row in rows}
        return Values(self.facts, rows, fits, firm).derive(name)
