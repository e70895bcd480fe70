"""What a page shows of a session is what binds: where its offer states other days or another place, the pages
of its matches and parts show them, whoever read the old ones presses in vain, and who may know is told.
"""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import NotValid, Stale
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Match, Offer
from lcm_service.services import decisions, deliveries, exports, lapses, repair, submissions, trail
from lcm_service.services.assessments import assess_delivery
from lcm_service.services.calendar import calendar_of
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.stated_days import OTHERS_COME_THERE
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_dates_hold import agree, begin, open_earlier, state_days
from tests.service.test_other_dates import AFTER, BEFORE, MovingCourse

PLACE = "XQA"


@pytest.fixture
def course(app):
    factories.make_place(PLACE, regions=["X01"])
    return MovingCourse()


def unstate(course):
    """The session names no days yet, in the offer as in the plan that was made by it."""
    rounds.fresh()
    row = db.session.get(Offer, course.offer.id).sessions[0]
    row.starts_on = row.ends_on = None
    db.session.commit()
    course.publish()


def attention(course):
    return {(one.code, one.record) for one in repair.find_attention(course.coordinator, course.round.code)}


def events(actor, match):
    return [one.action for one in trail.list_events(actor, "match", str(match.id))]


def state_place(course, actor, *, of_session):
    rounds.fresh()
    offer = submissions.find_offer(course.provider, course.offer.reference)
    values = {"sessions": [{"key": "S1", "place_code": PLACE}]} if of_session else {"place_code": PLACE}
    return submissions.revise_offer(actor, offer.reference, values, offer.version)


def test_the_recipient_that_is_asked_reads_the_days_that_bind_and_agrees_to_no_others(course):
    old, one = course.match(), course.recipients[0]
    assert ("restated_session", course.code) not in attention(course)
    state_days(course, *AFTER)
    assert course.told(one)[-1] == "match.restate"
    assert "match.restate" not in course.told(course.provider)
    assert ("restated_session", course.code) in attention(course)
    with pytest.raises(Stale) as stale:
        decisions.consent_to_match(one, old.id, old.version)
    assert [row["action"] for row in stale.value.details["changes"]] == ["restate"]
    assert course.days(one) == AFTER
    seen = course.match().session
    assert (seen.moved_from.start, seen.moved_by) == (BEFORE[0], "offer")
    course.consent(0, 1)
    for reader in (course.provider, course.coordinator, *course.recipients[:1]):
        assert course.days(reader) == AFTER
    (part,) = course.seen()
    assert (part.session.start, part.session.moved_from.start) == (AFTER[0], BEFORE[0])
    # The page shows these days, so they are no other days.
    with pytest.raises(NotValid):
        course.propose(one, "recipient", days=AFTER)
    # What the recipient alone was told the provider never reads.
    assert "restate" in events(one, course.match())
    assert "restate" not in events(course.provider, course.match())


def test_what_all_agree_to_is_what_their_pages_show(course):
    state_days(course, *AFTER)
    agree(course)
    match = course.match()
    assert (match.state, course.days()) == ("agreed", AFTER)
    row = db.session.get(Match, match.id)
    assert (days_of_match(row).start, days_of_match(row).end) == AFTER
    planned = {"starts_on": AFTER[0], "ends_on": AFTER[1], "place_code": None, "venue": None}
    assert deliveries.schedule_delivery(course.provider, match.id, planned, match.version).delivery.starts_on
    # A repair plans with these days: then the plan has them too.
    course.publish()
    assert course.match().session.moved_from is None
    assert ("restated_session", course.code) not in attention(course)


def test_files_have_the_days_of_now_for_who_stands_there(course):
    course.consent(0)
    match = course.match()
    decisions.decline_match(course.recipients[0], match.id, "recipient", "dates", match.version)
    state_days(course, *AFTER)
    for reader, days in (
        (course.recipients[1], AFTER),
        (course.coordinator, AFTER),
        (course.recipients[0], BEFORE),
    ):
        rounds.fresh()
        label = exports.export_plan(reader, match.plan_id)["labels"]["sessions"][course.code]
        assert (label["start"], label["end"]) == tuple(one.isoformat() for one in days)
        assert ("moved_from" in label) == (days == AFTER)


