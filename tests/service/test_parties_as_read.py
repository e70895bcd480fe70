"""What a recipient reads of those who take part in its session besides it: nothing that tells of one whom it
has not met.
"""

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.persistence.database import db
from lcm_service.schemas.match_answers import MatchAnswer
from lcm_service.services import decisions, parties, trail
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_parties import Course


def agree(course, *numbers):
    course.consent(*numbers)
    course.confirm("provider", *numbers)
    course.answer()
    course.confirm("recipient", *numbers)
    course.confirm("secretariat", *numbers)


def join(course, seats=8):
    """Another need in the same round, of which a plan places the seats in the same session."""
    need = factories.make_need(
        round=db.session.merge(course.round), seats_asked=seats, seats_recognised=seats, women=0
    )
    course.needs.append(need)
    course.recipients.append(factories.make_actor("focal_point", need.participant))
    course.publish()


def resize(course, number, seats):
    need = db.session.merge(course.needs[number])
    need.seats_asked = need.seats_recognised = seats
    db.session.commit()
    course.publish()


def read(course, number=0):
    """What a recipient reads of its match: the whole answer of the API, its history, its messages."""
    rounds.fresh()
    actor = course.recipients[number]
    (match,) = decisions.list_matches(actor, course.round.code)
    events = [one.action for one in trail.list_events(actor, "match", str(match.id))]
    return MatchAnswer(exclude=["version"]).dump(match), events, course.told(actor)


def parties_read(course, number=0):
    return [(one["support"], one["state"]) for one in read(course, number)[0]["parties"]]


class TestCoRecipients:
    def test_one_that_was_met_stays_with_the_seats_for_which_it_was(self, app):
        course = Course()
        agree(course, 0, 1)
        before = read(course)
        assert [one["seats"] for one in before[0]["co_recipients"]] == [10]
        resize(course, 1, 14)
        assert (course.match(1).state, read(course)) == ("asked", before)
        course.consent(1)
        assert (course.match(1).state, read(course)) == ("proposed", before)
        course.confirm("provider", 1)
        course.answer()
        assert read(course) == before
        course.confirm("recipient", 1)
        course.confirm("secretariat", 1)
        assert [one["seats"] for one in read(course)[0]["co_recipients"]] == [14]

    def test_one_whose_seats_were_given_up_for_others_is_not_met_by_those(self, app):
        course = Course()
        agree(course, 0, 1)
        match = course.match(1)
        decisions.release_match(course.coordinator, match.id, "other", match.version)
        course.publish()
        course.consent(1)
        assert course.match(1).state == "proposed"
        assert (read(course)[0]["co_recipients"], read(course, 1)[0]["co_recipients"]) == ([], [])


class TestParties:
    @pytest.mark.parametrize("others", [True, False])
    def test_one_that_has_declined_reads_no_more_of_them(self, app, others):
        course = Course(seats=(10, 10) if others else (10,))
        course.consent(*range(len(course.needs)))
        assert parties_read(course) == [(course.support.reference, "asked")]
        match = course.match(0)
        decisions.decline_match(course.recipients[0], match.id, "recipient", "dates", match.version)
        assert parties_read(course) == []

    def test_one_that_is_asked_anew_reads_nothing_of_them(self, app):
        course = Course()
        course.consent(0, 1)
        match = course.match(0)
        decisions.release_match(course.coordinator, match.id, "dates", match.version)
        course.answer()
        assert parties_read(course) == []
        course.publish()
        assert (course.match(0).state, parties_read(course)) == ("asked", [])

    def test_one_that_agreed_alone_reads_nothing_of_one_that_comes_later(self, app):
        course = Course(seats=(10,))
        agree(course, 0)
        before = read(course)
        join(course)
        assert read(course) == before
        course.consent(1)
        assert (course.part.state, read(course)) == ("asked", before)
        course.answer()
        assert read(course) == before
        # The one that came later waits for what was asked for it.
        assert parties_read(course, 1) == [(course.support.reference, "confirmed")]

    def test_one_that_waits_reads_of_those_for_whom_it_waits_and_of_no_more(self, app):
        course = Course(seats=(10,))
        course.consent(0)
        course.confirm("provider", 0)
        assert parties_read(course) == [(course.support.reference, "asked")]
        course.answer()
        course.confirm("recipient", 0)
        before = read(course)
        assert parties_read(course) == [(course.support.reference, "confirmed")]
        join(course)
        course.consent(1)
        assert (course.part.state, read(course)) == ("asked", before)
        assert parties_read(course, 1) == [(course.support.reference, "asked")]

    def test_a_support_that_one_more_recipient_takes_is_not_shown_to_those_before(self, app):
        course = Course(seats=(10,), quantity=2_000)
        factories.make_support(round=db.session.merge(course.round), quantity=2_000)
        rounds.fresh()
        agree(course, 0)
        before = read(course)
        join(course)
        assert course.match(1).state == "asked"
        course.consent(1)
        assert read(course) == before
        assert len(parties_read(course, 1)) == 2

    def test_a_party_that_goes_is_told_to_whom_its_part_was_for(self, app):
        course = Course(seats=(10,))
        agree(course, 0)
        assert parties_read(course) == [(course.support.reference, "confirmed")]
        part = course.part
        parties.decline_part(course.coordinator, part.id, "costs", part.version, on_behalf=True)
        assert parties_read(course) == [(course.support.reference, "declined")]


@pytest.mark.parametrize("end", ["silence", "release"])
def test_an_owner_whose_part_is_planned_anew_reads_what_it_knew_until_it_is_asked(app, end):
    course = Course(seats=(10,))
    course.consent(0)
    if end == "silence":
        course.confirm("provider", 0)
        course.be_silent()
    else:
        match = course.match(0)
        decisions.release_match(course.coordinator, match.id, "other", match.version)

    def seen():
        ((part,), told) = course.seen(), course.told(course.funder)
        with pytest.raises(Conflict) as refusal:
            parties.confirm_part(course.funder, part.id, part.version)
        return part.state, part.quantity, part.seats, told, refusal.value.message

    before = seen()
    assert before[0] == ("lapsed" if end == "silence" else "released")
    course.publish()
    assert (course.match(0).state, course.part.state, seen()) == ("asked", "planned", before)
    course.consent(0)
    assert [one.state for one in course.seen()] == ["asked"]
