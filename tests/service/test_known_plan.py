"""While a recipient is asked for more, or anew, its provider reads the match by the plan that was put: not a
word of what the need says by now, nor that anybody is asked.
"""

from datetime import date, timedelta

import pytest

from lcm_service.domain.errors import Conflict
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Person
from lcm_service.services import (
    corrections,
    decisions,
    exports,
    lapses,
    publication,
    questions,
    submissions,
)
from lcm_service.services.partial_acceptance import accept_fewer_seats
from tests import factories
from tests.fixtures import sign_in
from tests.service import matching_rounds as rounds
from tests.service.test_asked import Asked
from tests.service.test_parties import Course

REVISED = {"women": 7, "personnel": ["troops", "individual_police"], "languages": ["en", "fr"]}


@pytest.fixture
def asked(app):
    return Asked()


def revise(asked, **changes):
    need = submissions.find_need(asked.recipient, asked.need.reference)
    submissions.revise_need(asked.recipient, need.reference, changes, need.version)


def release(asked):
    match = asked.match
    decisions.release_match(asked.coordinator, match.id, "dates", match.version)


def parts_of_ended(seen):
    """What a provider reads of a pair that has ended: its part of the plan is not about it any more."""
    return {name: seen[name] for name in ("matches", "asked", "events", "told")}


@pytest.mark.parametrize("end", [release, Asked.lapse])
@pytest.mark.parametrize(
    "changes", [REVISED | {"level": "advanced"}, {"level": None, "women": None, "languages": None}]
)
def test_asked_anew_about_a_need_that_was_revised_the_recipient_alone_reads_what_it_says(asked, end, changes):
    asked.consent()
    end(asked)
    before = parts_of_ended(asked.seen())
    revise(asked, **changes)
    if changes["level"] is None:
        asked.publish()
    else:
        asked.offer.level = "advanced"
        asked.offer.personnel = asked.offer.languages = None
        db.session.commit()
        asked.publish()
    assert asked.match.state == "asked"
    assert parts_of_ended(asked.seen()) == before
    assert asked.match.need.women == changes["women"]
    assert asked.seen()["part"]["assignments"] == []
    assert asked.need.reference not in asked.seen()["part"]["labels"]["needs"]
    asked.lapse()
    assert parts_of_ended(asked.seen()) == before


def test_what_it_says_is_read_once_the_recipient_agrees_to_be_put(asked):
    asked.consent()
    release(asked)
    revise(asked, women=7)
    asked.publish()
    asked.consent()
    (match,) = decisions.list_matches(asked.provider, asked.round.code)
    assert (match.state, match.need.women) == ("proposed", 7)
    part = publication.plan_for_participant(asked.provider, asked.round.code)
    assert part["labels"]["needs"][asked.need.reference]["women"] == 7


SIDES = [(), ("provider",), ("provider", "recipient", "secretariat")]


class TestMore:
    """A later plan gives the pair more seats, by a need that was revised."""

    @staticmethod
    def grow(asked, *sides):
        asked.consent()
        asked.confirm(*sides)
        before = asked.seen()
        revise(asked, **REVISED)
        assert asked.seen() == before
        asked.recognise(28)
        asked.publish()
        assert (asked.match.state, asked.match.seats, asked.match.need.women) == ("asked", 28, 7)
        return before

    @pytest.mark.parametrize("sides", SIDES)
    @pytest.mark.parametrize("how", ["decline", "silence"])
    def test_the_provider_reads_what_was_put_while_it_is_asked_and_once_it_is_not(self, asked, sides, how):
        before = self.grow(asked, *sides)
        assert asked.seen() == before
        if how == "decline":
            match = asked.match
            decisions.decline_match(asked.recipient, match.id, "recipient", "costs", match.version)
        else:
            asked.lapse()
        assert asked.seen() == before

    def test_pages_and_files_say_the_same(self, app, asked):
        self.grow(asked)
        browser = app.test_client()
        sign_in(browser, db.session.get(Person, asked.provider.person_id))
        page = browser.get(f"/matches/{asked.match.id}").text
        plan = publication.published_plan(asked.coordinator, asked.round.code)
        written = str(exports.export_plan(asked.provider, plan.id))
        assert "French" not in page
        assert "individual_police" not in written
        assert "'women': 0" in written

    @pytest.mark.parametrize("sides", SIDES[:2])
    def test_nobody_reads_of_more_by_other_days_to_answer(self, asked, sides):
        asked.consent()
        asked.confirm(*sides)
        near = utc_now() + timedelta(days=5)
        asked.row.answer_by = near
        db.session.commit()
        before = asked.seen()
        asked.recognise(28)
        asked.publish()
        assert asked.seen() == before
        assert asked.match.answer_by > near + timedelta(days=5)
        match = asked.match
        decisions.decline_match(asked.recipient, match.id, "recipient", "costs", match.version)
        assert asked.seen() == before
        assert asked.match.answer_by == near

    def test_days_that_run_out_meanwhile_take_nothing_away(self, asked):
        asked.consent()
        asked.recognise(28)
        asked.publish()
        asked.row.known_answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 0
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.waiting_for) == ("proposed", "provider")
        assert utc_now() + timedelta(days=2) < seen.answer_by < utc_now() + timedelta(days=4)
        confirmed = decisions.confirm_match(asked.provider, seen.id, "provider", seen.version)
        assert confirmed.waiting_for == "recipient"
        assert confirmed.answer_by > utc_now() + timedelta(days=13)

    def test_fewer_seats_that_were_accepted_are_told_as_before(self, asked):
        asked.consent()
        match = asked.match
        accept_fewer_seats(asked.provider, match.id, "provider", 15, "costs", match.version)
        asked.row.decisions[0].reason = None
        db.session.commit()
        before = asked.seen()
        asked.recognise(28)
        asked.publish()
        assert (asked.match.state, asked.match.seats > 15) == ("asked", True)
        assert asked.seen() == before


