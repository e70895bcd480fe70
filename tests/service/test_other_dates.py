"""Other days for a session: proposed by a side, put to all who have a word there, moved by the yes of all."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, DateProposal, Match, Need, Plan, SessionDays, Support
from lcm_service.services import decisions, lapses, parties, publication, repair, trail
from lcm_service.services.date_lapses import lapse_dates
from lcm_service.services.other_dates import (
    accept_dates,
    find_date_proposal,
    list_date_proposals,
    propose_dates,
    refuse_dates,
    withdraw_dates,
)
from optimizer import read_plan, read_problem, verify
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import Course

BEFORE = (date(2027, 4, 5), date(2027, 4, 16))
AFTER = (date(2027, 5, 10), date(2027, 5, 21))


class MovingCourse(Course):
    """The course of two recipients and a funder, with what its people press about its days."""

    def propose(self, actor, side, number=0, days=AFTER, **more):
        match = self.match(number)
        return propose_dates(actor, match.id, side, days[0], days[1], match.version, **more)

    def accept(self, actor, proposal, **more):
        rounds.fresh()
        return accept_dates(actor, proposal.id, self.version(actor, proposal), **more)

    def refuse(self, actor, proposal, **more):
        rounds.fresh()
        return refuse_dates(actor, proposal.id, self.version(actor, proposal), **more)

    def withdraw(self, actor, proposal):
        rounds.fresh()
        return withdraw_dates(actor, proposal.id, self.version(actor, proposal))

    def version(self, actor, proposal):
        return find_date_proposal(actor, proposal.id).version

    def proposals(self, actor):
        rounds.fresh()
        return list_date_proposals(actor, self.round.code)

    def days(self, actor=None, number=0):
        rounds.fresh()
        session = decisions.find_match(actor or self.coordinator, self.match(number).id).session
        return session.start, session.end

    def state(self, proposal):
        rounds.fresh()
        return find_date_proposal(self.coordinator, proposal.id).state


@pytest.fixture
def course(app):
    return MovingCourse()


def test_nothing_moves_before_everybody_has_said_yes_and_what_was_confirmed_stands(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    proposal = course.propose(course.recipients[0], "recipient", note="Rotation")
    assert (course.days(), course.told(course.provider)[-1]) == (BEFORE, "dates.ask")
    # Only the provider is asked first; others know of nothing.
    for actor in (course.recipients[1], course.funder):
        assert course.proposals(actor) == []
        with pytest.raises(NotFound):
            accept_dates(actor, proposal.id, 1)
    course.accept(course.provider, proposal)
    assert (course.state(proposal), course.days()) == ("put", BEFORE)
    course.accept(course.funder, proposal)
    assert course.days() == BEFORE
    course.accept(course.recipients[1], proposal)
    assert course.state(proposal) == "moved"
    for actor in (course.coordinator, course.provider, course.recipients[0]):
        assert course.days(actor) == AFTER
    for number in (0, 1):
        match = course.match(number)
        assert (match.state, match.session.moved_from.start) == ("proposed", BEFORE[0])
        assert [one.side for one in match.decisions] == ["provider"]
        assert match.waiting_for == "recipient"
    (part,) = course.seen()
    assert (part.state, part.session.start) == ("confirmed", AFTER[0])
    course.confirm("recipient", 0, 1)
    course.confirm("secretariat", 0, 1)
    assert course.match().state == "agreed"


def test_whoever_reads_the_old_days_cannot_confirm_them_any_more(course):
    course.consent(0, 1)
    old = course.match()
    part = course.part
    proposal = course.propose(course.provider, "provider")
    course.accept(course.recipients[0], proposal)
    course.accept(course.recipients[1], proposal)
    assert course.days() == AFTER
    with pytest.raises(Stale):
        decisions.confirm_match(course.provider, old.id, "provider", old.version)
    # The funder had confirmed nothing: it is asked for the new days, and no page of the old ones counts.
    with pytest.raises(Stale):
        parties.confirm_part(course.funder, part.id, part.version)
    assert course.answer().session.start == AFTER[0]


def test_the_others_do_not_learn_who_proposed_nor_who_has_answered(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    proposal = course.propose(course.recipients[0], "recipient", note="Our rotation is in April")
    course.accept(course.provider, proposal)
    one, other = course.recipients
    (seen,) = course.proposals(other)
    assert (seen.author, seen.note, seen.match_id) == (course.offer.participant.code, None, None)
    (own,) = course.proposals(one)
    # Whether the provider has accepted and others are waited for is not told either.
    assert (own.state, own.version, own.answer_by) == ("proposed", 2, None)
    for reader, hidden in (
        (one, course.needs[1]),
        (other, course.needs[0]),
        (course.funder, course.needs[0]),
    ):
        (view,) = course.proposals(reader)
        assert [row.participant for row in view.answers] == [reader.participant_code]
        assert hidden.participant.code not in repr(view)
        assert hidden.reference not in repr(view)
    course.accept(course.funder, proposal)
    course.refuse(other, proposal)
    (own,) = course.proposals(one)
    assert (own.state, own.end_reason) == ("refused", None)
    events = trail.list_events(one, "match", str(course.match().id))
    assert [(event.action, event.facts.get("reason")) for event in events][-1] == (
        "close_dates",
        "dates_refused",
    )
    assert all(course.needs[1].participant.code not in repr(event) for event in events)
    with pytest.raises(NotFound):
        trail.list_events(one, "dates", str(proposal.id))
    with pytest.raises(Stale) as refusal:
        withdraw_dates(one, proposal.id, own.version - 1)
    assert refusal.value.details["changes"] == []
    assert trail.list_events(course.coordinator, "dates", str(proposal.id))


def test_days_cannot_be_tried_until_they_tell_when_others_can_come(course):
    course.consent(0, 1)
    course.needs[1].latest = AFTER[1] - timedelta(days=1)
    factories.save(course.needs[1])
    # Neither the other recipient nor the provider hears of it.
    first = course.propose(course.recipients[0], "recipient")
    course.accept(course.provider, first)
    assert course.state(first) == "put"
    # Whose record it is reads it, and changes it or refuses.
    with pytest.raises(Conflict) as refusal:
        course.accept(course.recipients[1], first)
    assert refusal.value.details["rules"] == ["dates"]
    course.withdraw(course.recipients[0], first)
    with pytest.raises(Conflict) as refusal:
        course.propose(course.coordinator, "provider", on_behalf=True)
    assert refusal.value.details["obstacles"] == [{"code": "dates", "record": course.needs[1].reference}]
    assert "dates" in refusal.value.message


def test_a_recipient_that_was_not_put_has_no_influence_and_reads_the_new_days(course):
    course.consent(0)
    course.needs[1].latest = BEFORE[1]
    factories.save(course.needs[1])
    proposal = course.propose(course.recipients[0], "recipient")
    course.accept(course.provider, proposal)
    assert course.days() == AFTER
    assert course.days(course.recipients[1], 1) == AFTER
    assert course.told(course.recipients[1])[-1] == "match.move_dates"
    told = [one.facts for one in trail.list_events(course.coordinator, "match", str(course.match(1).id))]
    assert told[-1]["is_secret"]
    with pytest.raises(Conflict) as refusal:
        course.consent(1)
    assert refusal.value.details["rules"] == ["dates"]
    found = {one.code for one in repair.find_attention(course.coordinator, course.round.code)}
    assert {"moved_session", "refused_pair"} <= found


def test_who_is_put_while_days_are_asked_about_is_asked_too(course):
    course.consent(0)
    proposal = course.propose(course.provider, "provider")
    course.consent(1)
    course.accept(course.recipients[0], proposal)
    assert course.days() == BEFORE
    assert "dates.ask" in course.told(course.recipients[1])
    course.accept(course.recipients[1], proposal)
    assert course.days() == AFTER


def test_what_is_agreed_is_moved_by_the_yes_of_all_who_agreed(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    course.confirm("recipient", 0)
    course.confirm("secretariat", 0)
    agreed = course.match()
    proposal = course.propose(course.recipients[1], "recipient", 1)
    course.accept(course.provider, proposal)
    course.accept(course.funder, proposal)
    assert (course.match().state, course.days()) == ("agreed", BEFORE)
    course.accept(course.recipients[0], proposal)
    assert (course.match().state, course.days()) == ("agreed", AFTER)
    assert course.match().decisions == agreed.decisions


@pytest.mark.parametrize("end", ["refuse", "withdraw", "lapse", "leave"])
def test_whatever_ends_a_proposal_the_matches_go_on_as_before(course, end):
    course.consent(0, 1)
    before = course.match(1)
    proposal = course.propose(course.recipients[0], "recipient")
    if end == "refuse":
        course.refuse(course.provider, proposal)
    elif end == "withdraw":
        course.withdraw(course.recipients[0], proposal)
    elif end == "lapse":
        db.session.get(DateProposal, proposal.id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
        assert (lapse_dates(SYSTEM), lapse_dates(SYSTEM)) == (1, 0)
    else:
        match = course.match()
        decisions.decline_match(course.recipients[0], match.id, "recipient", "dates", match.version)
    state = {"refuse": "refused", "withdraw": "withdrawn", "lapse": "lapsed", "leave": "ended"}[end]
    assert (course.state(proposal), course.days(number=1), course.match(1)) == (state, BEFORE, before)
    told = course.provider if end != "refuse" else course.recipients[0]
    assert "dates.over" in course.told(told)
    with pytest.raises((Stale, Conflict)):
        accept_dates(course.provider, proposal.id, 1)


def test_all_who_are_left_having_said_yes_moves_the_session(course):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider")
    course.accept(course.recipients[0], proposal)
    match = course.match(1)
    decisions.decline_match(course.recipients[1], match.id, "recipient", "dates", match.version)
    assert (course.state(proposal), course.days()) == ("moved", AFTER)


def test_a_letter_of_each_is_recorded_by_a_coordinator_that_names_it(course):
    course.consent(0, 1)
    proposal = course.propose(course.coordinator, "recipient", on_behalf=True)
    with pytest.raises(NotAllowed):
        course.accept(course.coordinator, proposal)
    with pytest.raises(NotAllowed):
        course.accept(course.coordinator, proposal, participant_code=course.needs[1].participant.code)
    course.accept(course.coordinator, proposal, participant_code=course.offer.participant.code)
    course.accept(course.coordinator, proposal, participant_code=course.needs[1].participant.code)
    view = find_date_proposal(course.coordinator, proposal.id)
    assert view.state == "moved"
    assert all(one.is_on_behalf for one in view.answers)
    with pytest.raises(NotAllowed):
        course.accept(course.recipients[0], proposal, participant_code=course.offer.participant.code)


def test_it_is_refused_out_of_place_and_for_days_that_no_session_has(course):
    with pytest.raises(Conflict):
        course.propose(course.recipients[0], "recipient")
    course.consent(0, 1)
    with pytest.raises(NotAllowed):
        course.propose(course.coordinator, "secretariat")
    with pytest.raises(NotAllowed):
        course.propose(course.recipients[0], "provider")
    today = utc_now().date()
    for days in (BEFORE, (today, today), (AFTER[1], AFTER[0]), (AFTER[0], AFTER[0] + timedelta(days=400))):
        with pytest.raises(NotValid):
            course.propose(course.recipients[0], "recipient", days=days)
    own = course.propose(course.recipients[0], "recipient", days=(AFTER[0], None))
    assert own.ends_on == AFTER[1]
    assert course.propose(course.recipients[0], "recipient").id == own.id
    with pytest.raises(Conflict):
        course.propose(course.recipients[0], "recipient", days=(AFTER[1], AFTER[1]))
    # Another recipient's is its own; what the provider puts to all goes first.
    other = course.propose(course.recipients[1], "recipient", 1, days=(AFTER[1], AFTER[1]))
    course.accept(course.provider, own)
    with pytest.raises(Conflict):
        course.accept(course.provider, other)
    with pytest.raises(Conflict):
        course.propose(course.provider, "provider", days=(AFTER[1], AFTER[1]))
    course.accept(course.recipients[1], own)
    assert (course.state(own), course.state(other)) == ("moved", "ended")
    # Who has confirmed may propose as well.
    course.confirm("provider", 0)
    assert course.propose(course.provider, "provider", days=BEFORE).state == "proposed"


def test_a_provider_without_a_team_on_those_days_hears_of_it_and_nobody_else(app):
    course = MovingCourse(seats=(10,))
    provider = course.offer.participant
    need = factories.make_need(round=course.round, seats_asked=8, seats_recognised=8, women=0)
    other = factories.make_offer(provider, course.round, min_seats=5, seats=8, areas=["MEDICAL"])
    need.areas = other.areas
    session = other.sessions[0]
    session.starts_on, session.ends_on = AFTER
    provider.teams = 1
    course.offer.occupies_team = other.occupies_team = True
    for row in (need, other, provider, course.offer):
        factories.save(row)
    course.publish()
    rounds.put_all(course.coordinator, course.round)
    with pytest.raises(Conflict) as refusal:
        course.propose(course.provider, "provider")
    assert refusal.value.details["rules"] == ["C7"]
    proposal = course.propose(course.recipients[0], "recipient")
    with pytest.raises(Conflict):
        course.accept(course.provider, proposal)
    assert course.state(proposal) == "proposed"


def test_a_mission_that_ends_and_a_support_that_cannot_be_used_then_speak_against_days(course):
    course.consent(0, 1)
    course.confirm("provider", 0, 1)
    course.answer()
    support = db.session.get(Support, course.support.id)
    support.usable_to = AFTER[0]
    need = db.session.get(Need, course.needs[0].id)
    mission = factories.make_mission(ends_on=AFTER[0])
    need.mission_code = mission.code
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        course.propose(course.recipients[0], "recipient")
    assert refusal.value.details["rules"] == ["mission"]
    proposal = course.propose(course.recipients[1], "recipient", 1)
    course.accept(course.provider, proposal)
    with pytest.raises(Conflict) as refusal:
        course.accept(course.funder, proposal)
    assert refusal.value.details["rules"] == ["support"]


def test_records_that_change_after_a_yes_end_what_all_have_accepted(course):
    course.consent(0, 1)
    proposal = course.propose(course.provider, "provider")
    course.accept(course.recipients[0], proposal)
    need = db.session.get(Need, course.needs[0].id)
    need.latest = BEFORE[1]
    db.session.commit()
    course.accept(course.recipients[1], proposal)
    view = find_date_proposal(course.coordinator, proposal.id)
    assert (view.state, view.end_reason, course.days()) == ("ended", "records", BEFORE)
    assert find_date_proposal(course.recipients[1], proposal.id).end_reason is None
    (event,) = [
        one
        for one in db.session.scalars(select(AuditEvent))
        if (one.record_kind, one.action) == ("dates", "end")
    ]
    assert event.facts["obstacles"] == [{"code": "dates", "record": need.reference}]


def move(course):
    proposal = course.propose(course.provider, "provider")
    for recipient in course.recipients:
        course.accept(recipient, proposal)
    assert course.days() == AFTER


def test_a_repair_sees_the_moved_days_and_the_stored_plan_keeps_its_own(course):
    course.consent(0, 1)
    published = publication.published_plan(course.coordinator, course.round.code)
    stored = published.problem, published.labels, published.document
    draft = rounds.plan_of(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    assert publication.find_objections(course.coordinator, draft.id) == []
    move(course)
    rounds.fresh()
    # What was asked for before the move cannot be published over it.
    assert [one["code"] for one in publication.find_objections(course.coordinator, draft.id)] == ["dates"]
    course.needs.append(factories.make_need(round=course.round, seats_asked=5, seats_recognised=5, women=0))
    plan = course.publish()
    (session,) = [one for one in plan.labels["sessions"].values() if one["offer"] == course.offer.reference]
    assert (session["start"], session["end"]) == tuple(day.isoformat() for day in AFTER)
    problem = read_problem(json.loads(plan.problem))
    assert verify(problem, read_plan(plan.document)).violations == ()
    assert (course.days(number=2), course.match(2).session.moved_from) == (AFTER, None)
    assert course.attention() == []
    old = db.session.get(Plan, published.id)
    assert (old.problem, old.labels, old.document) == stored


def test_days_to_which_nobody_holds_are_those_of_the_offer_again(course):
    course.consent(0, 1)
    move(course)
    draft = rounds.plan_of(course.coordinator, rounds.solve_round(course.coordinator, course.round))
    for number in (0, 1):
        match = course.match(number)
        decisions.decline_match(course.recipients[number], match.id, "recipient", "capacity", match.version)
    assert db.session.scalars(select(SessionDays)).all() == []
    codes = [one["code"] for one in publication.find_objections(course.coordinator, draft.id)]
    assert "dates" in codes
    factories.make_need(round=course.round, seats_asked=10, seats_recognised=10, women=0)
    plan = course.publish()
    assert plan.labels["sessions"][course.code]["start"] == BEFORE[0].isoformat()


def test_a_match_that_lapsed_is_revived_on_the_days_that_it_was_moved_to(course):
    course.consent(0, 1)
    move(course)
    for number in (0, 1):
        match = course.match(number)
        db.session.get(Match, match.id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
    assert lapses.lapse_overdue(SYSTEM) == 2
    match = course.match()
    revived = lapses.revive_match(course.recipients[0], match.id, "recipient", match.version)
    assert (revived.state, revived.session.start) == ("proposed", AFTER[0])
