"""Silence is never consent: what nobody answers lapses, bans nobody, and can be revived while seats last."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, Need, OutboxMessage
from lcm_service.services import decisions, lapses, repair, submissions
from lcm_service.services import rounds as round_service
from lcm_service.services.snapshot_records import gather_records
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.test_decisions import Scene


@pytest.fixture
def scene(app):
    return Scene()


def actions_of(match):
    rows = db.session.scalars(
        select(AuditEvent).where(
            AuditEvent.record_kind == "match", AuditEvent.record_reference == str(match.id)
        )
    )
    return [row.action for row in rows]


def messages():
    return [
        (one.kind, one.participant_id) for one in db.session.scalars(select(OutboxMessage).order_by("id"))
    ]


def let_pass(match, **more):
    """The deadline of a match has passed by a second."""
    row = db.session.get(Match, match.id)
    row.answer_by = utc_now() - timedelta(seconds=1)
    for name, value in more.items():
        setattr(row, name, value)
    db.session.commit()


def lapsed(scene):
    let_pass(scene.match)
    assert lapses.lapse_overdue(SYSTEM) == 1
    return scene.match


class TestDeadline:
    def test_a_proposal_has_the_days_of_its_round(self, scene):
        assert scene.match.answer_by - utc_now() == pytest.approx(
            timedelta(days=14), abs=timedelta(minutes=1)
        )

    @pytest.mark.parametrize(("days", "is_valid"), [(0, False), (1, True), (90, True), (91, False)])
    def test_a_round_gives_between_1_and_90_days(self, scene, days, is_valid):
        data = {
            "code": "R-9",
            "title": "A round",
            "opens_on": scene.round.opens_on,
            "closes_on": scene.round.closes_on,
            "answer_days": days,
        }
        if is_valid:
            assert round_service.open_round(scene.coordinator, data).answer_days == days
        else:
            with pytest.raises(NotValid) as refusal:
                round_service.open_round(scene.coordinator, data)
            assert list(refusal.value.faults) == ["answer_days"]

    def test_nothing_lapses_a_moment_before_and_all_a_moment_after(self, scene):
        row = db.session.get(Match, scene.match.id)
        row.answer_by = utc_now() + timedelta(seconds=60)
        db.session.commit()
        assert lapses.lapse_overdue(SYSTEM) == 0
        assert scene.match.state == "proposed"
        assert lapsed(scene).state == "lapsed"
        assert lapses.lapse_overdue(SYSTEM) == 0

    def test_one_side_alone_does_not_hold_the_seats(self, scene):
        match = scene.match
        decisions.confirm_match(scene.provider, match.id, "provider", match.version)
        assert lapsed(scene).state == "lapsed"

    def test_both_sides_having_confirmed_it_waits_for_the_secretariat_without_end(self, scene):
        for actor, side in ((scene.provider, "provider"), (scene.recipient, "recipient")):
            match = scene.match
            decisions.confirm_match(actor, match.id, side, match.version)
        assert scene.match.answer_by is None
        assert lapses.lapse_overdue(SYSTEM) == 0

    def test_where_both_confirmed_some_seats_the_rest_alone_lapses(self, scene):
        for actor, side in ((scene.provider, "provider"), (scene.recipient, "recipient")):
            match = scene.match
            decisions.confirm_match(actor, match.id, side, match.version)
        let_pass(scene.match, seats=25)
        assert lapses.lapse_overdue(SYSTEM) == 1
        assert (scene.match.state, scene.match.seats) == ("proposed", 20)
        assert actions_of(scene.match)[-1] == "lapse_more"
        agreed = decisions.confirm_match(
            scene.coordinator, scene.match.id, "secretariat", scene.match.version
        )
        assert agreed.state == "agreed"

    def test_what_all_three_confirmed_in_part_is_agreed_when_the_rest_lapses(self, scene):
        for actor, side in (
            (scene.provider, "provider"),
            (scene.recipient, "recipient"),
            (scene.coordinator, "secretariat"),
        ):
            match = scene.match
            decisions.confirm_match(actor, match.id, side, match.version)
        let_pass(scene.match, seats=25, state="proposed")
        lapses.lapse_overdue(SYSTEM)
        assert (scene.match.state, scene.match.seats) == ("agreed", 20)

    def test_what_waits_for_a_coordinator_does_not_lapse_before_that(self, app):
        scene = Scene(min_seats=2, seats_recognised=None, women=0)
        assert scene.match.waits_for_recognition
        let_pass(scene.match)
        assert lapses.lapse_overdue(SYSTEM) == 0
        assert scene.match.state == "proposed"
        assert scene.match.answer_by > utc_now() + timedelta(days=2)
        need = db.session.get(Need, scene.need.id)
        submissions.recognise_need(
            scene.coordinator, need.reference, seats=20, priority="high", version=need.version
        )
        assert lapses.lapse_overdue(SYSTEM) == 0
        let_pass(scene.match)
        assert lapses.lapse_overdue(SYSTEM) == 1

    def test_only_coordinators_and_the_service_let_lapse(self, scene):
        for actor in (scene.recipient, scene.provider, factories.make_actor("observer")):
            for act in (lapses.lapse_overdue, lapses.remind_late):
                with pytest.raises(NotAllowed):
                    act(actor)

    def test_both_sides_are_told_and_the_round_needs_a_repair(self, scene):
        before = messages()
        match = lapsed(scene)
        assert messages()[len(before) :] == [
            ("match.lapse", match.need.participant_id),
            ("match.lapse", match.offer.participant_id),
        ]
        codes = [one.code for one in repair.find_attention(scene.coordinator, scene.round.code)]
        assert codes == ["lapsed_pair"]

    def test_its_seats_are_free_and_the_pair_is_not_banned(self, scene):
        lapsed(scene)
        records = gather_records(db.session(), scene.round)
        assert records.pins == ()
        assert records.banned == frozenset()
        rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
        again = scene.match
        assert (again.state, again.seats, again.decisions) == ("proposed", 20, ())
        assert again.answer_by is not None


class TestReminding:
    def near(self, scene, **away):
        row = db.session.get(Match, scene.match.id)
        row.answer_by = utc_now() + timedelta(**away)
        db.session.commit()

    def test_whoever_has_not_answered_is_reminded_once_when_the_deadline_is_near(self, scene):
        match = scene.match
        decisions.confirm_match(scene.provider, match.id, "provider", match.version)
        before = messages()
        self.near(scene, days=3, minutes=1)
        assert lapses.remind_late(SYSTEM) == 0
        self.near(scene, days=3)
        assert lapses.remind_late(SYSTEM) == 1
        assert lapses.remind_late(SYSTEM) == 0
        assert messages()[len(before) :] == [("match.remind", match.need.participant_id)]

    def test_what_is_overdue_is_not_reminded_of(self, scene):
        let_pass(scene.match)
        assert lapses.remind_late(SYSTEM) == 0


class TestReviving:
    @pytest.mark.parametrize("side", ["recipient", "provider"])
    def test_either_side_puts_it_to_both_again_with_a_new_deadline(self, scene, side):
        match = lapsed(scene)
        revived = lapses.revive_match(getattr(scene, side), match.id, side, match.version)
        assert revived.state == "proposed"
        assert revived.answer_by > utc_now() + timedelta(days=13)
        assert actions_of(match)[-1] == "revive"
        again = lapses.revive_match(getattr(scene, side), match.id, side, match.version)
        assert again.version == revived.version

    def test_what_was_confirmed_before_it_lapsed_stands(self, scene):
        match = scene.match
        decisions.confirm_match(scene.provider, match.id, "provider", match.version)
        match = lapsed(scene)
        revived = lapses.revive_match(scene.recipient, match.id, "recipient", match.version)
        assert [(one.side, one.seats) for one in revived.decisions] == [("provider", 20)]

    def test_a_coordinator_revives_by_a_sides_letter(self, scene):
        match = lapsed(scene)
        with pytest.raises(NotAllowed):
            lapses.revive_match(scene.coordinator, match.id, "recipient", match.version)
        revived = lapses.revive_match(scene.coordinator, match.id, "recipient", match.version, on_behalf=True)
        assert revived.state == "proposed"

    def test_others_do_not_know_of_it(self, scene):
        match = lapsed(scene)
        with pytest.raises(NotFound):
            lapses.revive_match(factories.make_actor(), match.id, "recipient", match.version)
        with pytest.raises(NotAllowed):
            lapses.revive_match(scene.provider, match.id, "recipient", match.version)

    def test_only_what_lapsed_is_revived(self, scene):
        match = scene.match
        with pytest.raises(Conflict):
            lapses.revive_match(scene.recipient, match.id, "recipient", match.version)
        decisions.decline_match(scene.recipient, match.id, "recipient", "costs", match.version)
        with pytest.raises(Conflict):
            lapses.revive_match(scene.recipient, match.id, "recipient", scene.match.version)

    def test_a_version_that_is_old_is_stale(self, scene):
        match = lapsed(scene)
        with pytest.raises(Stale):
            lapses.revive_match(scene.recipient, match.id, "recipient", match.version - 1)

    def test_once_another_plan_is_published_its_seats_may_be_others(self, scene):
        match = lapsed(scene)
        factories.make_need(round=scene.round, seats_asked=30)
        scene.need.seats_recognised = 0
        db.session.commit()
        rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
        with pytest.raises(Conflict, match="Another plan"):
            lapses.revive_match(scene.recipient, match.id, "recipient", scene.match.version)

    def test_what_the_records_now_speak_against_is_not_revived(self, scene):
        match = lapsed(scene)
        scene.offer.seats = 10
        db.session.commit()
        with pytest.raises(Conflict) as refusal:
            lapses.revive_match(scene.recipient, match.id, "recipient", match.version)
        assert refusal.value.details["rules"] == ["C1"]
        assert scene.match.state == "lapsed"

    def test_a_draft_that_gave_its_seats_away_is_not_published_over_a_revived_one(self, scene):
        match = lapsed(scene)
        factories.make_need(round=scene.round, seats_asked=30, priority_recognised="critical")
        draft = rounds.solve_round(scene.coordinator, scene.round)
        lapses.revive_match(scene.recipient, match.id, "recipient", match.version)
        with pytest.raises(Conflict):
            rounds.publish(scene.coordinator, draft)
        assert scene.match.state == "proposed"


def test_a_lapsed_match_can_be_declined_so_that_it_is_not_proposed_again(scene):
    match = lapsed(scene)
    decisions.decline_match(scene.recipient, match.id, "recipient", "costs", match.version)
    assert scene.match.state == "declined"
    assert len(gather_records(db.session(), scene.round).banned) == 1
