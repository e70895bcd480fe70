"""Who gives a support confirms its part of a session: after the recipients agreed to be put, before they
confirm.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import OutboxMessage, Part
from lcm_service.services import decisions, lapses, part_lapses, parties, repair, submissions, trail
from lcm_service.services.partial_acceptance import accept_fewer_seats
from tests import factories
from tests.service import matching_rounds as rounds

FUNDS = {"kind": "funds", "quantity": 1_000, "per_seat": 100}


class Course:
    """A session that takes 1,000 dollars and 100 a seat, two needs of 10 seats, and one who gives funds."""

    def __init__(self, *, seats=(10, 10), funder=None, **support):
        self.round = factories.make_round()
        self.needs = [
            factories.make_need(round=self.round, seats_asked=one, seats_recognised=one, women=0)
            for one in seats
        ]
        self.offer = factories.make_offer(round=self.round, min_seats=5, requires=[FUNDS])
        owner = self.offer.participant if funder == "provider" else None
        self.support = factories.make_support(owner, round=self.round, **{"quantity": 9_000, **support})
        self.coordinator = rounds.coordinator()
        self.recipients = [factories.make_actor("focal_point", one.participant) for one in self.needs]
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        self.funder = factories.make_actor("focal_point", self.support.participant)
        self.code = f"{self.offer.reference}-S1"
        self.publish()

    def publish(self):
        return rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round), put=False)

    def match(self, number=0):
        rounds.fresh()
        return rounds.match_of(self.coordinator, self.round, self.needs[number].reference, self.code)

    def consent(self, *numbers):
        for number in numbers:
            match = self.match(number)
            decisions.consent_to_match(self.recipients[number], match.id, match.version)

    def confirm(self, side, *numbers):
        for number in numbers:
            actor = {"recipient": self.recipients[number], "provider": self.provider}.get(
                side, self.coordinator
            )
            match = self.match(number)
            decisions.confirm_match(actor, match.id, side, match.version)

    @property
    def part(self):
        rounds.fresh()
        (part,) = parties.list_parts(self.coordinator, self.round.code)
        return part

    def seen(self):
        """What the funder reads."""
        rounds.fresh()
        return parties.list_parts(self.funder, self.round.code)

    def answer(self, is_yes=True):
        if is_yes:
            return parties.confirm_part(self.funder, self.part.id, self.part.version)
        return parties.decline_part(self.funder, self.part.id, "costs", self.part.version, "Spent")

    def told(self, actor):
        kinds = select(OutboxMessage.kind).where(OutboxMessage.participant_id == actor.participant_id)
        return list(db.session.scalars(kinds.order_by(OutboxMessage.id)))

    def attention(self):
        return [
            (one.code, one.session, one.record)
            for one in repair.find_attention(self.coordinator, self.round.code)
        ]

    def be_silent(self):
        db.session.get(Part, self.part.id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
        return part_lapses.lapse_parts(SYSTEM)


@pytest.fixture
def course(app):
    return Course()


def test_a_party_is_asked_once_every_recipient_has_answered_and_reads_totals_alone(course):
    assert (course.part.state, course.part.quantity, course.seen()) == ("planned", 3_000, [])
    course.consent(0)
    assert course.seen() == []
    with pytest.raises(NotFound):
        parties.find_part(course.funder, course.part.id)
    with pytest.raises(NotFound):
        trail.list_events(course.funder, "part", str(course.part.id))
    assert course.told(course.funder) == []
    course.consent(1)
    (seen,) = course.seen()
    assert (seen.state, seen.quantity, seen.seats, seen.provider) == (
        "asked",
        3_000,
        20,
        course.offer.participant.code,
    )
    assert seen.session.code == course.code
    written = repr(seen)
    for need in course.needs:
        assert need.reference not in written
        assert need.participant.code not in written
    assert course.told(course.funder) == ["part.ask_part"]
    assert [one.action for one in trail.list_events(course.funder, "part", str(seen.id))] == ["ask_part"]
    stranger = factories.make_actor()
    assert parties.list_parts(stranger, course.round.code) == []
    for actor in (*course.recipients, course.provider, stranger):
        with pytest.raises(NotFound):
            parties.confirm_part(actor, seen.id, seen.version)


def test_a_recipient_that_leaves_is_not_counted_and_what_is_read_does_not_fall_with_the_next(course):
    course.consent(0)
    match = course.match(1)
    decisions.decline_match(course.recipients[1], match.id, "recipient", "dates", match.version)
    (seen,) = course.seen()
    assert (seen.quantity, seen.seats) == (2_000, 10)


def test_the_recipient_confirms_once_provider_and_party_have_and_the_secretariat_last(course):
    course.consent(0, 1)
    course.confirm("provider", 0)
    match = course.match()
    assert (match.waiting_for, match.answer_by) == ("parties", None)
    with pytest.raises(Conflict) as refusal:
        course.confirm("recipient", 0)
    assert refusal.value.details["waiting_for"] == "parties"
    course.answer()
    match = course.match()
    assert match.waiting_for == "recipient"
    assert match.answer_by is not None
    assert course.told(course.recipients[0])[-1] == "match.turn"
    # The other match waits for its provider as before: the party's answer does not give that more days.
    assert course.match(1).waiting_for == "provider"
    course.confirm("recipient", 0)
    course.confirm("secretariat", 0)
    assert course.match().state == "agreed"


def test_an_answer_is_the_owners_or_its_letter_and_pressed_twice_changes_nothing(course):
    course.consent(0, 1)
    part = course.part
    with pytest.raises(NotAllowed):
        parties.confirm_part(course.coordinator, part.id, part.version)
    with pytest.raises(NotAllowed):
        parties.confirm_part(course.funder, part.id, part.version, on_behalf=True)
    with pytest.raises(Stale):
        parties.confirm_part(course.funder, part.id, part.version + 1)
    with pytest.raises(NotValid):
        parties.decline_part(course.funder, part.id, "withdrawn", part.version)
    done = parties.confirm_part(course.coordinator, part.id, part.version, on_behalf=True)
    assert (done.state, done.quantity_confirmed, done.is_on_behalf) == ("confirmed", 3_000, True)
    assert parties.confirm_part(course.funder, part.id, part.version).version == done.version
    assert course.told(course.funder) == ["part.ask_part", "part.confirm"]


def test_less_than_was_confirmed_stands_and_more_is_asked_anew(course):
    course.consent(0, 1)
    course.answer()
    match = course.match(1)
    decisions.decline_match(course.provider, match.id, "provider", "capacity", match.version)
    assert (course.part.state, course.part.quantity_confirmed) == ("confirmed", 3_000)
    course.needs.append(factories.make_need(round=course.round, seats_asked=15, seats_recognised=15, women=0))
    course.recipients.append(factories.make_actor("focal_point", course.needs[2].participant))
    course.publish()
    assert [one.quantity for one in course.seen()] == [3_000], "Of what is planned it hears nothing yet."
    course.consent(2)
    (seen,) = course.seen()
    assert (seen.state, seen.quantity, seen.quantity_confirmed) == ("asked", 3_500, 3_000)
    course.confirm("provider", 0, 2)
    assert course.match(0).waiting_for == "recipient", "What was confirmed covers it."
    course.confirm("recipient", 0)
    assert course.match(2).waiting_for == "parties"
    course.answer(False)
    assert (course.part.state, course.part.quantity_confirmed) == ("confirmed", 3_000)
    assert (course.match(0).waiting_for, course.match(2).waiting_for) == ("secretariat", "parties")
    assert ("declined_support", course.code, course.support.reference) in course.attention()
    # A plan that would need as much asks it no more; the recipient takes what is confirmed, and no more.
    course.publish()
    assert (course.part.state, course.match(2).waiting_for) == ("confirmed", "parties")
    match, told = course.match(2), course.told(course.recipients[2])
    with pytest.raises(Conflict) as refusal:
        accept_fewer_seats(course.recipients[2], match.id, "recipient", 11, "capacity", match.version)
    assert refusal.value.details["waiting_for"] == "parties"
    assert course.match(2) == match
    accept_fewer_seats(course.recipients[2], match.id, "recipient", 10, "capacity", match.version)
    assert (course.match(2).seats, course.match(2).waiting_for) == (10, "secretariat")
    assert course.told(course.recipients[2]) == told


def test_an_owner_that_declined_the_rest_is_asked_where_less_is_needed_and_one_that_kept_silent_anew(app):
    course = Course()
    asked = asked_for_more(course)
    assert asked.quantity == 3_500
    course.be_silent()
    assert (course.part.state, course.part.quantity_confirmed) == ("confirmed", 3_000)
    course.publish()
    assert (course.part.state, course.part.quantity) == ("asked", 3_500)
    course.answer(False)
    course.needs[2].seats_asked = course.needs[2].seats_recognised = 12
    factories.save(course.needs[2])
    match = course.match(2)
    decisions.release_match(course.coordinator, match.id, "dates", match.version)
    course.publish()
    course.consent(2)
    assert (course.part.state, course.part.quantity) == ("asked", 3_200)


def asked_for_more(course):
    """Its owner confirmed 3,000; now another need would have 3,500 drawn on."""
    course.consent(0, 1)
    course.answer()
    match = course.match(1)
    decisions.decline_match(course.provider, match.id, "provider", "capacity", match.version)
    course.needs.append(factories.make_need(round=course.round, seats_asked=15, seats_recognised=15, women=0))
    course.recipients.append(factories.make_actor("focal_point", course.needs[2].participant))
    course.publish()
    course.consent(2)
    return course.part


def test_who_declined_the_rest_may_decline_all_and_an_old_press_does_neither(course):
    asked = asked_for_more(course)
    rest = parties.decline_part(course.funder, asked.id, "costs", asked.version)
    assert (rest.state, rest.quantity_confirmed) == ("confirmed", 3_000)
    assert parties.decline_part(course.funder, asked.id, "costs", asked.version).version == rest.version
    with pytest.raises(Stale):
        parties.decline_part(course.funder, asked.id, "costs", asked.version - 1)
    with pytest.raises(Stale):
        parties.confirm_part(course.funder, asked.id, asked.version)
    assert course.part.quantity_confirmed == 3_000
    ended = parties.decline_part(course.funder, rest.id, "costs", rest.version)
    assert (ended.state, ended.quantity_confirmed) == ("declined", 0)
    assert ("declined_support", course.code, course.support.reference) in course.attention()


def test_what_all_have_agreed_stands_where_a_party_is_silent_about_more(app):
    course = Course(seats=(10,))
    course.consent(0)
    course.answer()
    for side in ("provider", "recipient", "secretariat"):
        course.confirm(side, 0)
    assert course.match().state == "agreed"
    # Another support takes the place of the one that was confirmed, and its owner says nothing.
    part = course.part
    parties.decline_part(course.coordinator, part.id, "costs", part.version, on_behalf=True)
    other = factories.make_support(round=course.round, quantity=5_000)
    course.needs[0].seats_asked = course.needs[0].seats_recognised = 18
    factories.save(course.needs[0])
    course.publish()
    course.consent(0)
    course.confirm("provider", 0)
    assert (course.match().state, course.match().waiting_for) == ("proposed", "parties")
    (row,) = db.session.scalars(select(Part).where(Part.support_reference == other.reference))
    row.answer_by = utc_now() - timedelta(seconds=1)
    db.session.commit()
    assert part_lapses.lapse_parts(SYSTEM) == 1
    assert (course.match().state, course.match().seats) == ("agreed", 10)


def test_declined_it_moves_nobody_and_a_repair_uses_another_support(course):
    course.consent(0, 1)
    course.confirm("provider", 0)
    declined = course.answer(False)
    assert (declined.state, declined.reason, declined.note) == ("declined", "costs", "Spent")
    assert [course.match(one).state for one in (0, 1)] == ["proposed", "proposed"]
    assert (course.match().waiting_for, course.match().answer_by) == ("parties", None)
    assert course.attention() == [("declined_support", course.code, course.support.reference)]
    other = factories.make_support(round=course.round, quantity=5_000)
    plan = course.publish()
    (row,) = plan.document["sessions"]
    assert [one["support"] for one in row["supports"]] == [other.reference]
    assert course.attention() == []
    second = next(
        one for one in parties.list_parts(course.coordinator, course.round.code) if one.state == "asked"
    )
    parties.confirm_part(course.coordinator, second.id, second.version, on_behalf=True)
    course.confirm("recipient", 0)


def test_silence_lapses_with_what_waits_for_it_and_a_revived_match_asks_anew(course):
    course.consent(0, 1)
    course.confirm("provider", 0)
    assert part_lapses.lapse_parts(SYSTEM) == 0
    assert course.be_silent() == 1
    assert course.part.state == "lapsed"
    assert [course.match(one).state for one in (0, 1)] == ["lapsed", "lapsed"]
    assert part_lapses.lapse_parts(SYSTEM) == 0
    with pytest.raises(Conflict):
        course.answer()
    match = course.match()
    lapses.revive_match(course.recipients[0], match.id, "recipient", match.version)
    (seen,) = course.seen()
    assert (seen.state, seen.quantity, seen.seats) == ("asked", 2_000, 10)
    with pytest.raises(NotAllowed):
        part_lapses.lapse_parts(course.funder)


def test_a_party_is_reminded_once(course):
    course.consent(0, 1)
    assert part_lapses.remind_parties(SYSTEM) == 0
    db.session.get(Part, course.part.id).answer_by = utc_now() + timedelta(days=1)
    db.session.commit()
    assert part_lapses.remind_parties(SYSTEM) == 1
    assert part_lapses.remind_parties(SYSTEM) == 0
    assert course.told(course.funder) == ["part.ask_part", "part.remind"]


def test_where_nothing_stands_any_more_the_party_is_told_and_asked_anew_later(course):
    course.consent(0, 1)
    course.answer()
    for number in (0, 1):
        match = course.match(number)
        decisions.decline_match(course.recipients[number], match.id, "recipient", "dates", match.version)
    assert (course.part.state, course.part.quantity_confirmed) == ("released", 0)
    assert course.told(course.funder)[-1] == "part.release"


def test_once_a_match_is_agreed_a_party_takes_back_by_letter_alone(course):
    course.consent(0, 1)
    course.answer()
    course.confirm("provider", 0)
    course.confirm("recipient", 0)
    course.confirm("secretariat", 0)
    with pytest.raises(Conflict):
        course.answer(False)
    part = course.part
    parties.decline_part(course.coordinator, part.id, "costs", part.version, on_behalf=True)
    assert course.match().state == "agreed"
    assert course.attention() == [("declined_support", course.code, course.support.reference)]


def test_a_withdrawn_support_ends_its_parts_and_one_that_stands_is_not_given_back(course):
    course.consent(0, 1)
    course.answer()
    course.confirm("provider", 0)
    support = submissions.find_support(course.coordinator, course.support.reference)
    with pytest.raises(Conflict):
        submissions.return_record(
            course.coordinator, "support", support.reference, questions="?", version=support.version
        )
    submissions.withdraw_support(course.funder, support.reference, support.version, "Spent")
    assert (course.part.state, course.match().waiting_for) == ("declined", "parties")


def test_what_the_provider_gives_itself_is_confirmed_with_the_match(app):
    course = Course(funder="provider")
    course.consent(0, 1)
    assert parties.list_parts(course.coordinator, course.round.code) == []
    course.confirm("provider", 0)
    assert course.match().waiting_for == "recipient"


def test_the_sides_read_who_gives_what_and_not_how_much_and_each_other_once_all_are_agreed(course):
    def read_by(actor, number=0):
        rounds.fresh()
        return decisions.find_match(actor, course.match(number).id)

    sides = (course.recipients[0], course.provider)
    assert course.match().parties[0].quantity == 3_000
    assert read_by(course.recipients[0]).parties == ()
    course.consent(0, 1)
    for actor in sides:
        (party,) = read_by(actor).parties
        assert (party.support_reference, party.state) == (course.support.reference, "asked")
        assert (party.quantity, party.part_id) == (None, None)
    course.answer()
    for side in ("provider", "recipient"):
        course.confirm(side, 0, 1)
    course.confirm("secretariat", 0)
    other = course.needs[1].participant.code
    assert course.match().state == "agreed"
    for actor in (*sides, course.coordinator):
        assert read_by(actor).co_recipients == ()
    assert other not in repr(read_by(course.recipients[0]))
    course.confirm("secretariat", 1)
    (met,) = read_by(course.recipients[0]).co_recipients
    assert (met.recipient, met.seats) == (other, 10)
    # A third that is asked about the session later is not seen, and takes nobody out of sight.
    course.needs.append(factories.make_need(round=course.round, seats_asked=8, seats_recognised=8, women=0))
    course.recipients.append(factories.make_actor("focal_point", course.needs[2].participant))
    course.publish()
    course.consent(2)
    assert read_by(course.recipients[0]).co_recipients == (met,)
    assert read_by(course.recipients[2], 2).co_recipients == ()
