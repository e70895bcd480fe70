"""Who is silent about other days is reminded of them before silence ends them."""

from datetime import timedelta

import pytest

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import DateProposal
from lcm_service.services.date_lapses import remind_of_dates
from lcm_service.services.other_dates import accept_dates
from tests.service.test_other_dates import MovingCourse


@pytest.fixture
def course(app):
    return MovingCourse()


def test_who_is_silent_about_other_dates_is_reminded_once_and_anew_when_the_others_are_asked(course):
    course.consent(0, 1)
    proposal = course.propose(course.recipients[0], "recipient")

    def remind_when_near():
        db.session.get(DateProposal, proposal.id).answer_by = utc_now() + timedelta(days=1)
        db.session.commit()
        return remind_of_dates(SYSTEM), remind_of_dates(SYSTEM)

    assert remind_of_dates(SYSTEM) == 0
    assert remind_when_near() == (1, 0)
    assert course.told(course.provider)[-1] == "dates.remind"
    course.accept(course.provider, proposal)
    assert remind_when_near() == (1, 0)
    assert course.told(course.recipients[1])[-1] == "dates.remind"
    for actor, times in ((course.provider, 1), (course.recipients[0], 0), (course.funder, 0)):
        assert course.told(actor).count("dates.remind") == times
    with pytest.raises(NotAllowed):
        remind_of_dates(course.provider)


def test_what_was_read_before_a_reminder_can_be_answered_after_it(course):
    course.consent(0, 1)
    proposal = course.propose(course.recipients[0], "recipient")
    db.session.get(DateProposal, proposal.id).answer_by = utc_now() + timedelta(days=1)
    db.session.commit()
    read_before = course.version(course.provider, proposal)
    assert remind_of_dates(SYSTEM) == 1
    accept_dates(course.provider, proposal.id, read_before)
    assert course.state(proposal) == "put"
