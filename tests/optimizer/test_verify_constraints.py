"""Each of C1 to C12: where it just binds a plan passes, one step further verify names it.

Every case is one sentence of docs/matching.md with a problem, a plan at the edge and a plan that breaks this
constraint and nothing else, so that the list of violations is exactly one code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from optimizer.plan import Plan
from optimizer.problem import Offer, Place, Problem, Provider
from optimizer.verifying.verify import verify
from tests.optimizer.builders import (
    full_plan,
    need,
    problem,
    requirement,
    session,
    support,
)

Seats = Mapping[tuple[str, str], int]
DAY = date(2027, 4, 5)


def codes_of(problem: Problem, plan: Plan) -> list[str]:
    return [violation.code for violation in verify(problem, plan).violations]


@dataclass(frozen=True)
class PlanCase:
    """A problem, the seats that just obey a constraint, and the seats that break it alone."""

    code: str
    sentence: str
    problem: Problem
    edge: Seats
    broken: Seats
    supports: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    broken_supports: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    bridges: Mapping[tuple[str, str], str] = field(default_factory=dict)
    broken_bridges: Mapping[tuple[str, str], str] | None = None


ONE_PAIR = {("N-1", "S-1"): 10}
TWO_NEEDS = [need("N-1", "XAA"), need("N-2", "XAB")]
TWO_SESSIONS = [session("S-1"), session("S-2")]
THREE_SESSIONS = [*TWO_SESSIONS, session("S-3", "O-2")]
TEAM_SESSIONS = [
    session("S-1", team=True, start=date(2027, 5, 3), end=date(2027, 5, 7)),
    session("S-2", team=True, start=date(2027, 5, 7), end=date(2027, 5, 14)),
    session("S-3", team=True, start=date(2027, 5, 8), end=date(2027, 5, 14)),
    session("S-4", team=True, start=date(2027, 5, 3), end=None),
]
VENUE_SESSION = session(requires=(requirement("venue", 1),))
FUNDED_SESSION = session(requires=(requirement("funds", 2000, per_seat=90),))
LINGUISTS = [
    support("R-1", "interpretation", quantity=2, languages={"fr", "en"}),
    support("R-2", "interpretation", quantity=2, languages={"es", "en"}),
]
FRENCH_NEED = need("N-1", "XAA", languages=("fr",))
SPANISH_NEED = need("N-2", "XAB", languages=("es",))


def supported(session_, *supports, **more) -> Problem:
    return problem(TWO_NEEDS, [session_, session("S-2")], supports=supports, **more)


CONSTRAINT_CASES = (
    PlanCase(
        "C1", "a session holds at most its seats",
        problem(TWO_NEEDS, [session(seats=15)]),
        {("N-1", "S-1"): 10, ("N-2", "S-1"): 5}, {("N-1", "S-1"): 10, ("N-2", "S-1"): 6},
    ),
    PlanCase(
        "C1", "a session whose seats nobody has stated holds the planning seats",
        problem(TWO_NEEDS, [session(seats=None)]),
        {("N-1", "S-1"): 10, ("N-2", "S-1"): 10},
        {("N-1", "S-1"): 10, ("N-2", "S-1"): 10, ("N-3", "S-1"): 1},
    ),
    PlanCase(
        "C1", "a session runs with at least min_seats",
        problem(TWO_NEEDS, [session(min_seats=12)]),
        {("N-1", "S-1"): 10, ("N-2", "S-1"): 2}, {("N-1", "S-1"): 10, ("N-2", "S-1"): 1},
    ),
    PlanCase(
        "C2", "a group is no smaller than min_group",
        problem([need(min_group=4)], TWO_SESSIONS),
        {("N-1", "S-1"): 6, ("N-1", "S-2"): 4}, {("N-1", "S-1"): 7, ("N-1", "S-2"): 3},
    ),
    PlanCase(
        "C3", "a need gets at most its seats, over all its sessions",
        problem([need()], TWO_SESSIONS),
        {("N-1", "S-1"): 6, ("N-1", "S-2"): 4}, {("N-1", "S-1"): 6, ("N-1", "S-2"): 5},
    ),
    PlanCase(
        "C3", "a whole need gets all its seats or none",
        problem([need(whole=True)], TWO_SESSIONS),
        {("N-1", "S-1"): 6, ("N-1", "S-2"): 4}, {("N-1", "S-1"): 6, ("N-1", "S-2"): 3},
    ),
    PlanCase(
        "C4", "a need is spread over at most max_groups sessions",
        problem([need(max_groups=2)], THREE_SESSIONS),
        {("N-1", "S-1"): 1, ("N-1", "S-2"): 1}, {("N-1", "S-1"): 1, ("N-1", "S-2"): 1, ("N-1", "S-3"): 1},
    ),
    PlanCase(
        "C5", "a session takes at most max_recipients recipients, of whatever many needs",
        problem([*TWO_NEEDS, need("N-3", "XAA")], [session(max_recipients=1)]),
        {("N-1", "S-1"): 5, ("N-3", "S-1"): 5}, {("N-1", "S-1"): 5, ("N-2", "S-1"): 5},
    ),
    PlanCase(
        "C5", "a recipient takes at most max_per_recipient seats of a session, over all its needs",
        problem([*TWO_NEEDS, need("N-3", "XAA")], [session(max_per_recipient=8)]),
        {("N-1", "S-1"): 5, ("N-3", "S-1"): 3, ("N-2", "S-1"): 8}, {("N-1", "S-1"): 5, ("N-3", "S-1"): 4},
    ),
    PlanCase(
        "C5", "a mobile team that travels to its recipient takes one recipient",
        problem([*TWO_NEEDS, need("N-3", "XAA")], [session(mode="mobile_team", place=None)]),
        {("N-1", "S-1"): 5, ("N-3", "S-1"): 5}, {("N-1", "S-1"): 5, ("N-2", "S-1"): 5},
    ),
    PlanCase(
        "C6", "of an offer's candidate sessions at most max_sessions run",
        problem([need()], THREE_SESSIONS, offers=[Offer("O-1", "XPA", max_sessions=1)]),
        {("N-1", "S-2"): 5, ("N-1", "S-3"): 5}, {("N-1", "S-1"): 5, ("N-1", "S-2"): 5},
    ),
    PlanCase(
        "C7", "a team is free on the day after a session ends, and not before; unknown days count on none",
        problem([need()], TEAM_SESSIONS, providers=[Provider("XPA", teams=1)]),
        {("N-1", "S-1"): 3, ("N-1", "S-3"): 3, ("N-1", "S-4"): 1}, {("N-1", "S-1"): 3, ("N-1", "S-2"): 3},
    ),
    PlanCase(
        "C8", "the sessions of a provider place at most its seats, over all its offers",
        problem(TWO_NEEDS, [session("S-1"), session("S-2", "O-2")], providers=[Provider("XPA", seats=15)]),
        {("N-1", "S-1"): 10, ("N-2", "S-2"): 5}, {("N-1", "S-1"): 10, ("N-2", "S-2"): 6},
    ),
    PlanCase(
        "C9", "a session that needs a venue does not run without one",
        supported(VENUE_SESSION, support()), ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {},
    ),
    PlanCase(
        "C9", "funds are exactly the fixed sum and so many dollars for each seat filled",
        supported(FUNDED_SESSION, support("R-1", "funds", quantity=5000)),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 2900}}, {"S-1": {"R-1": 2901}},
    ),
    PlanCase(
        "C9", "two supports share what is required, each within its quantity",
        supported(
            FUNDED_SESSION, support("R-1", "funds", quantity=2000), support("R-2", "funds", quantity=2000)
        ),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 2000, "R-2": 900}}, {"S-1": {"R-1": 2001, "R-2": 899}},
    ),
    PlanCase(
        "C9", "a support's quantity is over all sessions",
        problem(
            TWO_NEEDS,
            [session("S-1", requires=(requirement("equipment", 3),)),
             session("S-2", requires=(requirement("equipment", 3),))],
            supports=[support("R-1", "equipment", quantity=5), support("R-2", "equipment", quantity=1)],
        ),
        {("N-1", "S-1"): 9, ("N-2", "S-2"): 9}, {("N-1", "S-1"): 9, ("N-2", "S-2"): 9},
        {"S-1": {"R-1": 3}, "S-2": {"R-1": 2, "R-2": 1}}, {"S-1": {"R-1": 3}, "S-2": {"R-1": 3}},
    ),
    PlanCase(
        "C9", "a support gives at most per_session to one session",
        supported(
            session(requires=(requirement("equipment", 3),)),
            support("R-1", "equipment", per_session=2), support("R-2", "equipment"),
        ),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 2, "R-2": 1}}, {"S-1": {"R-1": 3}},
    ),
    PlanCase(
        "C9", "a support whose quantity nobody has stated gives nothing",
        supported(VENUE_SESSION, support("R-1"), support("R-2", quantity=None)),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support is open from its first day",
        supported(VENUE_SESSION, support("R-1", from_=DAY), support("R-2", from_=date(2027, 4, 6))),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support is open until its last day",
        supported(VENUE_SESSION, support("R-1", to=date(2027, 4, 16)), support("R-2", to=date(2027, 4, 15))),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support does not serve a session for which it was declined",
        supported(VENUE_SESSION, support("R-1"), support("R-2", not_for={"S-1"})),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support kept for some areas fits a session of one of them",
        supported(VENUE_SESSION, support("R-1", areas={"EOD", "MED"}), support("R-2", areas={"EOD"})),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support kept for a region fits a session at a place in it",
        supported(VENUE_SESSION, support("R-1", places={"155"}), support("R-2", places={"002"})),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support kept for some recipients needs every recipient to be one of them",
        supported(VENUE_SESSION, support("R-1", only={"XAA", "014"})),
        {("N-1", "S-1"): 5, ("N-2", "S-1"): 5}, {("N-1", "S-1"): 5, ("N-3", "S-1"): 5},
        {"S-1": {"R-1": 1}}, {"S-1": {"R-1": 1}},
    ),
    PlanCase(
        "C9", "a support kept for a partner of the offer may be used whoever is trained",
        supported(VENUE_SESSION, support("R-1", only={"XPB"}), support("R-2", only={"XPC"}),
                  offers=[Offer("O-1", "XPA", frozenset({"XPB"}))]),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
    ),
    PlanCase(
        "C9", "a support is of the kind required",
        supported(VENUE_SESSION, support("R-1"), support("R-2", "equipment")),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {},
    ),
    PlanCase(
        "C10", "a group that shares no language is bridged by an interpreter",
        problem([FRENCH_NEED], [session()], supports=LINGUISTS),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {}, {("N-1", "S-1"): "fr"},
    ),
    PlanCase(
        "C10", "the interpreter links the group's language",
        problem([FRENCH_NEED], [session()], supports=LINGUISTS),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}}, {("N-1", "S-1"): "fr"},
    ),
    PlanCase(
        "C10", "each language in use takes one unit, however many groups share it, beyond what is required",
        problem(
            [FRENCH_NEED, SPANISH_NEED, need("N-3", "XAC", languages=("fr",))],
            [session(requires=(requirement("interpretation", 1),), seats=30)], supports=LINGUISTS,
        ),
        {("N-1", "S-1"): 9, ("N-2", "S-1"): 9, ("N-3", "S-1"): 9},
        {("N-1", "S-1"): 9, ("N-2", "S-1"): 9, ("N-3", "S-1"): 9},
        {"S-1": {"R-1": 2, "R-2": 1}}, {"S-1": {"R-1": 1, "R-2": 1}},
        {("N-1", "S-1"): "fr", ("N-2", "S-1"): "es", ("N-3", "S-1"): "FR"},
    ),
    PlanCase(
        "C10", "units are shared out so that each language has one of its own",
        problem([FRENCH_NEED, SPANISH_NEED], [session()],
                supports=[support("R-1", "interpretation", quantity=2, languages={"fr", "es", "en"}),
                          support("R-2", "interpretation", quantity=2, languages={"fr", "en"})]),
        {("N-1", "S-1"): 9, ("N-2", "S-1"): 9}, {("N-1", "S-1"): 9, ("N-2", "S-1"): 9},
        {"S-1": {"R-1": 1, "R-2": 1}}, {"S-1": {"R-2": 2}},
        {("N-1", "S-1"): "fr", ("N-2", "S-1"): "es"},
    ),
    PlanCase(
        "C10", "a bridged group names a language of its own that is linked",
        problem([need(languages=("de", "fr"))], [session()], supports=LINGUISTS),
        ONE_PAIR, ONE_PAIR, {"S-1": {"R-1": 1}}, {"S-1": {"R-2": 1}},
        {("N-1", "S-1"): "fr"}, {("N-1", "S-1"): "es"},
    ),
    PlanCase(
        "C10", "a group that shares a language names no bridge",
        problem([need(languages=("fr", "en"))], [session()], supports=LINGUISTS),
        ONE_PAIR, ONE_PAIR, {}, {}, {}, {("N-1", "S-1"): "fr"},
    ),
    PlanCase(
        "C9", "an interpreter kept for one recipient does not bridge in a session with another",
        problem([FRENCH_NEED, need("N-2", "XAB")], [session()],
                supports=[support("R-1", "interpretation", languages={"fr", "en"}, only={"XAA"})]),
        ONE_PAIR, {("N-1", "S-1"): 9, ("N-2", "S-1"): 9}, {"S-1": {"R-1": 1}}, {"S-1": {"R-1": 1}},
        {("N-1", "S-1"): "fr"},
    ),
    PlanCase(
        "C11", "a pin of at least 8 seats may grow and not shrink",
        problem([need()], [session()], pinned=[("N-1", "S-1", 8)]),
        {("N-1", "S-1"): 8}, {("N-1", "S-1"): 7},
    ),
    PlanCase(
        "C11", "a pin of exactly 8 seats may not grow",
        problem([need()], [session()], pinned=[("N-1", "S-1", 8, "exactly")]),
        {("N-1", "S-1"): 8}, {("N-1", "S-1"): 9},
    ),
    PlanCase(
        "C12", "sessions for women take at most the women of a need, all together",
        problem([need(women=6)], [session(f"S-{n}", women_only=n < 3) for n in (1, 2, 3)]),
        {("N-1", "S-1"): 3, ("N-1", "S-2"): 3, ("N-1", "S-3"): 4}, {("N-1", "S-1"): 3, ("N-1", "S-2"): 4},
    ),
)  # fmt: skip


def with_a_third_need(case: PlanCase) -> Problem:
    """Give a case that places a need N-3 which it does not hold one more recipient that any rule lets in."""
    placed = {need_id for need_id, _ in [*case.edge, *case.broken]}
    if "N-3" not in placed or "N-3" in case.problem.need_by_id:
        return case.problem
    old = case.problem
    return problem(
        [*old.needs, need("N-3", "XAC")],
        old.sessions,
        offers=old.offers,
        supports=old.supports,
        places=[Place("XAC", ("142", "034"))],
    )


@pytest.mark.parametrize("case", CONSTRAINT_CASES, ids=lambda case: f"{case.code}: {case.sentence}")
def test_a_constraint_lets_its_edge_pass_and_refuses_one_step_further_by_its_code(case):
    round_ = with_a_third_need(case)
    edge = full_plan(round_, case.edge, case.supports, case.bridges)
    broken_bridges = case.bridges if case.broken_bridges is None else case.broken_bridges
    broken = full_plan(round_, case.broken, case.broken_supports, broken_bridges)
    assert codes_of(round_, edge) == []
    assert codes_of(round_, broken) == [case.code]


def test_every_constraint_has_a_case():
    assert {case.code for case in CONSTRAINT_CASES} == {f"C{number}" for number in range(1, 13)}


def test_a_message_says_what_which_and_what_to_do_in_numbers():
    round_ = problem(TWO_NEEDS, [session(seats=15)])
    (violation,) = verify(round_, full_plan(round_, {("N-1", "S-1"): 10, ("N-2", "S-1"): 6})).violations
    assert (violation.session, violation.need) == ("S-1", None)
    assert violation.message == "Session S-1 has 15 seats and 16 are placed there. Take 1 away."
