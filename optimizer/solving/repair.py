"""Repair in a running process: one event, nobody agreed is moved, the best plan at once and then its proof.

A round is prepared once with its published plan. Every match of it is agreed or waits for an answer, so each
holds at least its seats; a decline takes one of these bounds back. What can still move then is little: needs
and sessions that are full, offers that run all they may and teams that are away stay as they are
(`propagation.py`). Mostly `RepairDesk.decline` solves for all of it at once, and its answer is proven. Where
it is much, it answers from the sessions near the one that lost a group, and `RepairDesk.prove` solves for the
rest.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import Final

from optimizer.errors import NoPlanFound
from optimizer.explaining.unmet import Refused
from optimizer.files.canonical import AgreementHash
from optimizer.model.arrays import Floats
from optimizer.model.drafts import draft_of_plan
from optimizer.model.objective_columns import ObjectiveOfModel
from optimizer.model.slices import Slice
from optimizer.model.supply import PairKey
from optimizer.model.vectors import Draft
from optimizer.plan import ObjectiveValue, Plan, SolverInfo
from optimizer.problem import Ban, Pin, PreviousSeats, Problem
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.near_solver import THREADS
from optimizer.solving.neighbours import Neighbours
from optimizer.solving.planning import write_plan
from optimizer.solving.prepared import Improvement, PlanInHand, PreparedRound
from optimizer.solving.solvers import describe_solver
from optimizer.verifying.verify import Verification, Verifier

# Up to so many columns that can move, all of them are asked about at once. To find which can takes a look at
# every term of the round, which is too long where there are more than so many.
MOST_COLUMNS_AT_ONCE: Final = 6_000
MOST_TERMS_AT_ONCE: Final = 1_000_000
# About how many pairs a first answer may set free: more takes longer, fewer finds less.
MOST_PAIRS: Final = 150
SECONDS_OF_PROOF: Final = 10.0


@dataclass(frozen=True, eq=False)
class Repair:
    """The plan after a decline.

    ``values`` are those of the policy's objectives, in its order. ``is_proven``: no plan that keeps the
    agreed matches and differs in ``free_sessions`` alone is better; where these are ``None``, none at all.
    """

    draft: Draft
    plan: PlanInHand
    free_sessions: tuple[str, ...] | None
    is_proven: bool

    @property
    def values(self) -> tuple[int, ...]:
        return self.plan.values


@dataclass(frozen=True, slots=True)
class Gain:
    """Seats that a need would gain in a session."""

    need: str
    session: str
    seats: int


@dataclass(frozen=True, eq=False)
class DeskMark:
    """A moment of a desk."""

    draft: Draft
    plan: PlanInHand
    lower: Floats
    upper: Floats
    declined: tuple[PairKey, ...]


class RepairDesk:
    """A published plan made ready for declines, one after the other: each begins where the last one ended.

    Raises
    ------
    NoPlanFound: the plan does not obey the problem.
    """

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem_after_publication(problem, plan)
        pairs = find_pairs(Facts(self.problem))
        # Pins are bounds here, not rows, so that a decline can take one back.
        self.round = PreparedRound(Facts(replace(self.problem, pinned=())), pairs)
        draft = draft_of_plan(self.round.model, plan)
        if draft is None:
            raise NoPlanFound("the plan does not obey the problem, so there is nothing to repair")
        self.plan, self.draft = self.round.plan_of(draft), draft
        self.declined: list[PairKey] = []
        self._hash, self._verifier = AgreementHash(self.problem), Verifier(self.problem)
        self._refused: dict[str, Refused] = {}
        self._neighbours = Neighbours(pairs)
        self._provider = {s.id: self.round.facts.offer_of(s).provider for s in problem.sessions}
        self._sessions_of_provider: dict[str, list[str]] = {}
        for session in self._neighbours.needs_of_session:
            self._sessions_of_provider.setdefault(self._provider[session], []).append(session)
        self._sessions_of_support: dict[str, list[str]] = {}
        for support, session, _ in self.round.model.supply.uses:
            self._sessions_of_support.setdefault(support, []).append(session)
        for pin in self.problem.pinned:
            self._hold(pin)

    def _hold(self, pin: Pin) -> None:
        columns = self.round.model.model.columns[self.round.position[pin.need, pin.session]]
        self.round.lower[columns.seats] = pin.seats
        self.round.lower[columns.group] = 1
        if pin.rule == "exactly":
            self.round.upper[columns.seats] = pin.seats

    def decline(
        self,
        need: str,
        session: str,
        *,
        most_columns: int = MOST_COLUMNS_AT_ONCE,
        most_pairs: int = MOST_PAIRS,
    ) -> Repair | None:
        """Take a match out of the plan and return the best plan without it: of all that can move, where that
        is at most ``most_columns``, else near it, with about ``most_pairs`` free.

        ``None``: no plan keeps every agreed match without this one, which is proven. What to give up is then
        a coordinator's choice, and the desk stays as it was.

        Raises
        ------
        KeyError: the plan in hand has no such match.
        NoPlanFound: whether there is a plan was not settled in the time given.
        """
        if (need, session) not in self.draft.seats:
            raise KeyError(f"the plan has no match of need {need} with session {session}")
        before = self.mark()
        repair = None
        try:
            self._take_back(need, session)
            repair = self._repair(need, session, most_columns, most_pairs)
            if repair is not None:
                self.declined.append((need, session))
        finally:
            # Whatever ended it before there was a repair, nothing of it may stay.
            if repair is None:
                self.return_to(before)
        return repair

    def _repair(self, need: str, session: str, most_columns: int, most_pairs: int) -> Repair | None:
        left = self._without(need, session)
        begun = self.round.plan_of(left)
        whole: Slice | None = None
        if len(self.round.arrays.matrix.columns) <= MOST_TERMS_AT_ONCE:
            whole = self.round.cut_all_that_moves(begun)
            if whole is None:
                return None
        if whole is not None and len(whole.columns) <= most_columns:
            start = self._stand_again(begun, [], whole)
            if start is None:
                return None
            return self._settle(left, start, self.round.improve_slice(start, whole), None)
        free = self._find_near(need, session, left, most_pairs)
        start = self._stand_again(begun, free, whole)
        if start is None:
            return None
        return self._settle(left, start, self.round.improve(start, free), tuple(free))

    @property
    def problem_now(self) -> Problem:
        """The problem that a whole solve would get: what is agreed as pins, what was declined as bans."""
        declined = set(self.declined)
        return replace(
            self.problem,
            pinned=tuple(pin for pin in self.problem.pinned if (pin.need, pin.session) not in declined),
            forbidden=tuple(
                sorted(
                    (*self.problem.forbidden, *(Ban(*pair) for pair in declined)),
                    key=lambda ban: (ban.need, ban.session),
                )
            ),
        )

    def write(self, repair: Repair) -> Plan:
        """The plan of a repair, as a plan of `problem_now`; as every plan, it is for `verify` to check.

        A repair that is proven over all that can move states its values as bounds; any other, bounds that
        need no solver.
        """
        is_best = repair.is_proven and repair.free_sessions is None
        bounds = repair.values if is_best else self._largest_values
        found = [ObjectiveValue(*row) for row in zip(self.round.names, repair.values, bounds, strict=True)]
        declined = set(self.declined)
        pairs = [pair for pair in self.round.model.model.pairs if (pair.need, pair.session) not in declined]
        problem = self.problem_now
        info = SolverInfo(version("pulp"), describe_solver("highs"), 0.0, THREADS)
        # What the rules say of a need that declined changes with it, and back when the decline is undone.
        changed = {need for need, _ in declined}
        known = {need: refused for need, refused in self._refused.items() if need not in changed}
        plan = write_plan(
            Facts(problem), pairs, repair.draft, found, self._hash.sha256(problem), info, known=known
        )
        self._refused |= {need: refused for need, refused in known.items() if need not in changed}
        return plan

    @cached_property
    def _largest_values(self) -> tuple[int, ...]:
        """For each objective a bound that needs no solver."""
        model = self.round.model.model
        return tuple(ObjectiveOfModel(model, name).largest_value() for name in self.round.names)

    def verify(self, plan: Plan) -> Verification:
        """What the independent check says of a plan of `problem_now`."""
        problem = self.problem_now
        self._verifier.turn_to(problem)
        return self._verifier.verify(plan, self._hash.sha256(problem))

    def reserve(self, need: str, session: str) -> tuple[Gain, ...] | None:
        """Who would be next: the seats that others would gain if this match were declined, most seats first.

        ``None``: the rest of the plan could not stand without it. The desk stays as it was.
        """
        before = self.mark()
        seats_before = dict(self.draft.seats)
        repair = self.decline(need, session)
        self.return_to(before)
        if repair is None:
            return None
        gains = [
            Gain(key[0], key[1], count - seats_before.get(key, 0))
            for key, count in repair.draft.seats.items()
            if count > seats_before.get(key, 0)
        ]
        return tuple(sorted(gains, key=lambda gain: (-gain.seats, gain.need, gain.session)))

    def mark(self) -> DeskMark:
        """What `return_to` takes."""
        lower, upper = self.round.lower.copy(), self.round.upper.copy()
        return DeskMark(self.draft, self.plan, lower, upper, tuple(self.declined))

    def return_to(self, mark: DeskMark) -> None:
        """Be as at that moment again."""
        self.draft, self.plan, self.declined = mark.draft, mark.plan, list(mark.declined)
        self.round.lower, self.round.upper = mark.lower.copy(), mark.upper.copy()

    def _stand_again(self, left: PlanInHand, free: list[str], whole: Slice | None) -> PlanInHand | None:
        """A plan to begin with: what is left where that obeys every rule, else one that others fill up, near
        by or anywhere.
        """
        if self.round.obeys_as(self.plan, left.vector):
            return left
        if free:
            near, _ = self.round.recover(self.round.cut(left, free), seconds=SECONDS_OF_PROOF)
            if near is not None:
                return near
        whole = whole or self.round.cut_all_that_moves(left)
        if whole is None:
            return None
        found, is_settled = self.round.recover(whole, seconds=SECONDS_OF_PROOF)
        if found is None and not is_settled:
            raise NoPlanFound("time ran out before it was known whether the agreed matches can stand")
        return found

    def prove(self, *, seconds_each: float = SECONDS_OF_PROOF) -> Repair:
        """Improve the plan in hand over everything that can move and say whether it is proven the best."""
        piece = self.round.cut_all_that_moves(self.plan)
        if piece is None:
            raise NoPlanFound("the plan in hand breaks a rule")
        better = self.round.improve_slice(self.plan, piece, seconds_each=seconds_each)
        return self._settle(self.draft, self.plan, better, None)

    def _settle(
        self, before: Draft, start: PlanInHand, better: Improvement, free: tuple[str, ...] | None
    ) -> Repair:
        """Take the better plan in hand, in whole numbers; or, where its supports cannot be shared in whole
        units (sums of money that doubles blur), the one that the search began with, which is not proven.

        Raises
        ------
        NoPlanFound: neither can.
        """
        draft = self._draft_after(before, better.plan)
        if draft is None:
            better = Improvement(start, False)
            draft = self._draft_after(before, start)
        if draft is None:
            raise NoPlanFound("the supports of the repaired plan cannot be shared in whole units")
        self.draft, self.plan = draft, better.plan
        return Repair(draft, better.plan, free, better.is_proven)

    def _draft_after(self, before: Draft, plan: PlanInHand) -> Draft | None:
        return self.round.draft_near(before, plan, self._sessions_that_differ(before, plan))

    def _sessions_that_differ(self, before: Draft, plan: PlanInHand) -> set[str]:
        """Sessions whose groups or supports are not what they were."""
        after = self.round.seats_of(plan)
        seats = {key for key in before.seats.keys() | after.keys() if before.seats.get(key) != after.get(key)}
        return {session for _, session in seats}

    def _take_back(self, need: str, session: str) -> None:
        """Let the pair hold nothing from now on."""
        columns = self.round.model.model.columns[self.round.position[need, session]]
        for column in (columns.seats, columns.group, *columns.bridges.values()):
            self.round.lower[column] = self.round.upper[column] = 0.0

    # -- what is near ---------------------------------------------------------------------------------------

    def _find_near(self, need: str, session: str, left: Draft, most_pairs: int) -> list[str]:
        """The sessions to set free: those that share teams and seats (C7, C8) or supports (C9, C10) with the
        one that lost a group, and those that needs which lack seats could go to.
        """
        placed: dict[str, int] = {}
        for (other, _), seats in left.seats.items():
            placed[other] = placed.get(other, 0) + seats
        facts = self.round.facts
        short = {row.id for row in self.problem.needs if placed.get(row.id, 0) < facts.seats_of_need(row)}
        pool_of = self.round.model.supply.pool_of
        freed = {pool_of(support) for support, user, _ in self.draft.uses if user == session}
        sharing = sorted({user for support in freed for user in self._sessions_of_support[support]})
        then = [*self._neighbours.sessions_of_need[need]]
        then += self._sessions_of_provider[self._provider[session]] + sharing
        return self._neighbours.near((session,), most_pairs, open_needs=short, then=then)

    def _without(self, need: str, session: str) -> Draft:
        """The plan in hand without one match, its session's supports shared anew."""
        draft = self.draft
        held = (
            {key: count for key, count in draft.seats.items() if key[1] != session},
            {key: word for key, word in draft.bridges.items() if key[1] != session},
        )
        left = (
            {key: n for key, n in draft.seats.items() if key[1] == session and key[0] != need},
            {key: word for key, word in draft.bridges.items() if key[1] == session and key[0] != need},
        )
        shared = self.round.share_near(draft, held, left)
        if shared is None:
            raise NoPlanFound(f"supports that sufficed for session {session} no longer do for fewer seats")
        return shared


def problem_after_publication(problem: Problem, plan: Plan) -> Problem:
    """The problem whose pins and previous plan are a published plan's matches (docs/matching.md, 7)."""
    rows = sorted(plan.assignments, key=lambda row: (row.need, row.session))
    rules = {(pin.need, pin.session): pin.rule for pin in problem.pinned}
    return replace(
        problem,
        pinned=tuple(
            Pin(row.need, row.session, row.seats, rules.get((row.need, row.session), "at_least"))
            for row in rows
        ),
        previous=tuple(PreviousSeats(row.need, row.session, row.seats) for row in rows),
    )
