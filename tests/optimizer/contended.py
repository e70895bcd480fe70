"""A round in which many needs compete for few seats, and short ways to read a plan of it."""

from optimizer.problem import Offer
from tests.optimizer.builders import need, problem, session


def contended(count=7):
    """A round in which many needs compete for few seats, so that no bound is reached by itself."""
    recipients = ("XAA", "XAB", "XAC")
    needs = [
        need(f"N-{number:02}", recipients[number % 3], seats=5 + number % 4, min_group=3)
        for number in range(count)
    ]
    sessions = [session(f"S-{seats}", seats=seats, min_seats=6, max_recipients=2) for seats in (8, 10, 13)]
    return problem(needs, sessions, offers=[Offer("O-1", "XPA", max_sessions=2)])


def bound_of(row):
    assert row.bound is not None
    return row.bound


def solver_of(plan):
    assert plan.solver is not None
    return plan.solver


def values_of(plan):
    return tuple(row.value for row in plan.objectives)
