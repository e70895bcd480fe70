"""What verify says of a plan's own statements: ids, rows, fits, questions, values, bounds and outcome."""

from dataclasses import replace
from time import process_time

import pytest

from optimizer.plan import (
    Clash,
    ClashLimit,
    Nearest,
    ObjectiveValue,
    OpenQuestion,
    Plan,
    Question,
    RunningSession,
    SupportUse,
    UnmetNeed,
)
from optimizer.problem import Offer, Pin
from optimizer.verifying.values import worth_of_share
from optimizer.verifying.verify import Verifier, fit_again, judge_pair_again, verify
from tests.optimizer.builders import (
    assignment,
    bare_plan,
    full_plan,
    need,
    problem,
    recipient,
    requirement,
    session,
    support,
)

ROUND = problem(
    [
        need("N-1", "XAA", areas=None),
        need("N-2", "XAB", priority="critical"),
        need("N-3", "XAB", level="advanced"),
    ],
    [
        session("S-1", seats=15, requires=(requirement("venue", 1),)),
        session("S-2", areas={"EOD"}, level="trainer", mode="online", place=None),
    ],
    supports=[support("R-1"), support("R-2")],
    previous=[("N-2", "S-1", 4)],
)
PLAN = full_plan(
    ROUND,
    {("N-1", "S-1"): 5, ("N-2", "S-1"): 10},
    {"S-1": {"R-1": 1}},
    unmet=(
        UnmetNeed("N-1", 5, "contention", {"level": 1}, (Nearest("S-2", ("level",)),)),
        UnmetNeed("N-3", 10, "blocked", {"level": 2, "area": 1}, (Nearest("S-1", ("level",)),)),
    ),
)
FIRST, SECOND = PLAN.assignments
RUNNING = PLAN.sessions[0]


def sentence_of(value: object) -> str:
    """Name a case by its sentence and by nothing else."""
    return value if isinstance(value, str) and " " in value else ""


def codes_of(problem, plan, expected_sha256=None) -> list[str]:
    return [violation.code for violation in verify(problem, plan, expected_sha256).violations]


def plan_with(**fields) -> Plan:
    return replace(PLAN, **fields)


def row_with(**fields) -> Plan:
    """Return the plan with its firm row (N-2 in S-1) changed."""
    return plan_with(assignments=(FIRST, replace(SECOND, **fields)))


def session_with(*more_supports: SupportUse, **fields) -> Plan:
    """Return the plan with its running session changed, or with more supports in it."""
    fields = {"supports": (*RUNNING.supports, *more_supports), **fields}
    return plan_with(sessions=(replace(RUNNING, **fields),))


def unmet_with(*more: UnmetNeed) -> Plan:
    return plan_with(unmet=(*PLAN.unmet, *more))


def nearest_with(session: str, *rules: str) -> Plan:
    """Return the plan that says for the need N-3 which session is near it."""
    return plan_with(unmet=(PLAN.unmet[0], replace(PLAN.unmet[1], nearest=(Nearest(session, rules),))))


def objective_with(name: str, **fields) -> Plan:
    rows = [replace(row, **fields) if row.name == name else row for row in PLAN.objectives]
    return plan_with(objectives=tuple(rows))


def closed(plan: Plan, outcome: str) -> Plan:
    """Return the plan with every bound at its value."""
    rows = tuple(replace(row, bound=row.value) for row in plan.objectives)
    return replace(plan, outcome=outcome, objectives=rows)


def test_a_plan_that_says_the_truth_passes_with_its_values_derived():
    verification = verify(ROUND, PLAN, "0" * 64)
    assert verification.violations == ()
    assert verification.ok
    assert [(row.name, row.value) for row in verification.objectives] == [
        # XAB asks for 10 critical seats and gets them: 10 in each quarter, at 4, 3, 2 and 1.
        ("firm.critical", 100),
        # N-1 has no areas, so its 5 seats are conditional; XAB has 10 of its 20 seats.
        ("firm.reached", 1),
        # XAB asks for 10 x 4 + 10 x 1 = 50 and gets 40, 160 in quarters of units: 50 x (4 + 3 + 2) + 10 x 1.
        ("firm.coverage", 460),
        ("critical", 100),
        ("reached", 2),
        # XAA asks for 10 and gets 5, which is 20 in quarters: 10 x 4 + 10 x 3.
        ("coverage", 530),
        ("stability", 4),
        # N-2 fits by 45 + 28 + 17 + 3 = 93, N-1 by 22.5 + 28 + 17 + 3 = 70.5, which is 71 and half of it 35.
        ("quality", 10 * 93 + 5 * 35 - 2 * 50 - 50),
    ]


