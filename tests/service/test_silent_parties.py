"""No match waits for a party that nobody asks: what fell silent is asked anew, or lapses with the match."""

from datetime import timedelta

import pytest

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Match
from lcm_service.services import decisions, lapses, parties
from tests import factories
from tests.service.test_parties import Course


@pytest.fixture
def course(app):
    """One match, put to the provider, which has confirmed; its party is asked."""
    course = Course(seats=(10,))
    course.consent(0)
    course.confirm("provider", 0)
    return course


def agree(course):
    course.answer()
    for side in ("recipient", "secretariat"):
        course.confirm(side, 0)


def ask_more(course, seats):
    """The recipient alone is asked for more seats, as another plan gives them."""
    course.needs[0].seats_asked = course.needs[0].seats_recognised = seats
    factories.save(course.needs[0])
    course.publish()
    assert course.match().state == "asked"


def add_second(course, seats=8):
    need = factories.make_need(round=course.round, seats_asked=seats, seats_recognised=seats, women=0)
    course.needs.append(need)
    course.recipients.append(factories.make_actor("focal_point", need.participant))
    course.publish()
    course.consent(1)
    course.confirm("provider", 1)


@pytest.mark.parametrize("answer", ["decline", "silence"])
def test_where_a_recipient_is_asked_for_no_more_its_silent_party_is_asked_anew(course, answer):
    ask_more(course, 14)
    assert course.be_silent() == 1
    assert (course.part.state, course.match().state) == ("lapsed", "asked")
    match = course.match()
    if answer == "decline":
        decisions.decline_match(course.recipients[0], match.id, "recipient", "dates", match.version)
    else:
        db.session.get(Match, match.id).answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 1
    match, part = course.match(), course.part
    assert (match.state, match.seats, match.waiting_for) == ("proposed", 10, "parties")
    assert (part.state, part.quantity) == ("asked", 2_000)
    assert part.answer_by is not None
    # Silent again, it takes the match with it.
    assert course.be_silent() == 1
    assert (course.match().state, course.part.state) == ("lapsed", "lapsed")


def test_a_match_that_is_revived_asks_a_party_anew_that_was_silent_about_the_rest(course):
    agree(course)
    add_second(course)
    assert (course.part.state, course.part.quantity, course.match(1).waiting_for) == (
        "asked",
        2_800,
        "parties",
    )
    assert course.be_silent() == 1
    match = course.match(1)
    assert (match.state, course.part.state, course.part.quantity_confirmed) == ("lapsed", "confirmed", 2_000)
    lapses.revive_match(course.recipients[1], match.id, "recipient", match.version)
    assert (course.match(1).waiting_for, course.part.state, course.part.quantity) == (
        "parties",
        "asked",
        2_800,
    )
    course.answer()
    assert course.match(1).waiting_for == "recipient"


def test_silence_is_not_taken_for_what_was_declined_before(course):
    """Asked for less than it had declined, an owner says nothing: that is silence, and is asked anew."""
    agree(course)
    add_second(course, 8)
    parties.decline_part(course.funder, course.part.id, "costs", course.part.version)
    match = course.match(1)
    decisions.release_match(course.coordinator, match.id, "dates", match.version)
    course.needs[1].seats_asked = course.needs[1].seats_recognised = 5
    factories.save(course.needs[1])
    course.publish()
    course.consent(1)
    course.confirm("provider", 1)
    assert (course.part.state, course.part.quantity) == ("asked", 2_500)
    assert course.be_silent() == 1
    match = course.match(1)
    assert match.state == "lapsed"
    lapses.revive_match(course.recipients[1], match.id, "recipient", match.version)
    assert (course.part.state, course.part.quantity) == ("asked", 2_500)
