"""Days that others stand on change by the yes of all alone: never by an offer, never too late, and never onto
supports that cannot be used then.
"""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import DateProposal, Offer, Round, Support
from lcm_service.services import decisions, deliveries, submissions
from lcm_service.services.calendar import calendar_of
from lcm_service.services.date_lapses import lapse_dates
from lcm_service.services.other_dates import find_date_proposal
from lcm_service.services.stated_days import OTHERS_STAND_THERE
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_other_dates import AFTER, BEFORE, MovingCourse


@pytest.fixture
def course(app):
    return MovingCourse()


def agree(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    course.confirm("recipient", 0, 1)
    course.confirm("secretariat", 0, 1)


def state_days(course, starts_on, ends_on, *, actor=None, **more):
    rounds.fresh()
    offer = submissions.find_offer(course.provider, course.offer.reference)
    row = {"key": "S1", "starts_on": starts_on, "ends_on": ends_on, **more}
    return submissions.revise_offer(
        actor or course.provider, offer.reference, {"sessions": [row]}, offer.version
    )


def let_pass(course, proposal):
    """Some weeks pass, in which nobody has answered the proposal, and its days come."""
    today = utc_now().date()
    rounds.fresh()
    row = db.session.get(DateProposal, proposal.id)
    row.starts_on, row.ends_on = today - timedelta(days=1), today + timedelta(days=3)
    for need in course.needs:
        need.earliest = today - timedelta(days=9)
        factories.save(need)
    db.session.commit()


def begin(course):
    """The course begins and ends on its days."""
    rounds.fresh()
    session = db.session.get(Offer, course.offer.id).sessions[0]
    session.starts_on = utc_now().date() - timedelta(days=9)
    session.ends_on = utc_now().date() - timedelta(days=5)
    db.session.commit()
    return {"held_from": session.starts_on, "held_to": session.ends_on, "seats_used": 10, "women_used": 0}


def open_earlier(course):
    """The round was open before the course began: what comes before it is no course of it."""
    db.session.get(Round, course.round.id).opens_on = utc_now().date() - timedelta(days=30)
    db.session.commit()


@pytest.mark.parametrize("noticed_by", ["answer", "service"])
def test_no_session_is_moved_to_days_that_have_come(course, noticed_by):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider", 1)
    course.accept(course.recipients[0], proposal)
    let_pass(course, proposal)
    if noticed_by == "answer":
        assert course.accept(course.recipients[1], proposal).state == "ended"
    else:
        assert (lapse_dates(SYSTEM), lapse_dates(SYSTEM)) == (1, 0)
        assert course.told(course.recipients[1])[-1] == "dates.over"
    # Why is read by all who take part: it is what the calendar says.
    for reader in (course.coordinator, *course.recipients):
        view = find_date_proposal(reader, proposal.id)
        assert (view.state, view.end_reason) == ("ended", "late")
    assert course.days() == BEFORE


@pytest.mark.parametrize("noticed_by", ["report", "no_delivery", "answer", "service"])
def test_a_course_that_has_begun_is_not_moved(course, noticed_by):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    course.confirm("recipient", 0)
    course.confirm("secretariat", 0)
    proposal = course.propose(course.recipients[1], "recipient", 1)
    course.accept(course.provider, proposal)
    course.accept(course.funder, proposal)
    report = begin(course)
    match, who = course.match(), course.recipients[0]
    if noticed_by == "report":
        deliveries.report_delivered(who, match.id, "recipient", report, match.version)
    elif noticed_by == "no_delivery":
        deliveries.report_not_delivered(who, match.id, "recipient", "security", match.version)
    elif noticed_by == "answer":
        course.accept(who, proposal)
    else:
        db.session.get(DateProposal, proposal.id).starts_before = report["held_from"]
        db.session.commit()
        assert lapse_dates(SYSTEM) == 1
    view = find_date_proposal(course.coordinator, proposal.id)
    assert (view.state, view.end_reason) == ("ended", "late")
    assert course.days() == (report["held_from"], report["held_to"])
    with pytest.raises(Conflict):
        course.propose(course.provider, "provider", 1)


def test_the_time_to_answer_ends_before_the_days_come(course):
    course.consent(0, 1)
    today = utc_now().date()
    for need in course.needs:
        need.earliest = today
        factories.save(need)
    with pytest.raises(NotValid):
        course.propose(course.recipients[0], "recipient", days=(today, today))
    soon = (today + timedelta(days=3), today + timedelta(days=9))
    proposal = course.propose(course.recipients[0], "recipient", days=soon)
    for _ in ("proposed", "put"):
        rounds.fresh()
        assert db.session.get(DateProposal, proposal.id).answer_by.date() == soon[0]
        if course.state(proposal) == "proposed":
            course.accept(course.provider, proposal)


@pytest.mark.parametrize("stage", ["put", "agreed"])
def test_an_offer_does_not_change_the_days_on_which_others_stand(course, stage):
    if stage == "put":
        course.consent(0)
    else:
        agree(course)
    before = course.match()
    for days in (AFTER, (BEFORE[0], AFTER[1]), (None, None)):
        with pytest.raises(NotValid) as refusal:
            state_days(course, *days)
        assert refusal.value.faults == {"sessions": [OTHERS_STAND_THERE]}
        assert course.code in refusal.value.message
    with pytest.raises(NotValid):
        state_days(course, *AFTER, actor=course.coordinator)
    assert (course.days(), course.match()) == (BEFORE, before)
    # What is not about these days is revised as before.
    state_days(course, *BEFORE, seats=40)
    submissions.revise_offer(
        course.provider,
        course.offer.reference,
        {"title": "Another title", "sessions": [{"starts_on": AFTER[0], "ends_on": AFTER[1]}]},
        submissions.find_offer(course.provider, course.offer.reference).version,
    )
    assert course.days() == BEFORE


def test_the_refusal_tells_nothing_of_who_is_asked_in_secret(course):
    # Both are asked, and the provider knows of neither: the days are its own to change.
    state_days(course, *AFTER)
    assert course.match().state == "asked"
    state_days(course, *BEFORE)
    # One that it reads as ended is asked anew.
    course.consent(0)
    match = course.match()
    decisions.release_match(course.coordinator, match.id, "dates", match.version)
    course.publish()
    assert course.match().state == "asked"
    assert decisions.find_match(course.provider, match.id).state == "released"
    state_days(course, *AFTER)


def test_the_days_to_which_a_session_was_moved_may_be_written_down(course):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider")
    for recipient in course.recipients:
        course.accept(recipient, proposal)
    assert course.days() == AFTER
    with pytest.raises(NotValid):
        state_days(course, BEFORE[0], AFTER[1])
    state_days(course, *AFTER)
    assert course.days() == AFTER


def test_days_that_nobody_has_stated_may_be_stated(course):
    course.consent(0)
    rounds.fresh()
    db.session.get(Offer, course.offer.id).sessions[0].ends_on = None
    db.session.commit()
    with pytest.raises(NotValid):
        state_days(course, *AFTER)
    assert state_days(course, *BEFORE).sessions[0].ends_on == BEFORE[1]


@pytest.mark.parametrize("by", ["provider", "recipient", "letter"])
def test_what_all_have_agreed_is_moved_by_a_proposal_of_any_side(course, by):
    agree(course)
    actor, side = {
        "provider": (course.provider, "provider"),
        "recipient": (course.recipients[0], "recipient"),
        "letter": (course.coordinator, "provider"),
    }[by]
    proposal = course.propose(actor, side, on_behalf=by == "letter")
    if by == "recipient":
        course.accept(course.provider, proposal)
    for other in (course.funder, *course.recipients[by == "recipient" :]):
        assert course.days() == BEFORE
        course.accept(other, proposal)
    assert (course.state(proposal), course.days(), course.match().state) == ("moved", AFTER, "agreed")
    match = course.match()
    planned = {"starts_on": AFTER[0], "ends_on": AFTER[1], "place_code": None, "venue": None}
    held = deliveries.schedule_delivery(course.provider, match.id, planned, match.version)
    assert held.delivery.starts_on == AFTER[0]


@pytest.mark.parametrize("others_give", [False, True])
def test_a_provider_hears_of_its_own_support_and_no_session_moves_onto_one_whose_owner_was_not_asked(
    app, others_give
):
    course = MovingCourse(funder="provider", usable_to=BEFORE[1])
    if others_give:
        factories.make_support(round=course.round, quantity=9_000)
    course.consent(0, 1)
    with pytest.raises(Conflict) as refusal:
        course.propose(course.provider, "provider")
    assert refusal.value.details["rules"] == ["support"]
    assert course.support.reference in refusal.value.message
    # A recipient hears nothing of it; the provider does when it answers.
    proposal = course.propose(course.recipients[0], "recipient")
    with pytest.raises(Conflict):
        course.accept(course.provider, proposal)
    rounds.fresh()
    db.session.get(Support, course.support.id).usable_to = None
    db.session.commit()
    course.accept(course.provider, proposal)
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "moved"


class InterpretedCourse(MovingCourse):
    """One recipient that is taught through the interpreters of another, who are there on the days of now."""

    def __init__(self):
        self.round = factories.make_round()
        self.needs = [
            factories.make_need(
                round=self.round, seats_asked=10, seats_recognised=10, women=0, languages=["fr"]
            )
        ]
        self.offer = factories.make_offer(round=self.round, min_seats=5, requires=[], languages=["en"])
        self.support = factories.make_support(
            round=self.round, kind="interpretation", quantity=5, languages=["en", "fr"], usable_to=BEFORE[1]
        )
        self.coordinator = rounds.coordinator()
        self.recipients = [factories.make_actor("focal_point", self.needs[0].participant)]
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        self.funder = factories.make_actor("focal_point", self.support.participant)
        self.code = f"{self.offer.reference}-S1"
        self.publish()


def test_interpreters_that_are_not_there_then_are_nobody_elses_own_record(app):
    course = InterpretedCourse()
    course.consent(0)
    course.confirm("provider", 0)
    course.answer()
    proposal = course.propose(course.recipients[0], "recipient")
    course.accept(course.provider, proposal)
    with pytest.raises(Conflict) as refusal:
        course.accept(course.funder, proposal)
    assert refusal.value.details["rules"] == ["support"]
    # What the need itself says is the recipient's.
    course.withdraw(course.recipients[0], proposal)
    course.needs[0].latest = BEFORE[1]
    factories.save(course.needs[0])
    with pytest.raises(Conflict) as refusal:
        course.propose(course.recipients[0], "recipient")
    assert refusal.value.details["rules"] == ["dates"]


@pytest.mark.parametrize(("first", "last"), [(90, 94), (-2, 1), (-9, 1)])
def test_a_course_that_has_begun_is_not_put_off_by_its_offer(course, first, last):
    agree(course)
    begin(course)
    today = utc_now().date()
    row = db.session.get(Offer, course.offer.id).sessions[0]
    row.starts_on, row.ends_on = today, today + timedelta(days=4)
    db.session.commit()
    before = course.match()
    with pytest.raises(NotValid) as refusal:
        state_days(course, today + timedelta(days=first), today + timedelta(days=last))
    assert refusal.value.faults == {"sessions": [OTHERS_STAND_THERE]}
    # So the recipient can report what became of it.
    match, who = course.match(), course.recipients[0]
    assert match == before
    reported = deliveries.report_not_delivered(who, match.id, "recipient", "security", match.version)
    assert reported.delivery.state == "not_delivered"


@pytest.mark.parametrize("days", [(9, 0), (12, 1)])
def test_once_it_is_over_the_offer_may_say_on_which_days_it_was(course, days):
    agree(course)
    begin(course)
    open_earlier(course)
    stated = tuple(utc_now().date() - timedelta(days=one) for one in days)
    state_days(course, *stated)
    assert course.days() == stated
    assert course.told(course.recipients[0])[-1] == "match.restate"


def test_a_course_is_not_left_on_its_old_days_where_all_have_agreed_to_more(course):
    agree(course)
    match, (first, last) = course.match(), BEFORE
    planned = {"starts_on": first, "ends_on": last, "place_code": None, "venue": None}
    deliveries.schedule_delivery(course.provider, match.id, planned, match.version)
    longer = (first, last + timedelta(days=7))
    proposal = course.propose(course.provider, "provider", days=longer)
    for actor in (*course.recipients, course.funder):
        course.accept(actor, proposal)
    assert course.days() == longer
    assert course.match().delivery.state == "called_off"
    shown = [(one.first, one.last) for one in calendar_of(course.recipients[0]) if one.kind == "course"]
    assert shown == [longer]
