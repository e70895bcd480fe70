"""An agreed match is scheduled, reported by either side, assessed by each side apart; and who reads what."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid, Stale
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import AuditEvent, Match, OutboxMessage
from lcm_service.services import assessments, decisions, deliveries, repair, submissions, trail
from lcm_service.services.partial_acceptance import accept_fewer_seats
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.held_courses import FIRST, LAST, PLANNED, REPORT, TO_COME, Scene, make_undated


@pytest.fixture
def scene(app):
    return Scene()


@pytest.fixture
def undated(app):
    return make_undated()


def test_a_course_is_scheduled_by_its_provider_reported_by_a_side_and_both_read_it(scene):
    for match in (scene.seen_by(scene.recipient), scene.seen_by(scene.provider)):
        assert (match.delivery.state, match.delivery.is_overdue) == (None, True)
    assert "schedule" not in scene.seen_by(scene.recipient).delivery.open_steps
    planned = scene.schedule().delivery
    assert (planned.state, planned.starts_on, planned.ends_on, planned.venue) == (
        "scheduled",
        FIRST,
        LAST,
        "Hall 2",
    )
    version = scene.match.version
    assert scene.schedule().version == version
    told = scene.report(scene.recipient, "recipient")
    assert scene.report(scene.recipient, "recipient").version == told.version
    for match in (told, scene.seen_by(scene.provider), scene.match):
        delivery = match.delivery
        assert (match.state, delivery.state, delivery.seats_used, delivery.women_used) == (
            "agreed",
            "delivered",
            18,
            4,
        )
        assert (delivery.reported_side, delivery.is_on_behalf, delivery.is_overdue) == (
            "recipient",
            False,
            False,
        )
    actions = [event.action for event in trail.list_events(scene.provider, "match", str(told.id))]
    assert actions[-2:] == ["schedule", "deliver"]
    news = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "match.deliver")).all()
    assert [one.participant_id for one in news] == [scene.offer.participant_id]


def test_a_course_is_scheduled_on_days_that_its_session_says(scene):
    for wrong, field in (
        ({"starts_on": FIRST - timedelta(1)}, "starts_on"),
        ({"ends_on": LAST + timedelta(1)}, "ends_on"),
        ({"starts_on": LAST, "ends_on": FIRST}, "ends_on"),
        ({"starts_on": None}, "starts_on"),
        ({"place_code": "NOWHERE"}, "place_code"),
    ):
        with pytest.raises(NotValid) as refusal:
            scene.schedule(data=PLANNED | wrong)
        assert set(refusal.value.faults) == {field}
    assert scene.match.delivery.state is None
    # Where the days are not known any more, those of the time in which it is held will do, and no others.
    offer, (session,) = scene.offer, scene.offer.sessions
    session.starts_on = session.ends_on = None
    offer.not_before, offer.not_after = date(2024, 3, 1), date(2024, 5, 31)
    db.session.commit()
    with pytest.raises(NotValid):
        scene.schedule(data=PLANNED | {"ends_on": date(2024, 6, 1)})
    assert scene.schedule(data=PLANNED | {"ends_on": date(2024, 5, 31)}).delivery.state == "scheduled"


def test_a_report_says_no_more_than_was_agreed_and_can_be(scene):
    for wrong, field in (
        ({"seats_used": 21}, "seats_used"),
        ({"women_used": 19}, "women_used"),
        ({"held_from": LAST, "held_to": FIRST}, "held_to"),
        ({"held_to": utc_now().date() + timedelta(2)}, "held_to"),
        ({"seats_used": None}, "seats_used"),
    ):
        with pytest.raises(NotValid) as refusal:
            scene.report(scene.provider, "provider", REPORT | wrong)
        assert set(refusal.value.faults) == {field}
    assert scene.match.delivery.state is None
    assert scene.report(scene.provider, "provider", REPORT | {"seats_used": 20}).delivery.seats_used == 20


def test_nothing_is_reported_before_its_day_or_before_all_have_agreed(app):
    scene = Scene(year=2090)
    delivery = scene.match.delivery
    assert (delivery.open_steps, delivery.is_overdue) == (("schedule",), False)
    with pytest.raises(Conflict, match="lasts until 2090-04-19"):
        scene.report(scene.provider, "provider")
    with pytest.raises(Conflict, match="begins on 2090-04-08"):
        scene.report_not(scene.provider, "provider", "costs")
    with pytest.raises(Conflict, match="nothing to assess"):
        scene.assess(scene.recipient, "recipient", "yes")
    match = scene.match
    decisions.release_match(scene.coordinator, match.id, "dates", match.version)
    with pytest.raises(Conflict, match="is released"):
        scene.schedule()
    assert scene.match.delivery is None


def test_who_may_do_each(scene):
    match, stranger = scene.match, factories.make_actor()
    refused = [
        (NotAllowed, lambda: scene.schedule(scene.recipient)),
        (NotAllowed, lambda: scene.schedule(scene.coordinator)),
        (NotAllowed, lambda: scene.report(scene.recipient, "provider")),
        (NotAllowed, lambda: scene.report(scene.coordinator, "provider")),
        (NotAllowed, lambda: scene.report_not(scene.provider, "recipient", "costs")),
        (NotAllowed, lambda: scene.assess(scene.provider, "recipient", "yes")),
        (NotAllowed, lambda: scene.assess(scene.recipient, "provider", "yes")),
        (NotValid, lambda: scene.report(scene.coordinator, "secretariat")),
        (NotValid, lambda: scene.report_not(scene.provider, "provider", "because")),
        (NotFound, lambda: scene.schedule(stranger)),
        (NotFound, lambda: scene.report(stranger, "recipient")),
        (NotFound, lambda: scene.report_not(stranger, "provider", "costs")),
        (NotFound, lambda: scene.assess(stranger, "recipient", "yes")),
        (Stale, lambda: deliveries.schedule_delivery(scene.provider, match.id, PLANNED, match.version + 1)),
        (Stale, lambda: deliveries.report_delivered(scene.provider, match.id, "provider", REPORT, 0)),
    ]
    for error, press in refused:
        with pytest.raises(error):
            press()
    assert scene.match == match
    assert scene.schedule(scene.coordinator, on_behalf=True).delivery.state == "scheduled"
    assert scene.report(scene.coordinator, "recipient", on_behalf=True).delivery.is_on_behalf
    assert (
        scene.assess(scene.coordinator, "recipient", "no", on_behalf=True)
        .delivery.assessments[0]
        .is_on_behalf
    )


def test_no_course_was_held_before_its_round_was_open(scene):
    assert scene.round.opens_on == date(2024, 1, 1)
    for first in (date(1990, 1, 1), date(2023, 12, 31)):
        with pytest.raises(NotValid) as refusal:
            scene.report(scene.recipient, "recipient", REPORT | {"held_from": first, "held_to": first})
        assert list(refusal.value.faults) == ["held_from"]
    first = scene.round.opens_on
    held = scene.report(scene.recipient, "recipient", REPORT | {"held_from": first, "held_to": first})
    assert held.delivery.held_from == first


def test_a_report_stands_until_a_coordinator_corrects_it_by_letter(scene):
    scene.report(scene.provider, "provider")
    for press in (
        lambda: scene.report(scene.recipient, "recipient", REPORT | {"seats_used": 3}),
        lambda: scene.report_not(scene.recipient, "recipient", "costs"),
        lambda: scene.schedule(),
    ):
        with pytest.raises(Conflict, match="already"):
            press()
    corrected = scene.report(
        scene.coordinator, "recipient", REPORT | {"seats_used": 3, "women_used": 1}, on_behalf=True
    )
    assert (corrected.delivery.seats_used, corrected.delivery.reported_side) == (3, "recipient")
    ended = scene.report_not(scene.coordinator, "provider", "security", on_behalf=True).delivery
    assert (ended.state, ended.seats_used, ended.held_to) == ("not_delivered", None, None)


def test_why_a_course_was_not_held_is_for_who_said_so_and_it_can_be_scheduled_anew(undated):
    scene = undated
    scene.report_not(scene.recipient, "recipient", "trainees_did_not_come", "The unit is short of people.")
    own, other = scene.seen_by(scene.recipient).delivery, scene.seen_by(scene.provider).delivery
    assert (own.state, own.reason, own.note) == (
        "not_delivered",
        "trainees_did_not_come",
        "The unit is short of people.",
    )
    assert (other.state, other.reason, other.note) == ("not_delivered", None, None)
    assert scene.match.delivery.reason == "trainees_did_not_come"
    assert "short of people" not in str([event.facts for event in db.session.scalars(select(AuditEvent))])
    again = scene.schedule(data=TO_COME).delivery
    assert (again.state, again.reason, again.note) == ("scheduled", None, None)


def test_what_was_delivered_is_neither_declined_nor_released_and_outlives_its_need(scene):
    scene.report(scene.provider, "provider")
    for press in (
        lambda match: decisions.release_match(scene.coordinator, match.id, "dates", match.version),
        lambda match: decisions.decline_match(
            scene.coordinator, match.id, "recipient", "dates", match.version, on_behalf=True
        ),
    ):
        with pytest.raises(Conflict, match="was delivered"):
            press(scene.match)
    submissions.withdraw_need(scene.recipient, scene.need.reference, scene.need.version, "done")
    rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
    assert (scene.match.state, scene.match.delivery.state) == ("agreed", "delivered")


def recognise(scene, seats):
    rounds.fresh()
    submissions.recognise_need(
        scene.coordinator,
        scene.need.reference,
        seats=seats,
        priority="routine",
        version=scene.need.version,
        reason="As it is now.",
    )


def test_a_course_that_was_held_does_not_grow_and_blocks_no_repair(scene):
    scene.report(scene.provider, "provider")
    submissions.revise_need(scene.recipient, scene.need.reference, {"seats_asked": 30}, scene.need.version)
    recognise(scene, 30)
    rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round))
    assert (scene.match.state, scene.match.seats) == ("agreed", 20)
    # Fewer seats count now than were used: the pair is left out of the plan, and what was held stands.
    recognise(scene, 12)
    run = rounds.solve_round(scene.coordinator, scene.round)
    assert run.outcome == "clashing_pins"
    way_out = rounds.request(
        scene.coordinator,
        scene.round,
        base_run_id=run.id,
        choice={"release": [[scene.need.reference, scene.match.session_code]]},
    )
    rounds.solve_waiting_runs()
    rounds.publish(scene.coordinator, way_out)
    assert (scene.match.state, scene.match.seats, scene.match.delivery.state) == ("agreed", 20, "delivered")
    # What a coordinator has decided once is not asked again at every repair, and nothing of it is free.
    again = rounds.solve_round(scene.coordinator, scene.round)
    assert again.outcome == "optimal"
    assert rounds.seats_in(rounds.plan_of(scene.coordinator, again)) == {}


def grow(scene, seats=30):
    """Another plan gives the agreed match more seats, for which its recipient is asked."""
    submissions.revise_need(scene.recipient, scene.need.reference, {"seats_asked": seats}, scene.need.version)
    recognise(scene, seats)
    scene.offer.seats = seats
    db.session.commit()
    rounds.publish(scene.coordinator, rounds.solve_round(scene.coordinator, scene.round), put=False)
    assert (scene.match.state, scene.match.seats) == ("asked", seats)


@pytest.mark.parametrize("side", ["provider", "recipient", "letter"])
def test_what_was_asked_beyond_the_agreed_seats_is_over_once_the_course_was_held(scene, side):
    grow(scene)
    actor = {"provider": scene.provider, "recipient": scene.recipient}.get(side, scene.coordinator)
    reporter = "provider" if side == "letter" else side
    assert "deliver" in scene.seen_by(actor).delivery.open_steps
    with pytest.raises(NotValid):
        scene.report(actor, reporter, REPORT | {"seats_used": 21}, on_behalf=side == "letter")
    before = scene.match
    assert before.state == "asked", "Where a report is refused, nothing lapses."
    scene.report(actor, reporter, on_behalf=side == "letter")
    match = scene.match
    assert (match.state, match.seats, match.delivery.state, match.answer_by) == (
        "agreed",
        20,
        "delivered",
        None,
    )
    actions = {
        reader: [one.action for one in trail.list_events(reader, "match", str(match.id))]
        for reader in (scene.recipient, scene.provider)
    }
    assert actions[scene.recipient][-2:] == ["lapse_more", "deliver"]
    assert "lapse_more" not in actions[scene.provider]
    attention = repair.find_attention(scene.coordinator, scene.round.code)
    assert "reduced_pair" not in {one.code for one in attention}, "Its seats are no other's."
    told = select(OutboxMessage.participant_id).where(OutboxMessage.kind == "match.lapse_more")
    expected = [] if side == "recipient" else [scene.need.participant_id]
    assert db.session.scalars(told).all() == expected


def test_no_seats_are_added_to_a_course_that_was_held(scene):
    scene.report(scene.provider, "provider")
    # As reports left it before they ended what was asked beyond.
    row = db.session.get(Match, scene.match.id)
    row.state, row.known_state, row.seats = "asked", "agreed", 30
    db.session.commit()
    match = scene.match
    with pytest.raises(Conflict, match="was delivered"):
        decisions.consent_to_match(scene.recipient, match.id, match.version)
    with pytest.raises(Conflict, match="was delivered"):
        accept_fewer_seats(scene.recipient, match.id, "recipient", 25, "capacity", match.version)
    assert scene.match == match


@pytest.mark.parametrize("press", ["decline", "release"])
def test_days_that_were_fixed_end_with_the_match(scene, press):
    match = scene.schedule()
    if press == "release":
        ended = decisions.release_match(scene.coordinator, match.id, "dates", match.version)
    else:
        ended = decisions.decline_match(
            scene.coordinator, match.id, "provider", "dates", match.version, on_behalf=True
        )
    assert (ended.delivery.state, ended.delivery.open_steps, ended.delivery.is_overdue) == (
        "called_off",
        (),
        False,
    )


def test_answers_about_a_course_that_was_not_held_in_the_end_are_not_about_the_next(undated):
    undated.report(undated.provider, "provider")
    undated.assess(undated.recipient, "recipient", "no")
    undated.report_not(undated.coordinator, "provider", "security", "The road was shut.", on_behalf=True)
    undated.schedule(data=TO_COME)
    assert undated.match.delivery.assessments == ()


def test_word_that_a_course_was_not_held_ends_with_its_match(scene):
    scene.report_not(scene.provider, "provider", "costs", "Too dear.")
    match = scene.match
    ended = decisions.release_match(scene.coordinator, match.id, "dates", match.version).delivery
    assert ended.state == "called_off"
    left = (ended.starts_on, ended.venue, ended.reason, ended.note, ended.reported_side)
    assert [one for one in left if one is not None] == []


def test_what_one_side_says_of_a_course_is_never_read_by_the_other(scene):
    scene.report(scene.provider, "provider")
    scene.assess(scene.recipient, "recipient", "no", "Our unit still cannot search a road.")
    scene.assess(scene.provider, "provider", "in_part", "Half of them could not read the manual.")
    for actor, side, note in (
        (scene.recipient, "recipient", "Our unit still cannot search a road."),
        (scene.provider, "provider", "Half of them could not read the manual."),
    ):
        delivery = scene.seen_by(actor).delivery
        assert [(one.side, one.note) for one in delivery.assessments] == [(side, note)]
        assert delivery.to_assess == ()
    assert [one.answer for one in scene.match.delivery.assessments] == ["no", "in_part"]
    # That the recipient has answered is not told to the provider either, not even when it was late.
    by_provider = trail.list_events(scene.provider, "match", str(scene.match.id))
    assert [event.facts["side"] for event in by_provider if event.action == "assess"] == ["provider"]
    with pytest.raises(Stale) as refusal:
        assessments.assess_delivery(scene.provider, scene.match.id, "provider", "no", 1)
    assert "recipient" not in str(
        [one for one in refusal.value.details["changes"] if one["action"] == "assess"]
    )
    kinds = set(db.session.scalars(select(OutboxMessage.kind)))
    assert not kinds & {"match.assess"}
    facts = str([event.facts for event in db.session.scalars(select(AuditEvent))])
    assert "search a road" not in facts
    assert "in_part" not in facts


def test_an_assessment_can_be_given_anew_and_is_one_of_the_listed(scene):
    scene.report(scene.provider, "provider")
    with pytest.raises(NotValid):
        scene.assess(scene.recipient, "recipient", "perhaps")
    first = scene.assess(scene.recipient, "recipient", "yes")
    assert scene.assess(scene.recipient, "recipient", "yes").version == first.version
    (changed,) = scene.assess(scene.recipient, "recipient", "no").delivery.assessments
    assert changed.answer == "no"


@pytest.mark.parametrize(
    ("fewer", "field"),
    [({"starts_on": FIRST + timedelta(1)}, "starts_on"), ({"ends_on": FIRST}, "ends_on")],
)
def test_a_provider_cuts_short_by_no_schedule_what_all_have_agreed_to(scene, fewer, field):
    with pytest.raises(NotValid) as refusal:
        scene.schedule(data=PLANNED | fewer)
    assert refusal.value.faults == {field: [deliveries.OTHER_THAN_SESSION]}
    db.session.rollback()
    # By letter, once all have agreed to fewer days, a coordinator writes them down.
    assert scene.schedule(scene.coordinator, PLANNED | fewer, on_behalf=True).delivery.state == "scheduled"


def test_a_provider_leaves_a_course_on_the_days_on_which_a_letter_has_put_it(scene):
    fewer = PLANNED | {"ends_on": LAST - timedelta(3)}
    scene.schedule(scene.coordinator, fewer, on_behalf=True)
    with pytest.raises(NotValid) as refusal:
        scene.schedule(data=PLANNED)
    assert refusal.value.faults == {"ends_on": [deliveries.PUT_ON_OTHER_DAY]}
    db.session.rollback()
    # It says in which town, and nothing else is asked of it.
    kept = scene.schedule(data=fewer | {"venue": "Hall 3"}).delivery
    assert (kept.ends_on, kept.venue) == (LAST - timedelta(3), "Hall 3")
    # By another letter the course is on all its days again.
    assert scene.schedule(scene.coordinator, PLANNED, on_behalf=True).delivery.ends_on == LAST