STATEMENTS = [
    ("an unmet need is unknown", unmet_with(UnmetNeed("N-9", 1, "contention")), "unknown_id"),
    ("a session is unknown", plan_with(sessions=(RUNNING, RunningSession("S-9", 3))), "unknown_id"),
    ("a session is empty", plan_with(sessions=(RUNNING, RunningSession("S-2", 0))), "sessions"),
    ("a session is listed twice", plan_with(sessions=(RUNNING, RUNNING)), "duplicate"),
    ("other seats are filled than placed", session_with(seats_filled=14), "sessions"),
    ("a support is unknown", session_with(SupportUse("R-9", "venue", 1)), "unknown_id"),
    ("a support has another kind", session_with(supports=(SupportUse("R-1", "funds", 1),)), "C9"),
    ("a support gives nothing", session_with(SupportUse("R-2", "venue", 0)), "C9"),
    ("a support gives more than is needed", session_with(SupportUse("R-2", "venue", 1)), "C9"),
    ("a firm pair is called conditional", row_with(firm=False), "firm"),
    ("a fit is not the pair's", row_with(fit=94), "fit"),
    ("a question of the plan is left out", plan_with(questions=()), "questions"),
    ("a question has other seats", plan_with(questions=(OpenQuestion("N-1", "areas", 6),)), "questions"),
    ("a question is asked twice", plan_with(questions=PLAN.questions * 2), "questions"),
    ("a need that is short is not listed", plan_with(unmet=PLAN.unmet[:1]), "unmet"),
    ("a need is listed that has its seats", unmet_with(UnmetNeed("N-2", 0, "contention")), "unmet"),
    ("a need is listed twice", unmet_with(PLAN.unmet[0]), "duplicate"),
    ("a near session names other rules", nearest_with("S-1", "mode"), "unmet"),
    ("a near session says no to the area", nearest_with("S-2", "area", "level"), "unmet"),
    ("a near session is unknown", nearest_with("S-9", "level"), "unknown_id"),
    ("a value is not the plan's", objective_with("quality", value=1), "objective"),
    ("a bound lies below its value", objective_with("critical", bound=99), "objective"),
    ("objectives come in another order", plan_with(objectives=PLAN.objectives[::-1]), "objective"),
    ("there are no objectives", plan_with(objectives=()), "objective"),
    ("the outcome is not one of the three", closed(PLAN, "excellent"), "outcome"),
    ("a plan names a clash", plan_with(clash=Clash((Pin("N-2", "S-1", 4),))), "outcome"),
]


@pytest.mark.parametrize(("sentence", "plan", "code"), STATEMENTS, ids=sentence_of)
def test_a_false_statement_is_refused_by_its_name(sentence, plan, code):
    assert codes_of(ROUND, plan) == [code]


def test_a_question_that_no_rule_asks_is_refused_for_its_pair_and_for_the_plan():
    assert codes_of(ROUND, row_with(questions=(Question("S-1", "level"),))) == ["questions", "questions"]


def test_a_need_short_of_other_seats_than_stated_is_refused():
    for seats_short in (4, 6):
        unmet = (replace(PLAN.unmet[0], seats_short=seats_short), PLAN.unmet[1])
        assert codes_of(ROUND, plan_with(unmet=unmet)) == ["unmet"]


