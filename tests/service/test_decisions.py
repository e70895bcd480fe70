"""Each side answers for itself, for the seats proposed; nothing decided is lost, nobody else moves."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, LcmError, NotAllowed, NotFound, NotValid, Stale
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import AuditEvent, Match, OutboxMessage
from lcm_service.services import accounts, decisions, publication
from tests import factories
from tests.service import matching_rounds as rounds


class Scene:
    """A round with one need and one offer, matched and published, and everyone who has a say in it."""

    def __init__(self, min_seats=None, **need_columns):
        self.round = factories.make_round()
        self.need = factories.make_need(round=self.round, **need_columns)
        self.offer = factories.make_offer(
            round=self.round, **({} if min_seats is None else {"min_seats": min_seats})
        )
        self.coordinator = rounds.coordinator()
        self.recipient = factories.make_actor("focal_point", self.need.participant)
        self.provider = factories.make_actor("focal_point", self.offer.participant)
        rounds.publish(self.coordinator, rounds.solve_round(self.coordinator, self.round))
        self.session_code = f"{self.offer.reference}-S1"

    @property
    def match(self):
        return rounds.match_of(self.coordinator, self.round, self.need.reference, self.session_code)


@pytest.fixture
def scene(app):
    return Scene()


def decisions_of(match):
    return {one.side: (one.answer, one.seats) for one in match.decisions}


def test_confirmed_by_all_three_a_match_is_agreed(scene):
    match = scene.match
    for actor, side in (
        (scene.provider, "provider"),
        (scene.recipient, "recipient"),
        (scene.coordinator, "secretariat"),
    ):
        assert (match.state, match.waiting_for) == ("proposed", side)
        match = decisions.confirm_match(actor, match.id, side, match.version)
    assert match.state == "agreed"
    assert decisions_of(match) == {
        side: ("confirmed", 20) for side in ("recipient", "provider", "secretariat")
    }


@pytest.mark.parametrize("side", [None, "", "observer"])
def test_a_side_that_is_none_is_refused_by_name(scene, side):
    match = scene.match
    with pytest.raises(NotValid) as refused:
        decisions.confirm_match(scene.provider, match.id, side, match.version)
    assert refused.value.message == f"There is no side {side}."


def test_pressing_confirm_twice_changes_nothing(scene):
    match = scene.match
    first = decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    again = decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    assert (again.version, again.decisions) == (first.version, first.decisions)


def test_an_answer_given_to_what_someone_has_changed_since_is_stale_and_says_who(scene):
    match = scene.match
    decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    with pytest.raises(Stale) as refusal:
        decisions.decline_match(scene.recipient, match.id, "recipient", "dates", match.version)
    assert refusal.value.details["changes"][-1]["action"] == "confirm"


@pytest.mark.parametrize("side", ["recipient", "provider", "secretariat"])
def test_declined_by_any_side_the_match_ends_and_nobody_else_moves(scene, side):
    match = scene.match
    actor = {"recipient": scene.recipient, "provider": scene.provider, "secretariat": scene.coordinator}[side]
    declined = decisions.decline_match(actor, match.id, side, "costs", match.version, "Too far.")
    assert (declined.state, decisions_of(declined)) == ("declined", {side: ("declined", 20)})
    again = decisions.decline_match(actor, match.id, side, "costs", match.version)
    assert again.version == declined.version
    with pytest.raises(Conflict, match="declined"):
        decisions.confirm_match(scene.coordinator, match.id, "recipient", declined.version, on_behalf=True)


def test_a_decline_says_why_by_a_listed_reason(scene):
    match = scene.match
    with pytest.raises(NotValid):
        decisions.decline_match(scene.recipient, match.id, "recipient", "because", match.version)
    with pytest.raises(NotValid):
        decisions.decline_match(scene.recipient, match.id, "recipient", "other", match.version, "x" * 5000)
    assert scene.match.state == "proposed"


def test_a_side_answers_for_itself_and_for_no_other(scene):
    match = scene.match
    stranger = factories.make_actor()
    with pytest.raises(NotAllowed):
        decisions.confirm_match(scene.recipient, match.id, "provider", match.version)
    with pytest.raises(NotAllowed):
        decisions.confirm_match(scene.provider, match.id, "secretariat", match.version)
    with pytest.raises(NotValid):
        decisions.confirm_match(scene.coordinator, match.id, "bystander", match.version)
    for actor in (stranger, factories.make_actor("observer"), factories.make_actor("administrator")):
        with pytest.raises(NotFound) as unknown:
            decisions.find_match(actor, match.id)
        with pytest.raises(NotFound) as missing:
            decisions.find_match(actor, 10**6)
        assert unknown.value.message == missing.value.message.replace("1000000", str(match.id))
        with pytest.raises(NotFound):
            decisions.confirm_match(actor, match.id, "recipient", match.version)
        assert decisions.list_matches(actor, scene.round.code) == []


def test_an_answer_received_by_letter_is_recorded_on_behalf_and_says_so(scene):
    match = scene.match
    with pytest.raises(NotAllowed, match="says so"):
        decisions.confirm_match(scene.coordinator, match.id, "provider", match.version)
    with pytest.raises(NotAllowed):
        decisions.confirm_match(scene.provider, match.id, "provider", match.version, on_behalf=True)
    recorded = decisions.confirm_match(
        scene.coordinator, match.id, "provider", match.version, note="Note verbale 12/27", on_behalf=True
    )
    (answer,) = recorded.decisions
    assert (answer.is_on_behalf, answer.note) == (True, "Note verbale 12/27")


def test_a_provider_sees_of_a_need_what_it_must_know_and_no_more(app):
    scene = Scene(title="Weak at night", detail="We lack goggles", basis="assessment_visit", women=4)
    seen = decisions.find_match(scene.provider, scene.match.id)
    assert (seen.need.recipient, seen.need.areas, seen.need.women, seen.seats) == (
        scene.need.participant.code,
        ["C-IED"],
        4,
        20,
    )
    for secret in ("Weak at night", "goggles", "assessment_visit", "high"):
        assert secret not in repr(seen)
    assert decisions.find_match(scene.recipient, scene.match.id).need.title == "Weak at night"


def test_why_a_side_declined_is_for_that_side_and_coordinators(scene):
    match = scene.match
    decisions.decline_match(scene.recipient, match.id, "recipient", "costs", match.version, "No budget left")
    assert "No budget left" in repr(decisions.find_match(scene.recipient, match.id))
    assert "No budget left" in repr(decisions.find_match(scene.coordinator, match.id))
    assert "No budget left" not in repr(decisions.find_match(scene.provider, match.id))


def test_a_conditional_match_is_confirmed_only_once_its_questions_are_answered(app):
    scene = Scene(level=None)
    scene.offer.only = None
    db.session.commit()
    match = scene.match
    assert not match.is_firm
    assert match.open_questions == (("need", scene.need.reference, "level"),)
    with pytest.raises(Conflict) as refusal:
        decisions.confirm_match(scene.recipient, match.id, "recipient", match.version)
    assert refusal.value.details["questions"] == [
        {"record_kind": "need", "record_reference": scene.need.reference, "field": "level"},
        {"record_kind": "offer", "record_reference": scene.offer.reference, "field": "only"},
    ]
    scene.need.level, scene.offer.only = "basic", ["any"]
    db.session.commit()
    confirmed = decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    assert confirmed.is_firm


def test_an_answer_that_speaks_against_the_match_keeps_it_from_being_confirmed(app):
    scene = Scene(level=None)
    scene.need.level = "trainer"
    db.session.commit()
    match = scene.match
    with pytest.raises(Conflict) as refusal:
        decisions.confirm_match(scene.recipient, match.id, "recipient", match.version)
    assert refusal.value.details["rules"] == ["level"]
    declined = decisions.decline_match(
        scene.recipient, match.id, "recipient", "level_or_content", match.version
    )
    assert declined.state == "declined"


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ("fewer_recognised", "C3"),
        ("fewer_in_session", "C1"),
        ("larger_group", "C2"),
        ("fewer_a_recipient", "C5"),
        ("whole", "C3"),
        ("fewer_women", "C12"),
    ],
)
def test_a_match_for_seats_that_are_no_longer_there_is_not_confirmed(app, change, limit):
    scene = Scene(seats_asked=40, seats_recognised=20, women=20)
    match = scene.match
    match = decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    match = decisions.confirm_match(scene.recipient, match.id, "recipient", match.version)
    match change:
        case "fewer_recognised":
            scene.need.seats_recognised = 12
        case "fewer_in_session":
            scene.offer.seats = 19
        case "larger_group":
            scene.need.seats_recognised = scene.need.min_group = 25
        case "fewer_a_recipient":
            scene.offer.max_per_recipient = 10
        case "whole":
            scene.need.seats_recognised, scene.need.whole = 30, True
        case "fewer_women":
            scene.offer.women_only, scene.need.women = True, 3
    db.session.commit()
    with pytest.raises(Conflict, match="Ask for a repair") as refusal:
        decisions.confirm_match(scene.coordinator, match.id, "secretariat", match.version)
    assert limit in refusal.value.details["rules"]
    assert scene.match.state == "proposed"


def test_the_seats_of_all_live_matches_of_a_need_and_of_a_session_count_together(app):
    round_, actor = factories.make_round(), rounds.coordinator()
    need = factories.make_need(round=round_, seats_asked=20)
    offers = [factories.make_offer(round=round_, seats=10, min_seats=5) for _ in range(2)]
    rounds.publish(actor, rounds.solve_round(actor, round_))
    first, second = decisions.list_matches(actor, round_.code)
    assert {first.seats, second.seats} == {10}
    rounds.agree(actor, first)
    need.seats_recognised = 19
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        decisions.confirm_match(actor, second.id, "secretariat", second.version)
    assert refusal.value.details["rules"] == ["C3"]
    need.seats_recognised, need.max_groups = 20, 1
    db.session.commit()
    with pytest.raises(Conflict) as refusal:
        decisions.confirm_match(actor, second.id, "secretariat", second.version)
    assert refusal.value.details["rules"] == ["C4"]
    need.max_groups = len(offers)
    db.session.commit()
    assert rounds.agree(actor, second).state == "agreed"


def test_an_agreed_match_is_undone_by_a_coordinator_alone(scene):
    match = rounds.agree(scene.coordinator, scene.match)
    with pytest.raises(Conflict, match="agreed"):
        decisions.decline_match(scene.recipient, match.id, "recipient", "costs", match.version)
    with pytest.raises(NotAllowed):
        decisions.release_match(scene.recipient, match.id, "costs", match.version)
    released = decisions.release_match(scene.coordinator, match.id, "costs", match.version, "As asked")
    assert released.state == "released"
    assert (
        decisions.release_match(scene.coordinator, match.id, "costs", match.version).version
        == released.version
    )


def test_a_letter_that_declines_an_agreed_match_is_recorded_by_a_coordinator(scene):
    match = rounds.agree(scene.coordinator, scene.match)
    declined = decisions.decline_match(
        scene.coordinator, match.id, "recipient", "other_support_found", match.version, on_behalf=True
    )
    assert declined.state == "declined"
    assert decisions_of(declined)["recipient"] == ("declined", 20)


def test_what_is_withdrawn_releases_its_matches_in_the_same_transaction_and_tells_the_other_side(scene):
    with transaction() as session:
        released = decisions.release_matches_of(session, scene.recipient, need_reference=scene.need.reference)
        assert [match.state for match in released] == ["released"]
    assert scene.match.state == "released"
    told = db.session.scalars(
        select(OutboxMessage.participant_id).where(OutboxMessage.kind == "match.release")
    ).all()
    assert told == [scene.provider.participant_id]


def test_a_withdrawal_that_fails_releases_nothing(scene):
    def withdraw_and_fail():
        with transaction() as session:
            decisions.release_matches_of(session, scene.provider, offer_reference=scene.offer.reference)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        withdraw_and_fail()
    assert scene.match.state == "proposed"


@pytest.mark.parametrize("which", ["offer_reference", "session_code"])
def test_an_offer_or_one_of_its_sessions_releases_the_matches_in_it(app, which):
    round_, actor = factories.make_round(), rounds.coordinator()
    needs = [factories.make_need(round=round_, seats_asked=25) for _ in range(2)]
    days = [(date(2027, 4, 5), date(2027, 4, 9)), (date(2027, 5, 3), date(2027, 5, 7))]
    offer = factories.make_offer(
        round=round_, sessions=[{"starts_on": start, "ends_on": end} for start, end in days]
    )
    rounds.publish(actor, rounds.solve_round(actor, round_))
    assert len(decisions.list_matches(actor, round_.code)) == len(needs)
    value = offer.reference if which == "offer_reference" else f"{offer.reference}-S2"
    with transaction() as session:
        named: dict[str, Any] = {which: value}
        released = decisions.release_matches_of(session, actor, **named)
    assert len(released) == (2 if which == "offer_reference" else 1)
    states = {one.session_code: one.state for one in decisions.list_matches(actor, round_.code)}
    assert states[f"{offer.reference}-S2"] == "released"
    assert states[f"{offer.reference}-S1"] == ("released" if which == "offer_reference" else "proposed")


def test_releasing_names_one_record(scene):
    with transaction() as session:
        with pytest.raises(ValueError, match="Name a need"):
            decisions.release_matches_of(session, scene.coordinator)
        with pytest.raises(ValueError, match="no such record"):
            decisions.release_matches_of(session, scene.coordinator, session_code="O-9-S1")


def test_every_decision_leaves_an_event_and_word_to_the_others(scene):
    match = scene.match
    confirmed = decisions.confirm_match(scene.provider, match.id, "provider", match.version)
    decisions.decline_match(scene.recipient, match.id, "recipient", "capacity", confirmed.version)
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.record_kind == "match").order_by(AuditEvent.id)
    ).all()
    assert [event.action for event in events] == ["ask", "consent", "confirm", "decline"]
    assert [event.facts["version"] for event in events] == [1, 2, 3, 4]
    told = db.session.execute(
        select(OutboxMessage.kind, OutboxMessage.participant_id).order_by(OutboxMessage.id)
    ).all()
    assert told == [
        ("match.ask", scene.recipient.participant_id),
        ("match.propose", scene.recipient.participant_id),
        ("match.propose", scene.provider.participant_id),
        ("match.turn", scene.recipient.participant_id),
        ("match.confirm", scene.recipient.participant_id),
        ("match.decline", scene.provider.participant_id),
    ]


def test_answers_given_at_once_leave_one_whole_state_and_tell_the_losers(app, scene):
    match = scene.match
    people = {
        "recipient": (scene.recipient, {}),
        "provider": (scene.provider, {}),
        "secretariat": (scene.coordinator, {}),
    }
    outcomes: list[str] = []
    rounds.fresh()

    def answer(side, verb):
        actor, options = people[side]
        with app.app_context():
            for _ in range(20):
                try:
                    now = decisions.find_match(actor, match.id)
                    if verb == "confirm":
                        decisions.confirm_match(actor, match.id, side, now.version, **options)
                    else:
                        decisions.decline_match(actor, match.id, side, "dates", now.version, **options)
                    outcomes.append("done")
                    break
                except Stale:
                    continue
                except LcmError as refusal:
                    outcomes.append(refusal.code)
                    break
                except BaseException as error:
                    outcomes.append(repr(error))
                    break
            db.session.remove()

    plan = [
        ("recipient", "confirm"),
        ("provider", "decline"),
        ("secretariat", "confirm"),
        ("provider", "confirm"),
    ]
    threads = [threading.Thread(target=answer, args=one) for one in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"done", "conflict"}
    rounds.fresh()
    end = scene.match
    answers = decisions_of(end)
    if end.state == "agreed":
        assert answers == {side: ("confirmed", 20) for side in people}
    else:
        assert end.state == "declined"
        assert answers["provider"] == ("declined", 20)
    assert len(db.session.scalars(select(Match)).all()) == 1


def test_the_actor_of_a_new_person_is_that_person(scene):
    person = factories.make_person("focal_point", scene.need.participant)
    assert decisions.find_match(accounts.actor_of(person), scene.match.id).my_sides == ("recipient",)
    assert publication.plan_for_participant(accounts.actor_of(person), scene.round.code) is not None
