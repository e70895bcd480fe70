"""The recipient is asked first: to whom a match is put, for how many seats, and what others hear of it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, OutboxMessage
from lcm_service.schemas.match_answers import MatchAnswer
from lcm_service.services import decisions, exports, lapses, publication, questions, submissions, trail
from lcm_service.services.snapshot_records import gather_records
from tests import factories
from tests.service import matching_rounds as rounds


class Asked:
    """A round with one need of 20 seats and one offer, published; the recipient is asked."""

    def __init__(self, **offer_columns):
        self.round = factories.make_round()
        self.need = factories.make_need(round=self.round, seats_asked=20, seats_recognised=20, women=0)
        self.offer = factories.make_offer(round=self.round, **{"min_seats": 5, **offer_columns})
        self.coordinator = rounds.coordinator()
        self.recipient = factories.make_actor("focal_point", self.need.participant)
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        self.code = f"{self.offer.reference}-S1"
        self.publish()

    def publish(self):
        return rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round), put=False)

    @property
    def match(self):
        return rounds.match_of(self.coordinator, self.round, self.need.reference, self.code)

    @property
    def row(self):
        rounds.fresh()
        return db.session.get(Match, self.match.id)

    def consent(self):
        return decisions.consent_to_match(self.recipient, self.match.id, self.match.version)

    def confirm(self, *sides):
        actors = {"recipient": self.recipient, "provider": self.provider, "secretariat": self.coordinator}
        for side in sides:
            decisions.confirm_match(actors[side], self.match.id, side, self.match.version)

    def recognise(self, seats):
        self.need.seats_asked = self.need.seats_recognised = seats
        db.session.commit()

    def seen(self):
        """What the provider reads: matches, its part of the plan, questions, histories, messages."""
        rounds.fresh()
        found = decisions.list_matches(self.provider, self.round.code)
        part = publication.plan_for_participant(self.provider, self.round.code)
        for row in part["explanation"]["matches"]:
            # Whatever is kept is pinned in every later plan, whether it grows or not.
            del row["pinned"]
        return {
            "matches": [MatchAnswer(exclude=["version"]).dump(one) for one in found],
            "part": {
                name: part[name] for name in ("assignments", "sessions", "questions", "explanation", "labels")
            },
            "exported": [
                {name: value for name, value in row.items() if name != "plan"}
                for row in exports.export_plan_rows(self.provider, part["plan_id"])
            ],
            "asked": questions.list_questions(self.provider, self.round.code),
            "events": [trail.list_events(self.provider, "match", str(one.id)) for one in found],
            "told": db.session.scalars(
                select(OutboxMessage.kind).where(OutboxMessage.participant_id == self.provider.participant_id)
            ).all(),
        }

    def lapse(self):
        self.row.answer_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 1


@pytest.fixture
def asked(app):
    return Asked()


def told(participant_id):
    rows = select(OutboxMessage.kind).where(OutboxMessage.participant_id == participant_id)
    return db.session.scalars(rows.order_by(OutboxMessage.id)).all()


class TestAsking:
    def test_a_published_match_is_asked_of_its_recipient_alone(self, asked):
        match = asked.match
        assert (match.state, match.waiting_for, match.consent) == ("asked", "recipient", None)
        assert match.answer_by > utc_now() + timedelta(days=13)
        assert told(asked.recipient.participant_id) == ["match.ask"]
        assert told(asked.provider.participant_id) == []
        assert decisions.list_matches(asked.recipient, asked.round.code)[0].id == match.id
        assert decisions.list_matches(asked.provider, asked.round.code) == []

    def test_to_the_provider_it_is_as_if_there_were_no_such_match(self, asked):
        match = asked.match
        for act in (
            lambda number: decisions.find_match(asked.provider, number),
            lambda number: decisions.confirm_match(asked.provider, number, "provider", 1),
            lambda number: decisions.decline_match(asked.provider, number, "provider", "dates", 1),
            lambda number: decisions.consent_to_match(asked.provider, number, 1),
            lambda number: lapses.revive_match(asked.provider, number, "provider", 1),
            lambda number: trail.list_events(asked.provider, "match", str(number)),
        ):
            with pytest.raises(NotFound) as there:
                act(match.id)
            with pytest.raises(NotFound) as missing:
                act(10**6)
            assert there.value.message == missing.value.message.replace("1000000", str(match.id))

    def test_agreeing_puts_it_to_the_provider_with_days_of_its_own(self, asked):
        asked.row.answer_by = utc_now() + timedelta(hours=1)
        db.session.commit()
        match = asked.consent()
        assert (match.state, match.waiting_for, match.consent.seats) == ("proposed", "provider", 20)
        assert match.answer_by > utc_now() + timedelta(days=13)
        assert told(asked.provider.participant_id) == ["match.propose"]
        (seen,) = decisions.list_matches(asked.provider, asked.round.code)
        assert (seen.need.recipient, seen.seats) == (asked.need.participant.code, 20)
        (event,) = trail.list_events(asked.provider, "match", str(match.id))
        assert event.action == "consent"
        again = decisions.consent_to_match(asked.recipient, match.id, 1)
        assert again.version == match.version

    def test_only_the_recipient_agrees_or_a_coordinator_by_its_letter(self, asked):
        match = asked.match
        with pytest.raises(NotAllowed, match="says so"):
            decisions.consent_to_match(asked.coordinator, match.id, match.version)
        with pytest.raises(NotAllowed):
            decisions.consent_to_match(asked.recipient, match.id, match.version, on_behalf=True)
        put = decisions.consent_to_match(
            asked.coordinator, match.id, match.version, note="Note verbale 12/27", on_behalf=True
        )
        assert (put.consent.is_on_behalf, put.consent.note) == (True, "Note verbale 12/27")
        assert decisions.find_match(asked.provider, match.id).consent.note is None

    def test_nobody_confirms_and_the_provider_declines_nothing_before_it_was_put(self, asked):
        match = asked.match
        for side in ("recipient", "provider", "secretariat"):
            with pytest.raises(Conflict, match="agree first"):
                decisions.confirm_match(
                    asked.coordinator, match.id, side, match.version, on_behalf=side != "secretariat"
                )
        with pytest.raises(Conflict, match="nothing to answer"):
            decisions.decline_match(
                asked.coordinator, match.id, "provider", "dates", match.version, on_behalf=True
            )
        assert asked.match == match

    def test_a_recipient_that_does_not_agree_declines_and_the_provider_never_hears_of_it(self, asked):
        before = asked.seen()
        decisions.decline_match(asked.recipient, asked.match.id, "recipient", "dates", asked.match.version)
        assert asked.match.state == "declined"
        assert asked.seen() == before
        assert len(gather_records(db.session(), asked.round).banned) == 1

    def test_the_wrong_order_is_a_conflict_that_names_whose_turn_it_is(self, asked):
        asked.consent()
        with pytest.raises(Conflict) as refusal:
            asked.confirm("recipient")
        assert refusal.value.details["waiting_for"] == "provider"
        asked.confirm("provider")
        assert told(asked.recipient.participant_id)[-2:] == ["match.turn", "match.confirm"]
        with pytest.raises(Conflict) as refusal:
            asked.confirm("secretariat")
        assert refusal.value.details["waiting_for"] == "recipient"
        asked.confirm("recipient")
        assert (asked.match.waiting_for, asked.match.answer_by) == ("secretariat", None)
        asked.confirm("secretariat")
        assert asked.match.state == "agreed"

    def test_what_the_records_speak_against_is_not_put(self, asked):
        asked.offer.seats = 10
        db.session.commit()
        with pytest.raises(Conflict) as refusal:
            asked.consent()
        assert refusal.value.details["rules"] == ["C1"]
        assert asked.match.state == "asked"

    def test_a_note_that_is_too_long_puts_nothing(self, asked):
        with pytest.raises(NotValid):
            decisions.consent_to_match(asked.recipient, asked.match.id, asked.match.version, note="x" * 5000)
        assert asked.match.state == "asked"

    def test_an_asked_match_is_pinned_like_a_proposed_one(self, asked):
        (pin,) = gather_records(db.session(), asked.round).pins
        assert (pin.seats, pin.state) == (20, "asked")

    def test_a_withdrawn_offer_releases_it_without_a_word_to_the_provider(self, asked):
        before = asked.seen()
        submissions.withdraw_offer(asked.provider, asked.offer.reference, asked.offer.version)
        assert asked.match.state == "released"
        assert asked.seen()["matches"] == before["matches"] == []
        assert told(asked.recipient.participant_id) == ["match.ask", "match.release"]


class TestQuestions:
    def test_who_offers_is_asked_once_its_recipient_agreed(self, app):
        asked = Asked(languages=None)
        assert [one.field for one in questions.list_questions(asked.coordinator, asked.round.code)] == [
            "languages"
        ]
        assert questions.list_questions(asked.provider, asked.round.code) == []
        asked.consent()
        (question,) = questions.list_questions(asked.provider, asked.round.code)
        assert (question.field, question.seats) == ("languages", 20)


class TestSilence:
    def test_the_recipient_alone_is_reminded_and_then_it_lapses_in_secret(self, asked):
        before = asked.seen()
        asked.row.answer_by = utc_now() + timedelta(days=1)
        db.session.commit()
        assert lapses.remind_late(SYSTEM) == 1
        asked.lapse()
        assert asked.match.state == "lapsed"
        assert told(asked.recipient.participant_id) == ["match.ask", "match.remind", "match.lapse"]
        assert asked.seen() == before

    def test_revived_the_recipient_is_asked_again(self, asked):
        asked.lapse()
        with pytest.raises(NotFound):
            lapses.revive_match(asked.provider, asked.match.id, "provider", asked.match.version)
        with pytest.raises(Conflict, match="nothing to answer"):
            lapses.revive_match(
                asked.coordinator, asked.match.id, "provider", asked.match.version, on_behalf=True
            )
        revived = lapses.revive_match(asked.recipient, asked.match.id, "recipient", asked.match.version)
        assert (revived.state, revived.waiting_for) == ("asked", "recipient")
        assert told(asked.provider.participant_id) == []

    def test_what_was_put_before_it_lapsed_goes_on_with_whose_turn_it_was(self, asked):
        asked.consent()
        asked.lapse()
        revived = lapses.revive_match(asked.provider, asked.match.id, "provider", asked.match.version)
        assert (revived.state, revived.waiting_for) == ("proposed", "provider")


class TestMoreSeats:
    """A later plan gives the pair more seats than the provider knows of."""

    @staticmethod
    def grow(asked, *sides):
        asked.consent()
        asked.confirm(*sides)
        before = asked.seen()
        asked.recognise(28)
        asked.publish()
        assert (asked.match.state, asked.match.seats) == ("asked", 28)
        return before

    @pytest.mark.parametrize(
        "sides",
        [(), ("provider",), ("provider", "recipient"), ("provider", "recipient", "secretariat")],
    )
    def test_the_provider_goes_on_to_read_what_it_knew(self, asked, sides):
        before = self.grow(asked, *sides)
        assert asked.seen() == before

    @pytest.mark.parametrize("how", ["decline", "silence"])
    @pytest.mark.parametrize("sides", [("provider",), ("provider", "recipient", "secretariat")])
    def test_declined_or_left_unanswered_what_is_more_goes_and_the_rest_stands(self, asked, sides, how):
        before = self.grow(asked, *sides)
        if how == "decline":
            match = asked.match
            decisions.decline_match(asked.recipient, match.id, "recipient", "costs", match.version)
        else:
            asked.lapse()
        assert asked.seen() == before
        assert (asked.match.state, asked.match.seats) == ("agreed" if len(sides) == 3 else "proposed", 20)
        (pin,) = gather_records(db.session(), asked.round).pins
        may_grow = [row["rule"] for row in pins_of_next_run(asked)] == ["at_least"]
        assert may_grow == (how == "silence")
        assert pin.seats == 20

    def test_agreed_to_both_confirm_the_whole_anew_and_what_was_confirmed_stays_until_then(self, asked):
        self.grow(asked, "provider", "recipient", "secretariat")
        asked.consent()
        match = decisions.find_match(asked.provider, asked.match.id)
        assert (match.state, match.seats, match.waiting_for) == ("proposed", 28, "provider")
        asked.lapse()
        assert (asked.match.state, asked.match.seats) == ("agreed", 20)

    def test_the_provider_still_answers_for_the_seats_that_it_knows(self, asked):
        self.grow(asked)
        seen = decisions.find_match(asked.provider, asked.match.id)
        confirmed = decisions.confirm_match(asked.provider, seen.id, "provider", seen.version)
        assert [(one.side, one.seats) for one in confirmed.decisions] == [("provider", 20)]
        assert asked.match.state == "asked"
        asked.consent()
        assert asked.match.waiting_for == "provider"

    def test_declined_by_the_provider_the_match_ends_for_both(self, asked):
        self.grow(asked)
        seen = decisions.find_match(asked.provider, asked.match.id)
        declined = decisions.decline_match(asked.provider, seen.id, "provider", "dates", seen.version)
        assert (declined.state, declined.seats, asked.match.state) == ("declined", 20, "declined")


class TestAnew:
    """A pair that ended after it was put is planned again: the recipient is asked again."""

    @pytest.mark.parametrize("end", ["release", "lapse"])
    def test_the_provider_goes_on_to_see_how_it_ended_until_the_recipient_agrees(self, asked, end):
        asked.consent()
        if end == "release":
            match = asked.match
            decisions.release_match(asked.coordinator, match.id, "other", match.version)
        else:
            asked.lapse()
        before = asked.seen()
        before["part"] = {name: [] for name in ("assignments", "sessions", "questions")}
        asked.publish()
        assert (asked.match.state, asked.match.waiting_for) == ("asked", "recipient")
        seen = asked.seen()
        assert seen["matches"] == before["matches"]
        assert (seen["events"], seen["told"]) == (before["events"], before["told"])
        assert {name: seen["part"][name] for name in before["part"]} == before["part"]
        if end == "lapse":
            with pytest.raises(Conflict, match="Another plan"):
                lapses.revive_match(asked.provider, asked.match.id, "provider", asked.match.version)
        asked.consent()
        assert [one["state"] for one in asked.seen()["matches"]] == ["proposed"]


def pins_of_next_run(asked):
    run = rounds.solve_round(asked.coordinator, asked.round)
    return json.loads(run.problem)["pinned"]


def test_secret_events_are_marked_and_stay_in_the_chain(asked):
    asked.consent()
    query = select(AuditEvent).where(AuditEvent.record_kind == "match").order_by(AuditEvent.id)
    events = db.session.scalars(query).all()
    assert [(one.action, (one.facts or {}).get("is_secret", False)) for one in events] == [
        ("ask", True),
        ("consent", False),
    ]