def test_a_question_that_only_the_new_plan_asks_is_not_told(app):
    asked = Asked(languages=None)
    revise(asked, languages=None)
    asked.publish()
    asked.consent()
    before = asked.seen()
    revise(asked, languages=["en"])
    asked.recognise(28)
    asked.publish()
    assert asked.match.state == "asked"
    assert questions.list_questions(asked.provider, asked.round.code) == before["asked"]


class TestLetters:
    """A coordinator records what a provider answers of the seats that it knows."""

    @staticmethod
    def grown(asked, *sides):
        asked.consent()
        asked.confirm(*sides)
        asked.recognise(28)
        asked.publish()
        return asked.match

    def test_it_confirms_them(self, asked):
        match = self.grown(asked)
        assert (match.known_to_provider.state, match.known_to_provider.seats) == ("proposed", 20)
        after = decisions.confirm_match(
            asked.coordinator, match.id, "provider", match.version, on_behalf=True
        )
        assert [(one.side, one.seats) for one in after.decisions] == [("provider", 20)]
        assert after.state == "asked"
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.waiting_for, seen.known_to_provider) == ("recipient", None)

    def test_it_accepts_fewer_of_them(self, asked):
        match = self.grown(asked)
        after = accept_fewer_seats(
            asked.coordinator, match.id, "provider", 12, "costs", match.version, on_behalf=True
        )
        assert (after.state, after.seats) == ("proposed", 12)

    def test_it_declines_them(self, asked):
        match = self.grown(asked)
        after = decisions.decline_match(
            asked.coordinator, match.id, "provider", "dates", match.version, on_behalf=True
        )
        assert (after.state, after.known_to_provider) == ("declined", None)
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.seats) == ("declined", 20)

    def test_of_what_has_ended_it_answers_nothing(self, asked):
        asked.consent()
        release(asked)
        asked.publish()
        match = asked.match
        with pytest.raises(Conflict):
            decisions.decline_match(
                asked.coordinator, match.id, "provider", "dates", match.version, on_behalf=True
            )

    def test_the_page_offers_each_of_these(self, app, asked):
        match = self.grown(asked)
        browser = app.test_client()
        sign_in(browser, db.session.get(Person, asked.coordinator.person_id))
        page = browser.get(f"/matches/{match.id}").text
        for words in ("Confirm: Provider", "Accept fewer seats: Provider", "Decline: Provider"):
            assert words in page
        assert "20 seats" in browser.get(f"/matches/{match.id}/fewer?side=provider").text


def test_what_is_set_aside_for_a_session_is_told_for_the_seats_that_its_provider_knows(app):
    course = Course(seats=(10,))
    course.consent(0)

    def told():
        rounds.fresh()
        (row,) = publication.plan_for_participant(course.provider, course.round.code)["sessions"]
        return row["seats_filled"], [(one["support"], one["quantity"]) for one in row["supports"]]

    before = told()
    assert before == (10, [(course.support.reference, 2_000)])
    factories.make_need(round=db.session.merge(course.round), seats_asked=8, seats_recognised=8, women=0)
    course.publish()
    assert told() == before


