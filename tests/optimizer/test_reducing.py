"""What is left out, put apart or put in order loses nothing: held against trying every plan."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from optimizer.model.vectors import RoundModel
from optimizer.plan import Assignment, Plan
from optimizer.problem import Ban, Problem, Session
from optimizer.reducing import parts
from optimizer.reducing.dominated import drop_dominated
from optimizer.reducing.parts import find_parts
from optimizer.reducing.twins import find_twins, order_twins
from optimizer.rules.facts import Facts
from optimizer.rules.pairs import find_pairs
from optimizer.solving.solve import solve
from optimizer.verifying.verify import verify
from tests.optimizer.brute_force import Seats, TinyRound, find_optimum
from tests.optimizer.random_problems import MOST_PLANS, random_problem

GROUPS = 6
# What a candidate session may differ in from another of its offer.
DRAWN = (
    "areas", "personnel", "women_only", "seats", "min_seats", "max_recipients", "max_per_recipient",
    "languages", "mode", "place", "only", "team", "requires",
)  # fmt: skip
DAYS = ("start", "end", "not_before", "not_after")


@pytest.fixture(scope="session")
def seeds(size) -> range:
    return range(1_500 if size == "full" else 180)


def alike(seed: int) -> Problem:
    """Return a tiny problem in which sessions, needs and offers are like each other, or nearly."""
    rng = Random(f"alike {seed}")
    for draw in range(seed * 100, seed * 100 + 100):
        drawn = _with_likenesses(random_problem(draw, 4_000), rng)
        if TinyRound(drawn).count_spreads() <= MOST_PLANS:
            return drawn
    raise AssertionError(f"seed {seed}: no draw is small enough")


def _with_likenesses(drawn: Problem, rng: Random) -> Problem:
    sessions = list(drawn.sessions)
    for at in range(1, len(sessions)):
        if rng.random() < 0.7:
            sessions[at] = _like(sessions[rng.randrange(at)], sessions[at], rng)
    offers = [
        replace(row, max_sessions=rng.choice((1, 1, 2, row.max_sessions)), partners=frozenset())
        for row in drawn.offers
    ]
    if len(offers) > 1 and rng.random() < 0.4:
        offers[1] = replace(offers[0], id=offers[1].id)
    needs = list(drawn.needs)
    for at in range(1, len(needs)):
        if rng.random() < 0.4:
            needs[at] = replace(needs[at - 1], id=needs[at].id)
    keeps = rng.random() < 0.4
    return replace(
        drawn,
        sessions=tuple(sessions),
        offers=tuple(offers),
        needs=tuple(needs),
        scores=drawn.scores if keeps else (),
        forbidden=drawn.forbidden if keeps else (),
        previous=drawn.previous if keeps else (),
        pinned=(),
    )


def _like(model: Session, drawn: Session, rng: Random) -> Session:
    """The model under another id and, now and then, with the days or one field of another session."""
    copy = replace(model, id=drawn.id, offer=rng.choice((model.offer, model.offer, drawn.offer)))
    if rng.random() < 0.5:
        copy = replace(copy, **{name: getattr(drawn, name) for name in DAYS})
    if rng.random() < 0.4:
        name = rng.choice(DRAWN)
        copy = replace(copy, **{name: getattr(drawn, name)})
    seats = copy.seats
    return copy if seats is None or copy.min_seats <= seats else replace(copy, min_seats=seats)


def best_of(problem: Problem) -> tuple[int, ...]:
    optimum = find_optimum(problem)
    assert optimum is not None
    return optimum.values


def values_of(tiny: TinyRound, seats: Seats) -> tuple[int, ...]:
    return tuple(tiny.value_of(name, seats) for name in tiny.problem.policy.objectives)


def plan_of(seats: Seats) -> Plan:
    """A plan as far as exchanging sessions and needs looks at it."""
    rows = (Assignment(*pair, count, fit=0, firm=True) for pair, count in seats.items())
    return Plan("", "optimal", assignments=tuple(rows))


def seats_of(plan: Plan) -> Seats:
    return {(row.need, row.session): row.seats for row in plan.assignments}


def groups_of(seeds: range, group: int) -> range:
    return seeds[group::GROUPS]


# -- dominated sessions
# -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", range(GROUPS))
def test_without_dominated_sessions_the_best_of_all_plans_is_as_good(seeds, group):
    dropped = 0
    for seed in groups_of(seeds, group):
        round_ = alike(seed)
        facts = Facts(round_)
        reduced = drop_dominated(facts, find_pairs(facts))
        gone = {row.session for row in reduced.dropped}
        dropped += len(gone)
        if gone:
            bans = {(need.id, session) for need in round_.needs for session in gone}
            bans |= {(ban.need, ban.session) for ban in round_.forbidden}
            without = replace(round_, forbidden=tuple(Ban(*pair) for pair in sorted(bans)))
            assert best_of(without) == best_of(round_), f"seed {seed}"
    assert dropped > 5


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_plan_moved_out_of_dominated_sessions_is_allowed_and_as_good(seeds, group):
    moved = 0
    for seed in groups_of(seeds, group):
        round_ = alike(seed)
        tiny, facts = TinyRound(round_), Facts(round_)
        reduced = drop_dominated(facts, find_pairs(facts))
        gone = {row.session for row in reduced.dropped}
        for seats in some_allowed(tiny, gone, Random(seed)):
            after = seats_of(reduced.moved(plan_of(seats)))
            moved += after != seats
            assert {session for _, session in after}.isdisjoint(gone), f"seed {seed}"
            assert tiny.is_allowed(after), f"seed {seed}"
            assert values_of(tiny, after) >= values_of(tiny, seats), f"seed {seed}"
    assert moved > 5


def some_allowed(tiny: TinyRound, sessions: set[str], rng: Random) -> list[Seats]:
    """Up to four allowed plans that use one of these sessions."""
    using = [plan for plan in tiny.spread_all() if not sessions.isdisjoint(session for _, session in plan)]
    rng.shuffle(using)
    return [plan for plan in using[:40] if tiny.is_allowed(plan)][:4]


# -- parts
# -----------------------------------------------------------------------------------------------------


def side_by_side(one: Problem, other: Problem, rng: Random) -> Problem:
    """One round of two that share the policy and perhaps providers and supports, but no recipient; now and
    then the first's sessions are open to the other's recipients.
    """
    far = "Y" if rng.random() < 0.7 else ""  # The other's providers: of their own, or the same.
    providers = {row.id: row for row in other.providers}
    providers |= {row.id: row for row in one.providers}
    own = tuple(replace(row, id=f"{far}{row.id}") for row in providers.values())
    supports = tuple(replace(row, id=f"Y{row.id}", provider=f"{far}{row.provider}") for row in other.supports)
    ours, theirs = ({row.id for row in side.recipients} for side in (one, other))
    not_here = {f"Y{row}" for row in theirs} if rng.random() < 0.9 else set()
    return replace(
        one,
        providers=tuple(providers.values()) + (own if far else ()),
        recipients=one.recipients + tuple(replace(row, id=f"Y{row.id}") for row in other.recipients),
        needs=one.needs
        + tuple(replace(row, id=f"Y{row.id}", recipient=f"Y{row.recipient}") for row in other.needs),
        offers=one.offers
        + tuple(replace(row, id=f"Y{row.id}", provider=f"{far}{row.provider}") for row in other.offers),
        sessions=tuple(replace(row, except_=row.except_ | not_here) for row in one.sessions)
        + tuple(
            replace(row, id=f"Y{row.id}", offer=f"Y{row.offer}", except_=row.except_ | ours)
            for row in other.sessions
        ),
        supports=one.supports + (supports if rng.random() < 0.5 else ()),
        scores=(),
        forbidden=(),
        previous=(),
        pinned=(),
    )


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_best_plans_of_the_parts_add_up_to_the_best_of_the_whole(seeds, group, monkeypatch):
    monkeypatch.setattr(parts, "PAIRS_OF_A_BUNDLE", 0)
    counts: Counter[int] = Counter()
    for seed in groups_of(seeds, group):
        first = random_problem(20_000 + seed, 60)
        round_ = side_by_side(first, random_problem(40_000 + seed, 60), Random(seed))
        facts = Facts(round_)
        found = find_parts(facts, find_pairs(facts))
        counts[min(len(found), 2)] += 1
        if len(found) > 1:
            added = [
                sum(values) for values in zip(*(best_of(part.facts.problem) for part in found), strict=True)
            ]
            best = best_of(round_)
            assert tuple(added) == best, f"seed {seed}"
            plan = solve(round_)
            assert [(row.value, row.bound) for row in plan.objectives] == [(row, row) for row in best], seed
            assert plan.outcome == "optimal"
            assert verify(round_, plan).ok
    assert counts[2] > 2
    assert counts[1] > 0


# -- twins
# -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_plan_with_twins_in_order_is_allowed_worth_the_same_and_keeps_the_rows(seeds, group):
    exchanged = 0
    for seed in groups_of(seeds, group):
        round_ = alike(seed)
        tiny, facts = TinyRound(round_), Facts(round_)
        model = RoundModel(facts, find_pairs(facts))
        twins = find_twins(facts, model.model.pairs)
        order_twins(model, twins)
        names = {session.id for session in round_.sessions}
        for seats in some_allowed(tiny, names, Random(seed)) if twins.needs or twins.blocks else []:
            after = seats_of(twins.in_order(plan_of(seats)))
            exchanged += after != seats
            assert tiny.is_allowed(after), f"seed {seed}"
            assert values_of(tiny, after) == values_of(tiny, seats), f"seed {seed}"
            assert broken_rows_of_twins(model, after) == [], f"seed {seed}"
    assert exchanged > 2


def broken_rows_of_twins(model: RoundModel, seats: Seats) -> list[str]:
    """Names of the rows that twins added and that these seats break."""
    vector = [0] * len(model.program.columns)
    for position, pair in enumerate(model.model.pairs):
        count = seats.get((pair.need, pair.session), 0)
        if count:
            vector[model.model.columns[position].seats] = count
            vector[model.model.running[pair.session]] = 1
    return [
        row.name
        for row in model.program.rows
        if row.name.startswith("twin_") and sum(c * vector[column] for column, c in row.terms) < row.bound
    ]


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_round_of_likenesses_is_solved_to_the_best_of_all_its_plans(seeds, group):
    ordered = 0
    for seed in groups_of(seeds, group):
        round_ = alike(seed)
        facts = Facts(round_)
        twins = find_twins(facts, drop_dominated(facts, find_pairs(facts)).pairs)
        ordered += bool(twins.needs or twins.blocks)
        plan = solve(round_)
        best = best_of(round_)
        assert [(row.value, row.bound) for row in plan.objectives] == [(row, row) for row in best], seed
        assert verify(round_, plan).ok
    assert ordered > 5