def test_whoever_has_left_reads_the_days_of_its_plan_and_hears_no_more(course):
    course.consent(0)
    match = course.match()
    decisions.decline_match(course.recipients[0], match.id, "recipient", "dates", match.version)
    told, left = course.told(course.recipients[0]), course.match()
    state_days(course, *AFTER)
    assert (course.match(), course.told(course.recipients[0])) == (left, told)
    assert (course.days(number=0), course.days(number=1)) == (BEFORE, AFTER)


def test_what_lapsed_is_not_revived_by_a_page_with_the_old_days(course):
    for number in (0, 1):
        db.session.get(Match, course.match(number).id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
    assert lapses.lapse_overdue(course.coordinator) == 2
    old, one = course.match(), course.recipients[0]
    told = course.told(one)
    state_days(course, *AFTER)
    with pytest.raises(Stale):
        lapses.revive_match(one, old.id, "recipient", old.version)
    assert (course.days(one), course.told(one)) == (AFTER, told)


def test_days_that_are_stated_for_the_first_time_are_told_to_all_who_stand_there(course):
    unstate(course)
    course.consent(0, 1)
    old, told = course.match(), ("match.restate", "match.restate", "part.restate")
    assert old.session.start is None
    state_days(course, *BEFORE)
    assert tuple(course.told(one)[-1] for one in (*course.recipients, course.funder)) == told
    assert (course.match().version, course.days(course.recipients[0])) == (old.version + 1, BEFORE)
    assert course.seen()[0].session.start == BEFORE[0]
    assert "restate" in events(course.provider, course.match())


@pytest.mark.parametrize("of_session", [False, True])
@pytest.mark.parametrize("stage", ["put", "agreed"])
def test_a_provider_alone_does_not_take_a_course_elsewhere_on_which_others_stand(course, stage, of_session):
    rounds.fresh()
    here = course.match().session.place
    assert here not in (None, PLACE)
    if stage == "put":
        course.consent(0)
    else:
        agree(course)
    before = course.match()
    with pytest.raises(NotValid) as refusal:
        state_place(course, course.provider, of_session=of_session)
    assert list(refusal.value.faults.values()) == [[OTHERS_COME_THERE]]
    assert course.match() == before
    # By its letter coordinators write down what all have agreed to, and all are told.
    state_place(course, course.coordinator, of_session=of_session)
    after = course.match()
    assert (after.session.place, after.session.place_before) == (PLACE, here)
    assert after.version == before.version + 1
    assert [course.told(one)[-1] for one in (course.recipients[0], course.provider)] == ["match.restate"] * 2
    assert ("restated_session", course.code) in attention(course)
    if stage == "agreed":
        assert (course.told(course.funder)[-1], course.seen()[0].session.place) == ("part.restate", PLACE)


def test_the_place_of_a_session_that_is_asked_in_secret_is_the_providers_to_state(course):
    state_place(course, course.provider, of_session=True)
    assert course.match().session.place == PLACE
    assert course.told(course.recipients[0])[-1] == "match.restate"
    # Of a session that says its own place, nothing changes where the offer says another.
    told = course.told(course.recipients[0])
    rounds.fresh()
    offer = submissions.find_offer(course.provider, course.offer.reference)
    submissions.revise_offer(course.provider, offer.reference, {"place_code": PLACE}, offer.version)
    assert course.told(course.recipients[0]) == told


def test_a_course_that_was_held_is_not_restated(course):
    agree(course)
    report, match = begin(course), course.match()
    open_earlier(course)
    deliveries.report_delivered(course.provider, match.id, "provider", report, match.version)
    held, told = course.match(), course.told(course.recipients[0])
    state_days(course, report["held_from"] - timedelta(days=1), report["held_to"])
    assert (course.match().version, course.told(course.recipients[0])) == (held.version, told)


def test_a_session_that_is_named_twice_in_one_change_is_refused_whole(course):
    agree(course)
    offer = submissions.find_offer(course.provider, course.offer.reference)
    moved = {"key": "S1", "starts_on": AFTER[0], "ends_on": AFTER[1], "place_code": PLACE}
    for given in ([moved, {"key": "S1"}], [{"key": "S1"}, moved], [{"key": "S1"}, {"key": "S1"}]):
        with pytest.raises(NotValid):
            submissions.revise_offer(course.provider, offer.reference, {"sessions": given}, offer.version)
        db.session.rollback()
    assert course.days() == BEFORE


def put_on(course, first, last):
    """Time has come: the session is on these days."""
    rounds.fresh()
    row = db.session.get(Offer, course.offer.id).sessions[0]
    row.starts_on, row.ends_on = first, last
    db.session.commit()


def test_a_course_that_runs_is_cut_short_and_put_elsewhere_by_nobody_alone(course):
    agree(course)
    today = utc_now().date()
    put_on(course, today - timedelta(days=1), today + timedelta(days=9))
    for first, last in ((today - timedelta(days=1), today), (today - timedelta(days=200), today)):
        with pytest.raises(NotValid):
            state_days(course, first, last)
        db.session.rollback()


def test_when_a_course_was_is_said_once_it_is_over_and_where_it_was_by_no_one_alone(course):
    factories.make_place("XQB", regions=["X01"])
    state_place(course, course.coordinator, of_session=True)
    course.publish()
    agree(course)
    today = utc_now().date()
    put_on(course, today - timedelta(days=9), today - timedelta(days=5))
    with pytest.raises(NotValid) as refused:
        state_days(course, today - timedelta(days=9), today - timedelta(days=5), place_code="XQB")
    assert refused.value.faults == {"sessions": [OTHERS_COME_THERE]}
    db.session.rollback()
    # A day on which no round was open yet is none of its courses.
    open_earlier(course)
    with pytest.raises(NotValid):
        state_days(course, today - timedelta(days=31), today)
    db.session.rollback()
    state_days(course, today - timedelta(days=8), today - timedelta(days=4))
    assert course.days() == (today - timedelta(days=8), today - timedelta(days=4))


def schedule(course, actor, place, **more):
    match = course.match()
    data = {"starts_on": BEFORE[0], "ends_on": BEFORE[1], "place_code": place}
    return deliveries.schedule_delivery(actor, match.id, data, match.version, **more)


@pytest.fixture
def placed(course):
    """The course, agreed by all, in a place that its session names."""
    factories.make_place("XQB", regions=["X01"])
    state_place(course, course.coordinator, of_session=True)
    course.publish()
    agree(course)
    return course


def test_a_provider_schedules_a_course_nowhere_but_where_its_session_is(placed):
    with pytest.raises(NotValid) as refused:
        schedule(placed, placed.provider, "XQB")
    assert refused.value.faults == {"place_code": [deliveries.ELSEWHERE]}
    db.session.rollback()
    assert schedule(placed, placed.provider, PLACE).delivery.place == PLACE
    assert schedule(placed, placed.coordinator, "XQB", on_behalf=True).delivery.place == "XQB"


@pytest.mark.parametrize(("scheduled_in", "state"), [(None, "scheduled"), (PLACE, "called_off")])
def test_what_was_scheduled_where_its_session_is_no_more_is_scheduled_anew(placed, scheduled_in, state):
    schedule(placed, placed.provider, scheduled_in)
    offer = submissions.find_offer(placed.coordinator, placed.offer.reference)
    values = {"sessions": [{"key": "S1", "place_code": "XQB"}]}
    submissions.revise_offer(placed.coordinator, offer.reference, values, offer.version)
    delivery = decisions.find_match(placed.provider, placed.match().id).delivery
    assert delivery.state == state
    assert "schedule" in delivery.open_steps


@pytest.mark.parametrize("place", [None, PLACE])
def test_where_a_letter_has_put_a_course_its_provider_leaves_it(placed, place):
    schedule(placed, placed.coordinator, "XQB", on_behalf=True)
    with pytest.raises(NotValid) as refused:
        schedule(placed, placed.provider, place)
    assert refused.value.faults == {"place_code": [deliveries.PUT_ELSEWHERE]}
    db.session.rollback()
    # The form comes back as it was filled in, with the town.
    match = placed.match()
    data = {"starts_on": BEFORE[0], "ends_on": BEFORE[1], "place_code": "XQB", "venue": "Hall 2"}
    kept = deliveries.schedule_delivery(placed.provider, match.id, data, match.version).delivery
    assert (kept.place, kept.venue) == ("XQB", "Hall 2")
    assert schedule(placed, placed.coordinator, place, on_behalf=True).delivery.place == place


@pytest.mark.parametrize(("later_by", "longer_by"), [(0, 1), (1, 0), (-1, -2)])
def test_a_course_stays_where_a_letter_has_put_it_when_its_offer_says_when_it_was(
    placed, later_by, longer_by
):
    data = put_in_past_days(placed, placed.coordinator, "XQB", on_behalf=True)
    first, last = data["starts_on"] + timedelta(days=later_by), data["ends_on"] + timedelta(days=longer_by)
    state_days(placed, first, last)
    delivery = placed.match().delivery
    assert (delivery.state, delivery.place, delivery.starts_on) == ("scheduled", "XQB", first)


def move_all(course):
    proposal = course.propose(course.provider, "provider")
    for actor in (*course.recipients, course.funder):
        course.accept(actor, proposal)
    assert course.days() == AFTER


def test_a_course_that_a_letter_has_put_elsewhere_goes_on_there_when_all_move_its_days(placed):
    match = placed.match()
    data = {"starts_on": BEFORE[0], "ends_on": BEFORE[1], "place_code": "XQB", "venue": "Hall 2"}
    deliveries.schedule_delivery(placed.coordinator, match.id, data, match.version, on_behalf=True)
    move_all(placed)
    match = placed.match()
    delivery = match.delivery
    assert (delivery.state, delivery.starts_on, delivery.ends_on) == ("scheduled", *AFTER)
    assert (delivery.place, delivery.venue) == ("XQB", "Hall 2")
    for place in (PLACE, None):
        back = {"starts_on": AFTER[0], "ends_on": AFTER[1], "place_code": place, "venue": None}
        with pytest.raises(NotValid):
            deliveries.schedule_delivery(placed.provider, match.id, back, match.version)
        db.session.rollback()


def test_a_course_that_is_where_its_session_says_is_scheduled_anew_when_all_move_its_days(placed):
    match = placed.match()
    data = {"starts_on": BEFORE[0], "ends_on": BEFORE[1], "place_code": None, "venue": "Hall 2"}
    deliveries.schedule_delivery(placed.provider, match.id, data, match.version)
    move_all(placed)
    assert placed.match().delivery.state == "called_off"


def put_in_past_days(placed, actor, place, **more):
    """The session was some days ago, and its course was scheduled for them in this place; gives its days."""
    today = utc_now().date()
    first, last = today - timedelta(days=9), today - timedelta(days=5)
    put_on(placed, first, last)
    open_earlier(placed)
    match = placed.match()
    data = {"starts_on": first, "ends_on": last, "place_code": place, "venue": None}
    deliveries.schedule_delivery(actor, match.id, data, match.version, **more)
    return data


@pytest.mark.parametrize("back", [PLACE, None])
def test_where_a_letter_has_put_it_a_course_goes_on_that_was_not_held_when_all_move_its_days(placed, back):
    data = put_in_past_days(placed, placed.coordinator, "XQB", on_behalf=True)
    match = placed.match()
    deliveries.report_not_delivered(placed.provider, match.id, "provider", "security", match.version)
    move_all(placed)
    delivery = placed.match().delivery
    assert (delivery.state, delivery.place, delivery.starts_on) == ("scheduled", "XQB", AFTER[0])
    assert (delivery.reason, delivery.reported_side) == (None, None)
    match = placed.match()
    data |= {"starts_on": AFTER[0], "ends_on": AFTER[1], "place_code": back}
    with pytest.raises(NotValid):
        deliveries.schedule_delivery(placed.provider, match.id, data, match.version)


def test_what_was_said_of_a_course_that_was_not_held_in_the_end_is_not_about_the_one_that_all_move(placed):
    data = put_in_past_days(placed, placed.coordinator, "XQB", on_behalf=True)
    report = {"held_from": data["starts_on"], "held_to": data["ends_on"], "seats_used": 1, "women_used": 0}
    match = placed.match()
    match = deliveries.report_delivered(placed.provider, match.id, "provider", report, match.version)
    assess_delivery(placed.recipients[0], match.id, "recipient", "no", placed.match().version, None)
    match = placed.match()
    deliveries.report_not_delivered(
        placed.coordinator, match.id, "provider", "security", match.version, on_behalf=True
    )
    move_all(placed)
    delivery = placed.match().delivery
    assert (delivery.state, delivery.place, delivery.assessments) == ("scheduled", "XQB", ())


def test_a_schedule_goes_along_when_its_offer_says_when_the_course_was(placed):
    data = put_in_past_days(placed, placed.provider, None)
    first, last = data["starts_on"] + timedelta(days=1), data["ends_on"] + timedelta(days=1)
    state_days(placed, first, last)
    match = placed.match()
    assert (match.delivery.state, match.delivery.starts_on, match.delivery.ends_on) == (
        "scheduled",
        first,
        last,
    )
    data |= {"starts_on": first, "ends_on": last, "venue": "Hall 2"}
    match = deliveries.schedule_delivery(placed.provider, match.id, data, match.version)
    assert match.delivery.venue == "Hall 2"


def test_a_town_is_not_kept_in_another_country(placed):
    match = placed.match()
    data = {"starts_on": BEFORE[0], "ends_on": BEFORE[1], "place_code": None, "venue": "Hall 2"}
    deliveries.schedule_delivery(placed.provider, match.id, data, match.version)
    offer = submissions.find_offer(placed.coordinator, placed.offer.reference)
    values = {"sessions": [{"key": "S1", "place_code": "XQB"}]}
    submissions.revise_offer(placed.coordinator, offer.reference, values, offer.version)
    after = placed.match()
    assert (after.session.place, after.delivery.state, after.delivery.venue) == ("XQB", "called_off", None)


def move_to(course, place):
    """A coordinator writes down, by letter, where all have agreed to hold the course."""
    rounds.fresh()
    offer = submissions.find_offer(course.coordinator, course.offer.reference)
    values = {"sessions": [{"key": "S1", "place_code": place}]}
    submissions.revise_offer(course.coordinator, offer.reference, values, offer.version)


def test_a_course_that_was_held_is_shown_where_it_was(placed):
    move_to(placed, "XQB")
    report, match = begin(placed), placed.match()
    open_earlier(placed)
    deliveries.report_delivered(placed.provider, match.id, "provider", report, match.version)
    match = placed.match()
    assert (match.session.place, match.delivery.place) == ("XQB", "XQB")
    # Where courses to come will be says nothing of it, nor what is corrected of its seats.
    move_to(placed, PLACE)
    report |= {"seats_used": 9}
    deliveries.report_delivered(
        placed.coordinator, match.id, "provider", report, match.version, on_behalf=True
    )
    match = placed.match()
    assert (match.session.place, match.delivery.place, match.delivery.seats_used) == ("XQB", "XQB", 9)
    courses = [one for one in calendar_of(placed.recipients[0]) if one.kind == "course"]
    assert [one.place for one in courses] == ["XQB"]


@pytest.mark.parametrize("is_planned", [True, False])
def test_a_session_that_all_have_moved_calls_for_attention_where_it_is_put_elsewhere(placed, is_planned):
    proposal = placed.propose(placed.provider, "provider")
    for actor in (*placed.recipients, placed.funder):
        placed.accept(actor, proposal)
    if is_planned:
        placed.publish()
    known = set() if is_planned else {("moved_session", placed.code)}
    assert {one for one in attention(placed) if one[0].endswith("_session")} == known
    move_to(placed, "XQB")
    known |= {("restated_session", placed.code)}
    assert {one for one in attention(placed) if one[0].endswith("_session")} == known