def test_an_optimal_plan_closes_every_bound():
    optimal = closed(PLAN, "optimal")
    assert codes_of(ROUND, optimal) == []
    for row in optimal.objectives:
        for bound in (row.value + 1, None):
            rows = [replace(other, bound=bound) if other is row else other for other in optimal.objectives]
            assert codes_of(ROUND, replace(optimal, objectives=tuple(rows))) == ["outcome"]


def test_a_plan_of_another_problem_is_refused():
    assert codes_of(ROUND, PLAN, "f" * 64) == ["problem"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([assignment("N-9", "S-1", 5)], "unknown_id"),
        ([assignment("N-1", "S-9", 5)], "unknown_id"),
        ([assignment("N-1", "S-1", 0)], "no_seats"),
        ([assignment("N-1", "S-1", -3)], "no_seats"),
        ([assignment("N-1", "S-1", 5, fit=93), assignment("N-1", "S-1", 5, fit=93)], "duplicate"),
    ],
)
def test_a_row_that_means_nothing_is_refused_and_nothing_breaks(rows, code):
    round_ = problem([need()], [session()])
    assert code in codes_of(round_, bare_plan(rows))


def test_a_session_that_runs_must_be_listed():
    round_ = problem([need()], [session()])
    assert codes_of(round_, full_plan(round_, {("N-1", "S-1"): 10}, sessions=())) == ["sessions"]


def test_the_questions_on_which_most_seats_hang_come_first():
    round_ = problem([need(level=None), need("N-2", "XAB", areas=None)], [session()])
    plan = full_plan(round_, {("N-1", "S-1"): 4, ("N-2", "S-1"): 10})
    assert [(row.record, row.field, row.seats) for row in plan.questions] == [
        ("N-2", "areas", 10),
        ("N-1", "level", 4),
    ]
    assert codes_of(round_, plan) == []
    assert codes_of(round_, replace(plan, questions=plan.questions[::-1])) == ["questions"]


def test_nearest_sessions_come_with_fewest_rules_first_then_by_id():
    sessions = [session("S-1", level="advanced", mode="online"), session("S-2", level="advanced")]
    round_ = problem([need(modes=("in_country", "provider_centre"))], sessions)
    near = (Nearest("S-2", ("level",)), Nearest("S-1", ("level", "mode")))
    in_order = (UnmetNeed("N-1", 10, "blocked", {"level": 2, "mode": 1}, near),)
    assert codes_of(round_, full_plan(round_, {}, unmet=in_order)) == []
    reversed_ = (replace(in_order[0], nearest=near[::-1]),)
    assert codes_of(round_, full_plan(round_, {}, unmet=reversed_)) == ["unmet"]


PINNED_PAIRS = (("N-1", "S-1"), ("N-2", "S-1"))
SEATS = ClashLimit("C1", "S-1", PINNED_PAIRS, 17, 15)
CLASH = Plan("0" * 64, "clashing_pins", clash=Clash((Pin("N-2", "S-1", 16), Pin("N-1", "S-1", 1)), (SEATS,)))
CLASHING = problem(
    ROUND.needs,
    ROUND.sessions,
    supports=ROUND.supports,
    pinned=[("N-1", "S-1", 1), ("N-2", "S-1", 16)],
)


def clash_with(*limits: ClashLimit) -> Plan:
    return replace(CLASH, clash=Clash(CLASHING.pinned, limits))


