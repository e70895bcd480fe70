"""What a plan repeats and what comes too late: named where it is stated, and only there."""

from datetime import date
from typing import Any

import pytest

from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Activity
from lcm_service.services import decisions, notices
from tests import factories
from tests.service import matching_rounds as rounds

APRIL = {"starts_on": date(2027, 4, 5), "ends_on": date(2027, 4, 16)}
LATE_APRIL = {"starts_on": date(2027, 4, 26), "ends_on": date(2027, 5, 7)}
MAY = {"starts_on": date(2027, 5, 3), "ends_on": date(2027, 5, 14)}
COUNTS: dict[str, Any] = {"seats_asked": 10, "women": 0}


def plan_with(actor, round_):
    return rounds.plan_of(actor, rounds.solve_round(actor, round_))


def two_needs_of_one_state(round_, first_offer, second_offer):
    """Two needs that one course each can serve: one is basic, the other advanced."""
    state = factories.make_participant()
    needs = [
        factories.make_need(participant=state, round=round_, level=level, **COUNTS)
        for level in ("basic", "advanced")
    ]
    offers = [
        factories.make_offer(round=round_, level=level, **offer)
        for level, offer in (("basic", first_offer), ("advanced", second_offer))
    ]
    return state, needs, offers


def doubles_of(actor, plan):
    return [(row.other.kind, row.areas) for row in notices.find_notices(actor, plan.id).doubles]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ({"sessions": [LATE_APRIL]}, [("plan", ["C-IED"])]),
        ({"sessions": [MAY]}, []),
        ({"sessions": [{"starts_on": None, "ends_on": None}]}, []),
        ({"sessions": [LATE_APRIL], "areas": ["any"]}, []),
        ({"not_before": date(2027, 4, 30), "not_after": date(2027, 6, 30), "duration_days": 5}, None),
    ],
    ids=["one month", "another month", "days unknown", "any subject", "a window"],
)
def test_two_providers_of_one_subject_in_one_month_are_named(actor, second, found):
    round_ = factories.make_round()
    two_needs_of_one_state(round_, {"sessions": [APRIL]}, second)
    plan = plan_with(actor, round_)
    assert len(plan.document["assignments"]) == 2
    if found is not None:
        assert doubles_of(actor, plan) == found
        return
    # Of a window the optimizer chose one candidate; named where it begins in April.
    ((_, days),) = [
        (one, plan.labels["sessions"][one["session"]])
        for one in plan.document["assignments"]
        if plan.labels["sessions"][one["session"]]["level"] == "advanced"
    ]
    begins = days["start"] or days["not_before"]
    assert bool(doubles_of(actor, plan)) == (begins < "2027-05-01")


def test_one_provider_of_two_courses_repeats_nothing(actor):
    round_, provider = factories.make_round(), factories.make_participant()
    courses = {"sessions": [APRIL], "participant": provider}
    two_needs_of_one_state(round_, courses, courses)
    assert not notices.find_notices(actor, plan_with(actor, round_).id)


def test_two_states_with_the_same_course_repeat_nothing(actor):
    round_ = factories.make_round()
    for level in ("basic", "advanced"):
        factories.make_need(round=round_, level=level, **COUNTS)
        factories.make_offer(round=round_, level=level)
    assert not notices.find_notices(actor, plan_with(actor, round_).id)


def test_a_match_of_another_round_is_named_while_it_stands(actor):
    state, elsewhere, here = factories.make_participant(), factories.make_round(), factories.make_round()
    for round_ in (elsewhere, here):
        factories.make_need(participant=state, round=round_, **COUNTS)
        factories.make_offer(round=round_)
    rounds.publish(actor, rounds.solve_round(actor, elsewhere))
    plan = plan_with(actor, here)
    (found,) = notices.find_notices(actor, plan.id).doubles
    assert (found.other.kind, found.other.round) == ("round", elsewhere.code)
    match = rounds.match_of(actor, elsewhere, found.other.need, found.other.reference)
    decisions.decline_match(actor, match.id, "recipient", "dates", match.version, on_behalf=True)
    rounds.fresh()
    assert not notices.find_notices(actor, plan.id)


def an_activity(**columns):
    defaults = {
        "reference": "A-1",
        "state": "planned",
        "title": "Mentoring",
        "areas": ["C-IED", "EOD"],
        "first_month": date(2027, 3, 1),
        "last_month": date(2027, 4, 1),
    }
    with transaction() as session:
        session.add(Activity(**(defaults | columns)))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({}, [("activity", ["C-IED"])]),
        ({"provider_as_stated": "A friend"}, [("activity", ["C-IED"])]),
        ({"first_month": None}, [("activity", ["C-IED"])]),
        ({"last_month": date(2027, 3, 1)}, []),
        ({"first_month": None, "last_month": None}, []),
        ({"areas": ["EOD"]}, []),
        ({"areas": None}, []),
        ({"recipient_code": None}, []),
    ],
    ids=str,
)
def test_an_activity_outside_of_the_mechanism_is_named(actor, round_, columns, found):
    plan = plan_with(actor, round_)
    (recipient,) = {row["recipient"] for row in plan.labels["needs"].values()}
    an_activity(**({"recipient_code": recipient} | columns))
    assert doubles_of(actor, plan) == found


@pytest.mark.parametrize(
    ("ends_on", "is_late"), [(date(2027, 4, 15), True), (date(2027, 4, 16), False), (None, False)]
)
def test_training_that_ends_after_its_mission_is_named(actor, ends_on, is_late):
    round_, mission = factories.make_round(), factories.make_mission(ends_on=ends_on)
    factories.make_need(round=round_, mission=mission)
    factories.make_offer(round=round_, sessions=[APRIL])
    late = notices.find_notices(actor, plan_with(actor, round_).id).late
    assert [(row.mission, row.ends_on) for row in late] == ([(mission.code, ends_on)] if is_late else [])


def test_coordinators_alone_read_it(actor, round_):
    plan = plan_with(actor, round_)
    for role in ("focal_point", "observer"):
        with pytest.raises((NotAllowed, NotFound)):
            notices.find_notices(factories.make_actor(role), plan.id)