@pytest.mark.parametrize("seats", [20, 25, 27])
def test_a_provider_that_changes_its_seats_learns_of_none_in_secret(asked, seats):
    asked.consent()
    asked.recognise(28)
    asked.publish()
    join = factories.make_need(
        round=db.session.merge(asked.round), seats_asked=2, seats_recognised=2, women=0
    )
    asked.publish()
    other = rounds.match_of(asked.coordinator, asked.round, join.reference, asked.code)
    assert (asked.match.seats, other.seats) == (28, 2)
    offer = submissions.find_offer(asked.provider, asked.offer.reference)
    submissions.revise_offer(asked.provider, offer.reference, {"seats": seats}, offer.version)
    asked.confirm("provider")
    (seen,) = decisions.list_matches(asked.provider, asked.round.code)
    assert (seen.waiting_for, [one.seats for one in seen.decisions]) == ("recipient", [20])
    # Whoever is asked about seats that are there no more is told when it answers.
    with pytest.raises(Conflict) as refusal:
        asked.consent()
    assert refusal.value.details["rules"] == ["C1"]


class TestCorrections:
    """A correcting plan withdraws the pair and gives it seats again."""

    @staticmethod
    def correct(asked, seats):
        asked.recognise(seats)
        corrections.request_correction(
            asked.coordinator,
            asked.round.code,
            "Counted wrongly.",
            {asked.match.id: "capacity"},
            idempotency_key="correct",
            may_return=True,
        )
        (run,) = rounds.solve_waiting_runs()
        rounds.publish(asked.coordinator, run, put=False)

    @pytest.mark.parametrize("seats", [20, 12])
    @pytest.mark.parametrize("is_asked_for_more", [True, False])
    @pytest.mark.parametrize("changes", [REVISED, {"women": 7}, {"latest": date(2027, 8, 31)}])
    def test_a_need_that_was_revised_is_put_by_its_recipient_alone(
        self, asked, seats, is_asked_for_more, changes
    ):
        asked.consent()
        revise(asked, **changes)
        if is_asked_for_more:
            asked.recognise(28)
            asked.publish()
            assert (asked.match.state, asked.match.seats) == ("asked", 28)
        self.correct(asked, seats)
        assert (asked.match.state, asked.match.seats) == ("asked", seats)
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.seats, seen.correction_notice) == ("released", 20, "Counted wrongly.")
        assert (seen.need.women, seen.need.languages) == (0, ["en"])
        assert asked.seen()["part"]["assignments"] == []
        asked.consent()
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.seats) == ("proposed", seats)
        assert seen.need.women == changes.get("women", 0)

    @pytest.mark.parametrize("is_asked_for_more", [True, False])
    def test_one_that_says_what_it_said_stays_put(self, asked, is_asked_for_more):
        asked.consent()
        if is_asked_for_more:
            asked.recognise(28)
            asked.publish()
        self.correct(asked, 12)
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.seats, seen.waiting_for) == ("proposed", 12, "provider")
        assert [row["seats"] for row in asked.seen()["part"]["assignments"]] == [12]


class TestKept:
    """A later plan keeps the pair with its seats, and the need was revised since it was put."""

    @staticmethod
    def publish_beside(asked):
        """A plan about another need, which no session can take."""
        factories.make_need(round=asked.round, seats_asked=3, women=0, areas=["MED"])
        asked.publish()

    @pytest.mark.parametrize("sides", SIDES)
    def test_the_provider_goes_on_to_read_what_was_put(self, asked, sides):
        asked.consent()
        asked.confirm(*sides)
        before, plan = asked.seen(), asked.match.plan_id
        revise(asked, **REVISED)
        self.publish_beside(asked)
        assert asked.match.plan_id != plan
        assert asked.seen() == before
        assert asked.match.need.women == 7
        # It reads so until the recipient agrees to be put anew.
        asked.recognise(28)
        asked.publish()
        assert asked.seen() == before
        asked.consent()
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.seats, seen.need.women) == (28, 7)

    def test_a_need_that_says_the_same_is_read_by_the_plan_of_now(self, asked):
        asked.consent()
        self.publish_beside(asked)
        assert asked.row.known_plan_id == asked.row.plan_id

    def test_it_confirms_what_it_reads_as_long_as_the_need_allows_it(self, asked):
        asked.consent()
        revise(asked, women=7)
        self.publish_beside(asked)
        asked.confirm("provider", "recipient", "secretariat")
        assert asked.match.state == "agreed"
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.state, seen.is_firm, seen.need.women) == ("agreed", True, 0)

    def test_it_is_not_told_of_what_the_need_does_not_say_any_more(self, asked):
        asked.consent()
        before = asked.seen()
        revise(asked, level=None)
        self.publish_beside(asked)
        assert not asked.match.is_firm
        assert asked.seen() == before
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.is_firm, seen.open_questions, seen.need.level) == (True, (), "basic")
        with pytest.raises(Conflict) as refusal:
            decisions.confirm_match(asked.provider, seen.id, "provider", seen.version)
        assert refusal.value.details == {}
        # What is answered again is confirmed as before.
        revise(asked, level="basic")
        asked.confirm("provider")
        assert asked.seen()["matches"][0]["is_firm"]