CLASHES = [
    ("a clash names no pins", replace(CLASH, clash=None), "outcome"),
    ("a clash names a pin of other seats", replace(CLASH, clash=Clash((Pin("N-1", "S-1", 2),))), "outcome"),
    ("a clash names a pin twice", replace(CLASH, clash=Clash((Pin("N-1", "S-1", 1),) * 2)), "duplicate"),
    ("a clash has assignments", replace(CLASH, assignments=PLAN.assignments), "outcome"),
    ("a clash has unmet needs", replace(CLASH, unmet=PLAN.unmet), "outcome"),
    ("a clash names no limit", clash_with(), "outcome"),
    ("a limit is named twice", clash_with(SEATS, SEATS), "duplicate"),
    ("a limit has a record that is none", clash_with(replace(SEATS, record="S-9")), "outcome"),
    ("a limit has a record of another kind", clash_with(replace(SEATS, record="N-1")), "outcome"),
    ("a limit is the pins themselves", clash_with(replace(SEATS, code="C11")), "outcome"),
    (
        "a limit is a rule that does not refuse",
        clash_with(ClashLimit("area", "S-1", PINNED_PAIRS)),
        "outcome",
    ),
    ("a limit leaves out a pinned pair", clash_with(replace(SEATS, pairs=PINNED_PAIRS[:1])), "outcome"),
    ("a limit requires no more than there is", clash_with(replace(SEATS, required=15)), "outcome"),
    ("a limit requires another number", clash_with(replace(SEATS, required=18)), "outcome"),
    ("a limit has another number available", clash_with(replace(SEATS, available=14)), "outcome"),
    ("a limit has half of its numbers", clash_with(replace(SEATS, available=None)), "outcome"),
    ("a clash has values", replace(CLASH, objectives=(ObjectiveValue("critical", 0, 0),)), "outcome"),
]


def test_a_plan_whose_pins_clash_names_pins_of_the_problem():
    assert codes_of(CLASHING, CLASH) == []


def test_pins_that_hold_when_placed_alone_are_no_clash_also_where_they_need_a_support():
    held = problem(ROUND.needs, ROUND.sessions, supports=ROUND.supports, pinned=[("N-1", "S-1", 1)])
    clash = Clash(held.pinned, (ClashLimit("C1", "S-1", PINNED_PAIRS[:1]),))
    assert codes_of(held, replace(CLASH, clash=clash)) == ["outcome"]
    # Without a venue, the session cannot run: whether the limit named is the one cannot be told alone.
    bare = replace(held, supports=())
    assert codes_of(bare, replace(CLASH, clash=clash)) == []


def test_a_pin_that_a_rule_refuses_clashes_alone_and_its_limits_are_all_the_rules_that_refuse_it():
    round_ = problem(
        [need(level="advanced", women=0)], [session(women_only=True)], pinned=[("N-1", "S-1", 1)]
    )
    limits = tuple(ClashLimit(code, "S-1", PINNED_PAIRS[:1]) for code in ("level", "women"))
    assert codes_of(round_, replace(CLASH, clash=Clash(round_.pinned, limits))) == []
    assert codes_of(round_, replace(CLASH, clash=Clash(round_.pinned, limits[:1]))) == ["outcome"]


@pytest.mark.parametrize(("sentence", "plan", "code"), CLASHES, ids=sentence_of)
def test_a_clash_that_says_more_or_less_is_refused(sentence, plan, code):
    assert codes_of(CLASHING, plan) == [code]


def test_what_a_recipient_gets_first_counts_most():
    # Ten seats asked: the units are quarters of seats, ten to a quarter.
    assert [worth_of_share(10, placed, (4, 3, 2, 1)) for placed in range(6)] == [0, 16, 32, 46, 58, 70]
    assert worth_of_share(10, 10, (4, 3, 2, 1)) == 100
    assert worth_of_share(0, 0, (4, 3, 2, 1)) == 0
    assert worth_of_share(3, 2, (5, 0, 0, 0)) == 15


def test_a_recipient_is_reached_by_a_quarter_rounded_up_or_by_reached_seats():
    for seats, placed, reached_seats, reached in [(9, 3, 20, 1), (9, 2, 20, 0), (40, 7, 7, 1), (40, 6, 7, 0)]:
        round_ = problem(
            [need(seats=seats)], [session()], objectives=("reached",), reached_seats=reached_seats
        )
        derived = verify(round_, full_plan(round_, {("N-1", "S-1"): placed})).objectives
        assert [(row.name, row.value) for row in derived] == [("reached", reached)]


