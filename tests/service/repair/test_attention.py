"""What calls for a repair, what keeps a draft from being published, and who may read it."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.persistence.database import db
from lcm_service.services import decisions, repair
from tests import factories
from tests.service import matching_rounds as rounds
from tests.service.repair.scene import publish


def test_a_decline_or_release_after_the_draft_keeps_it_from_being_published(scene):
    scene.make_need(5)
    draft = scene.repaired()
    scene.decline(scene.second)
    with pytest.raises(Conflict) as refusal:
        publish(scene, draft)
    assert {row["need"] for row in refusal.value.details["objections"]} == {scene.second.reference}


def test_a_declined_course_without_days_is_not_proposed_under_another_key(app):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_)
    offer = factories.make_offer(round=round_, sessions=[], max_sessions=3)
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (match,) = decisions.list_matches(actor, round_.code)
    owner = factories.make_actor("focal_point", need.participant)
    decisions.decline_match(owner, match.id, "recipient", "dates", match.version)
    assert rounds.seats_in(rounds.plan_of(actor, rounds.solve_round(actor, round_))) == {}
    assert offer.max_sessions == 3


@pytest.mark.parametrize(("reason", "is_placed"), [("dates", True), ("costs", False)])
def test_a_course_from_a_window_is_proposed_on_other_days_where_only_the_days_were_declined(
    app, reason, is_placed
):
    actor, round_ = rounds.coordinator(), factories.make_round()
    need = factories.make_need(round=round_)
    factories.make_offer(
        round=round_, not_before=date(2027, 4, 1), not_after=date(2027, 6, 30), duration_days=5
    )
    rounds.publish(actor, rounds.solve_round(actor, round_))
    (match,) = decisions.list_matches(actor, round_.code)
    owner = factories.make_actor("focal_point", need.participant)
    decisions.decline_match(owner, match.id, "recipient", reason, match.version)
    seats = rounds.seats_in(rounds.plan_of(actor, rounds.solve_round(actor, round_)))
    assert (match.session_code in {session for _, session in seats}) is False
    assert bool(seats) is is_placed


def test_a_revision_that_a_live_match_no_longer_fits_calls_for_a_repair(scene):
    assert scene.attention() == set()
    scene.first.level = "trainer"
    scene.second.seats_recognised = 4
    db.session.commit()
    found = repair.find_attention(scene.actor, scene.round.code)
    assert {(one.code, one.need, one.session, one.rules) for one in found} == {
        ("refused_pair", scene.first.reference, scene.code, ("level",)),
        ("refused_pair", scene.second.reference, scene.code, ("C3",)),
    }


def test_records_that_contradict_themselves_call_for_attention_and_break_no_page(scene):
    scene.first.earliest, scene.first.latest = date(2027, 9, 30), date(2027, 3, 1)
    db.session.commit()
    assert {one.code for one in repair.find_attention(scene.actor, scene.round.code)} == {"faulty_records"}


def test_attention_and_clashes_are_for_coordinators(short):
    run = short.repair()
    stranger = short.owner_of(short.first)
    with pytest.raises(NotAllowed):
        repair.find_attention(stranger, short.round.code)
    with pytest.raises(NotAllowed):
        repair.describe_clash(stranger, run.id)
    with pytest.raises(NotFound):
        repair.describe_clash(short.actor, short.plan.run_id)


def test_before_publication_nothing_calls_for_a_repair(app):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    assert repair.find_attention(rounds.coordinator(), round_.code) == ()
