"""What all three sides have agreed stands while sides are asked for more: nobody undoes it by a button of its
own, and its course is scheduled and reported meanwhile.
"""

import pytest

from lcm_service.domain.errors import Conflict, NotValid
from lcm_service.persistence.database import db
from lcm_service.services import decisions, deliveries, parties
from tests.service import matching_rounds as rounds
from tests.service.held_courses import REPORT, Scene
from tests.service.test_asked import Asked, told
from tests.service.test_parties import Course


@pytest.fixture
def asked(app):
    """A match that is agreed for 20 seats, and that a later plan gives 25: its recipient agreed to be put."""
    asked = Asked()
    asked.consent()
    asked.confirm("provider", "recipient", "secretariat")
    asked.recognise(25)
    asked.publish()
    asked.consent()
    assert (asked.match.state, asked.match.seats, asked.match.agreed_seats) == ("proposed", 25, 20)
    return asked


def decline(asked, side, **options):
    actors = {"recipient": asked.recipient, "provider": asked.provider, "secretariat": asked.coordinator}
    actor = asked.coordinator if options else actors[side]
    match = asked.match
    return decisions.decline_match(actor, match.id, side, "dates", match.version, **options)


class TestDeclining:
    @pytest.mark.parametrize(
        ("confirmed", "side"),
        [
            ((), "provider"),
            (("provider",), "provider"),
            (("provider",), "recipient"),
            (("provider", "recipient"), "provider"),
            (("provider", "recipient"), "recipient"),
            (("provider", "recipient"), "secretariat"),
        ],
    )
    def test_a_side_that_presses_itself_declines_what_is_more(self, asked, confirmed, side):
        asked.confirm(*confirmed)
        match = decline(asked, side)
        assert (match.state, match.seats) == ("agreed", 20)
        asked.publish()
        assert (asked.match.state, asked.match.seats) == ("agreed", 20)

    def test_by_letter_a_side_declines_all_of_it(self, asked):
        asked.confirm("provider")
        match = decline(asked, "provider", on_behalf=True)
        assert (match.state, match.agreed_seats) == ("declined", 0)

    @pytest.mark.parametrize("confirmed", [(), ("provider",)])
    def test_while_the_recipient_is_asked_for_still_more_the_provider_declines_what_it_knows(
        self, asked, confirmed
    ):
        asked.confirm(*confirmed)
        asked.recognise(28)
        asked.publish()
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (asked.match.state, asked.match.seats, seen.state, seen.seats) == ("asked", 28, "proposed", 25)
        after = decline(asked, "provider")
        assert (after.state, after.seats) == ("agreed", 20)
        assert (asked.match.state, asked.match.seats, asked.match.known_to_provider) == ("agreed", 20, None)

    def test_silence_leaves_it(self, asked):
        asked.confirm("provider")
        asked.lapse()
        assert (asked.match.state, asked.match.seats) == ("agreed", 20)

    def test_a_party_declines_by_letter_alone_what_an_agreement_stands_on(self, app):
        course = Course()
        course.consent(0, 1)
        course.confirm("provider", 0, 1)
        course.answer()
        course.confirm("recipient", 0, 1)
        course.confirm("secretariat", 0, 1)

        def refused():
            with pytest.raises(Conflict) as refusal:
                course.answer(is_yes=False)
            return refusal.value.message

        words = refused()
        for need in course.needs:
            db.session.merge(need).seats_asked = db.session.merge(need).seats_recognised = 12
        db.session.commit()
        course.publish()
        assert [course.match(number).state for number in (0, 1)] == ["asked", "asked"]
        assert refused() == words
        course.consent(0)
        assert refused() == words
        part = course.part
        by_letter = parties.decline_part(course.coordinator, part.id, "costs", part.version, on_behalf=True)
        assert by_letter.state == "declined"


class Held(Scene):
    """An agreed match of 20 seats whose days are over, and whose recipient is asked for 26, or was."""

    def __init__(self):
        super().__init__()
        self.grow(26)

    def grow(self, seats):
        need = db.session.merge(self.need)
        need.seats_asked = need.seats_recognised = seats
        db.session.commit()
        run = rounds.solve_round(self.coordinator, self.round)
        rounds.publish(self.coordinator, run, put=False)
        rounds.fresh()
        assert (self.match.state, self.match.seats) == ("asked", seats)

    def consent(self):
        match = self.match
        decisions.consent_to_match(self.recipient, match.id, match.version)


class TestDelivering:
    @pytest.mark.parametrize("confirmed", [None, False, True])
    def test_the_course_is_scheduled_and_reported_while_sides_are_asked_for_more(self, app, confirmed):
        scene = Held()
        if confirmed is not None:
            scene.consent()
        if confirmed:
            match = scene.match
            decisions.confirm_match(scene.provider, match.id, "provider", match.version)
        for actor, steps in ((scene.provider, 3), (scene.recipient, 2)):
            seen = scene.seen_by(actor)
            assert (seen.agreed_seats, len(seen.delivery.open_steps), seen.delivery.is_overdue) == (
                20,
                steps,
                True,
            )
            assert deliveries.rounds_with_agreed(actor) == {scene.round.code}
        assert scene.schedule().delivery.state == "scheduled"
        with pytest.raises(NotValid):
            scene.report(scene.recipient, "recipient", REPORT | {"seats_used": 21})
        reported = scene.report(scene.recipient, "recipient", REPORT | {"seats_used": 20})
        assert (reported.state, reported.seats, reported.delivery.state) == ("agreed", 20, "delivered")
        assert ("match.lapse_more" in told(scene.provider.participant_id)) == (confirmed is not None)

    def test_asked_for_still_more_all_of_it_is_over_and_the_provider_hears_of_its_own(self, app):
        scene = Held()
        scene.consent()
        scene.grow(28)
        (seen,) = decisions.list_matches(scene.provider, scene.round.code)
        assert (seen.state, seen.seats) == ("proposed", 26)
        scene.report(scene.provider, "provider", REPORT)
        match = scene.match
        assert (match.state, match.seats, match.delivery.state) == ("agreed", 20, "delivered")
        assert told(scene.recipient.participant_id).count("match.lapse_more") == 2
        assert scene.assess(scene.recipient, "recipient", "yes").delivery.assessments[0].answer == "yes"

    def test_not_agreed_yet_there_is_nothing_to_report(self, asked):
        asked.confirm("provider")
        decline(asked, "provider", on_behalf=True)
        assert deliveries.rounds_with_agreed(asked.provider) == set()
        assert decisions.list_matches(asked.provider, asked.round.code)[0].delivery is None