@pytest.mark.parametrize(
    ("need_fields", "session_fields", "more", "fit"),
    [
        # All parts are full but the place: a provider's centre elsewhere counts 30.
        ({"modes": ("provider_centre",)}, {}, {}, 45 + 28 + 17 + 3),
        ({}, {"mode": "online", "place": None}, {}, 45 + 28 + 10.2 + 10),
        ({"modes": ("any",)}, {"place": "XPB"}, {}, 45 + 28 + 17 + 7),
        # A shared first region, the widest, does not bring a place near; the second does.
        ({"modes": ("any",)}, {"place": "XAB"}, {}, 45 + 28 + 17 + 7),
        ({"modes": ("any",)}, {"place": None}, {}, 45 + 28 + 17 + 5),
        ({"modes": ("any",)}, {"place": "XAA", "mode": "in_country"}, {}, 45 + 28 + 17 + 10),
        ({}, {"place": None, "mode": "mobile_team"}, {}, 45 + 28 + 6.8 + 10),
        ({"languages": ("de", "es", "fr", "ru", "en")}, {}, {}, 45 + 11.2 + 17 + 3),
        ({"languages": ("de", "es")}, {"languages": {"ES"}}, {}, 45 + 22.4 + 17 + 3),
        ({"languages": None}, {"languages": {"any"}}, {}, 45 + 28 + 17 + 3),
        ({"languages": None}, {}, {}, 45 + 14 + 17 + 3),
        (
            {"languages": ("de", "es")},
            {},
            {"supports": [support(kind="interpretation", languages={"es", "en"})]},
            45 + 8.4 + 17 + 3,
        ),
        ({"areas": {"EOD"}}, {}, {"substitutions": [("EOD", "MED", 60), ("EOD", "SAR", 90)]}, 27 + 48),
        ({"areas": None}, {}, {}, 22.5 + 28 + 17 + 3),
        ({}, {}, {"scores": [("N-1", "S-1", 7)]}, 7),
    ],
)  # fmt: skip
def test_the_fit_of_a_pair_is_the_weighted_sum_of_its_parts_rounded_half_up(
    need_fields, session_fields, more, fit
):
    one = need(**{"modes": ("provider_centre", "x", "online", "mobile_team"), **need_fields})
    round_ = problem([one], [session(**session_fields)], **more)
    assert fit_again(round_, one, round_.sessions[0]) == int(fit + 0.5)


def test_the_record_of_an_offer_counts_half_where_it_is_not_known():
    weights = {"area": 0, "language": 0, "mode": 0, "proximity": 0, "record": 100}
    for record, fit in [(None, 50), (0, 0), (83, 83)]:
        round_ = problem([need()], [session()], offers=[Offer("O-1", "XPA", record=record)], fit=weights)
        assert fit_again(round_, round_.needs[0], round_.sessions[0]) == fit


def test_no_rule_is_unknown_about_the_place_while_the_mode_itself_is_asked():
    round_ = problem([need()], [session(mode=None, place=None)], recipients=[recipient("XAA", None)])
    words = judge_pair_again(round_, round_.needs[0], round_.sessions[0])
    assert (words["mode"], words["place"]) == ("unknown", "yes")


def test_a_plan_of_thousands_of_needs_is_judged_in_seconds_since_only_its_own_pairs_are_looked_at():
    count = 2_000
    needs = [need(f"N-{n:04}", f"XA{n % 50:02}", seats=10) for n in range(count)]
    sessions = [session(f"S-{n:04}", f"O-{n:04}", requires=(requirement("venue", 1),)) for n in range(count)]
    round_ = problem(needs, sessions, supports=[support("R-1", quantity=count)])
    places = {(f"N-{n:04}", f"S-{n:04}"): 10 for n in range(count)}
    plan = full_plan(round_, places, {one.id: {"R-1": 1} for one in sessions})
    begin = process_time()
    assert verify(round_, plan).ok
    # Looking at all four million pairs would take a minute.
    assert process_time() - begin < 10


def test_a_check_that_is_kept_refuses_to_go_on_with_other_records():
    first = problem([need(seats=10)], [session(seats=8)])
    kept = Verifier(first)
    kept.turn_to(replace(first, pinned=(Pin("N-1", "S-1", 4),)))
    with pytest.raises(ValueError, match="more than pins, bans"):
        kept.turn_to(problem([need(seats=11)], [session(seats=8)]))
    assert kept.problem.pinned
