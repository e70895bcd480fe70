"""Whoever has left a session has no word in its other days, and reads nothing of what is decided there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import DateProposal, Match, OutboxMessage, SessionDays
from lcm_service.services import decisions, exports, lapses, parties, publication, trail
from lcm_service.services.date_lapses import lapse_dates, remind_of_dates
from lcm_service.services.other_dates import accept_dates, find_date_proposal, refuse_dates
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_other_dates import AFTER, BEFORE, MovingCourse, move


@pytest.fixture
def course(app):
    return MovingCourse()


def decline(course, number=0):
    match = course.match(number)
    decisions.decline_match(course.recipients[number], match.id, "recipient", "costs", match.version)
    rounds.fresh()


def lapse(course, *numbers):
    for number in numbers:
        match_id = course.match(number).id
        db.session.get(Match, match_id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
    lapses.lapse_overdue(SYSTEM)
    rounds.fresh()


def told_of(actor, match_id):
    rows = select(OutboxMessage).where(OutboxMessage.participant_id == actor.participant_id)
    return [one.kind for one in db.session.scalars(rows) if one.facts.get("match") == match_id]


@pytest.mark.parametrize("end", ["release", "lapse"])
def test_a_provider_hears_nothing_of_a_match_that_it_reads_as_ended(course, end):
    course.consent(0, 1)
    match = course.match()
    if end == "release":
        decisions.release_match(course.coordinator, match.id, "dates", match.version)
    else:
        lapse(course, 0)
    # The recipient alone is asked anew.
    course.publish()
    assert course.match().state == "asked"
    provider, read = course.provider, decisions.find_match(course.provider, match.id)
    events = trail.list_events(provider, "match", str(match.id))
    told = told_of(provider, match.id)
    proposal = course.propose(course.recipients[1], "recipient", 1)
    course.accept(provider, proposal)
    assert course.state(proposal) == "moved"
    assert trail.list_events(provider, "match", str(match.id)) == events
    assert told_of(provider, match.id) == told
    assert decisions.find_match(provider, match.id).session == read.session
    # Its recipient is asked for the new days.
    assert course.days(course.recipients[0]) == AFTER
    assert "match.move_dates" in told_of(course.recipients[0], match.id)


@pytest.mark.parametrize("end", ["decline", "lapse"])
def test_a_recipient_that_left_cannot_refuse_for_those_who_stay(course, end):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider", 1)
    read = course.version(course.recipients[0], proposal)
    (decline if end == "decline" else lapse)(course, 0)
    view = find_date_proposal(course.recipients[0], proposal.id)
    assert (view.state, view.may_answer, view.may_withdraw, view.answer_by) == ("ended", (), False, None)
    with pytest.raises(Stale):
        refuse_dates(course.recipients[0], proposal.id, read)
    for answer in (accept_dates, refuse_dates):
        with pytest.raises(Conflict) as refusal:
            answer(course.recipients[0], proposal.id, view.version)
        assert refusal.value.details["state"] == "ended"
    code = course.needs[0].participant.code
    with pytest.raises(Conflict):
        course.refuse(course.coordinator, proposal, participant_code=code)
    assert course.state(proposal) == "put"
    # Nor is it reminded of what it has no word in.
    db.session.get(DateProposal, proposal.id).answer_by = utc_now() + timedelta(days=1)
    db.session.commit()
    assert remind_of_dates(SYSTEM) == 1
    assert "dates.remind" not in course.told(course.recipients[0])
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "moved"


def test_a_party_that_declined_its_part_cannot_refuse_either(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    proposal = course.propose(course.recipients[1], "recipient", 1)
    course.accept(course.provider, proposal)
    course.answer(False)
    with pytest.raises(Conflict):
        course.refuse(course.funder, proposal)
    course.accept(course.recipients[0], proposal)
    assert course.state(proposal) == "moved"
    # Its part goes on to read the days of the plan under which it was asked.
    assert [one.session.start for one in course.seen()] == [BEFORE[0]]
    assert parties.list_parts(course.coordinator, course.round.code)[0].session.start == AFTER[0]


def test_who_left_reads_nothing_of_what_those_who_stay_decide(course):
    course.consent(0, 1)
    # The provider proposes on the match that is declined then.
    proposal = course.propose(course.provider, "provider")
    left, match_id = course.recipients[0], course.match().id
    decline(course)

    def read():
        rounds.fresh()
        plan = publication.published_plan(course.coordinator, course.round.code)
        return (
            find_date_proposal(left, proposal.id),
            decisions.find_match(left, match_id),
            decisions.list_matches(left, course.round.code),
            trail.list_events(left, "match", str(match_id)),
            course.told(left),
            exports.export_plan_rows(left, plan.id),
            exports.export_plan(left, plan.id)["labels"],
        )

    before = read()
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "moved"
    assert read() == before
    assert course.days(course.recipients[1], 1) == AFTER
    # Who stayed goes on reading how it ended, and leaves with what it read.
    assert find_date_proposal(course.recipients[1], proposal.id).state == "moved"


def test_who_comes_back_is_asked_anew(course):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider", 1)
    lapse(course, 0)
    asked = course.told(course.recipients[0]).count("dates.ask")
    match = course.match()
    lapses.revive_match(course.recipients[0], match.id, "recipient", match.version)
    assert course.told(course.recipients[0]).count("dates.ask") == asked + 1
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "put"
    course.accept(course.recipients[0], proposal)
    assert course.state(proposal) == "moved"


def test_what_lapsed_is_not_revived_by_a_page_with_the_old_days(course):
    course.consent(0, 1)
    lapse(course, 0)
    old = course.match()
    told = course.told(course.recipients[0])
    proposal = course.propose(course.provider, "provider", 1)
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "moved"
    assert course.told(course.recipients[0]) == told
    with pytest.raises(Stale):
        lapses.revive_match(course.recipients[0], old.id, "recipient", old.version)
    now = course.match()
    assert (now.session.start, now.session.moved_from.start) == (AFTER[0], BEFORE[0])
    revived = lapses.revive_match(course.recipients[0], now.id, "recipient", now.version)
    assert revived.session.start == AFTER[0]


def test_moved_days_end_with_the_last_match_that_they_bind(course):
    course.consent(0, 1)
    move(course)
    decline(course, 1)
    lapse(course, 0)
    # It may still be revived on these days.
    assert course.days() == AFTER
    draft = rounds.plan_of(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    assert draft.labels["sessions"][course.code]["start"] == BEFORE[0].isoformat()
    new = factories.make_need(round=course.round, seats_asked=10, seats_recognised=10, women=0)
    course.needs.append(new)
    course.publish()
    assert db.session.scalars(select(SessionDays)).all() == []
    assert course.days(number=2) == BEFORE
    assert course.match().state in ("asked", "lapsed")
    assert course.days() == BEFORE


def test_a_draft_does_not_return_days_that_are_held_again(course):
    course.consent(0, 1)
    move(course)
    lapse(course, 0, 1)
    draft = rounds.plan_of(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    match = course.match()
    lapses.revive_match(course.recipients[0], match.id, "recipient", match.version)
    codes = [one["code"] for one in publication.find_objections(course.coordinator, draft.id)]
    assert "dates" in codes
    assert course.days() == AFTER


@pytest.mark.parametrize("first", ["matches", "dates"])
def test_silence_about_days_is_no_yes_whatever_lapses_first(course, first):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider", 1)
    course.accept(course.recipients[1], proposal)
    match_id, past = course.match().id, utc_now() - timedelta(seconds=1)
    db.session.get(DateProposal, proposal.id).answer_by = past
    db.session.get(Match, match_id).answer_by = past
    db.session.commit()
    duties = [lapses.lapse_overdue, lapse_dates]
    for duty in duties if first == "matches" else reversed(duties):
        duty(SYSTEM)
    assert (course.state(proposal), course.days(), course.match().state) == ("lapsed", BEFORE, "lapsed")
    assert course.told(course.recipients[0]).count("dates.over") == 1


def test_an_answer_after_the_time_moves_nothing(course):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider", 1)
    course.accept(course.recipients[1], proposal)
    rounds.fresh()
    db.session.get(DateProposal, proposal.id).answer_by = utc_now() - timedelta(seconds=1)
    db.session.commit()
    assert course.accept(course.recipients[0], proposal).state == "lapsed"
    assert course.days() == BEFORE
