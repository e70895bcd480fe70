"""Rounds are opened, given a policy and closed by coordinators; everyone who signs in knows of them."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid, Stale
from lcm_service.domain.permissions import Actor
from lcm_service.services import decisions, rounds, submissions
from tests import factories
from tests.service import matching_rounds

DATA = {
    "code": "2027-1",
    "title": "First round of 2027",
    "standing": "submitted",
    "opens_on": date(2027, 1, 1),
    "closes_on": date(2027, 6, 30),
}


@pytest.fixture
def actor(app):
    return matching_rounds.coordinator()


def test_a_coordinator_opens_a_round_that_everyone_signed_in_finds(actor):
    opened = rounds.open_round(actor, DATA)
    assert (opened.state, opened.policy) == ("open", {})
    for role in ("focal_point", "observer", "administrator"):
        stranger = factories.make_actor(role)
        assert rounds.find_round(stranger, "2027-1").title == DATA["title"]
        assert [one.code for one in rounds.list_rounds(stranger)] == ["2027-1"]
    nobody = Actor(person_id=None, role="")
    with pytest.raises(NotSignedIn):
        rounds.list_rounds(nobody)
    with pytest.raises(NotFound):
        rounds.find_round(actor, "nowhere")


@pytest.mark.parametrize("role", ["focal_point", "observer", "administrator"])
def test_nobody_else_opens_closes_or_steers_one(app, role):
    stranger, round_ = factories.make_actor(role), factories.make_round()
    for press in (
        lambda: rounds.open_round(stranger, DATA),
        lambda: rounds.close_round(stranger, round_.code),
        lambda: rounds.reopen_round(stranger, round_.code),
        lambda: rounds.set_policy(stranger, round_.code, {}, 1),
    ):
        with pytest.raises(NotAllowed):
            press()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "a b"}, "code"),
        ({"code": "../etc"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"standing": "invented"}, "standing"),
        ({"opens_on": None}, "opens_on"),
        ({"closes_on": "2027-06-30"}, "closes_on"),
        ({"closes_on": date(2026, 12, 31)}, "closes_on"),
        ({"policy": {"objectives": ["beauty"]}}, "policy"),
        ({"state": "closed"}, "state"),
    ],
)
def test_a_round_that_cannot_be_is_refused_with_the_field_that_is_wrong(actor, change, field):
    with pytest.raises(NotValid) as refusal:
        rounds.open_round(actor, DATA | change)
    assert field in refusal.value.faults


def test_a_code_is_given_once(actor):
    rounds.open_round(actor, DATA)
    with pytest.raises(Conflict, match="already"):
        rounds.open_round(actor, DATA)


def test_the_policy_is_the_next_runs_and_a_stale_change_is_refused(actor):
    opened = rounds.open_round(actor, DATA)
    changed = rounds.set_policy(actor, "2027-1", {"reached_seats": 10}, opened.version)
    assert changed.policy == {"reached_seats": 10}
    with pytest.raises(Stale):
        rounds.set_policy(actor, "2027-1", {}, opened.version - 1)
    with pytest.raises(NotValid):
        rounds.set_policy(actor, "2027-1", {"reached_seats": 0}, changed.version)
    factories.make_need(round=changed)
    run = matching_rounds.request(actor, changed)
    assert '"reached_seats":10' in run.problem


def test_a_closed_round_takes_no_new_records_and_no_first_matching_until_it_is_opened_again(actor):
    round_ = factories.make_round()
    need = factories.make_need(round=round_)
    factories.make_offer(round=round_)
    owner = factories.make_actor("focal_point", need.participant)
    closed = rounds.close_round(actor, round_.code)
    version = closed.version
    assert rounds.close_round(actor, round_.code).version == version
    with pytest.raises(Conflict, match="closed"):
        submissions.submit_need(owner, need.participant.code, round_.code, {"title": "Late"})
    with pytest.raises(Conflict, match="closed"):
        matching_rounds.request(actor, round_)
    opened = rounds.reopen_round(actor, round_.code, version)
    assert opened.state == "open"
    assert rounds.reopen_round(actor, round_.code).version == opened.version
    assert submissions.submit_need(owner, need.participant.code, round_.code, {"title": "Late"})
    assert matching_rounds.solve_round(actor, opened).state == "done"


def test_what_is_under_way_in_a_closed_round_goes_on(actor):
    round_ = factories.make_round()
    need = factories.make_need(round=round_, level=None)
    other = factories.make_need(round=round_, seats_asked=5, women=0)
    factories.make_offer(round=round_)
    matching_rounds.publish(actor, matching_rounds.solve_round(actor, round_))
    rounds.close_round(actor, round_.code)
    owner = factories.make_actor("focal_point", need.participant)
    submissions.revise_need(owner, need.reference, {"level": "basic"}, need.version)
    submissions.recognise_need(actor, need.reference, seats=20, priority="high", version=need.version)
    submissions.recognise_as_asked(actor, round_.code, [need.reference])
    match = next(
        one for one in decisions.list_matches(owner, round_.code) if one.need_reference == need.reference
    )
    assert matching_rounds.agree(actor, match).state == "agreed"
    submissions.withdraw_need(
        factories.make_actor("focal_point", other.participant), other.reference, other.version, "Gone"
    )
    run = matching_rounds.solve_round(actor, round_)
    assert (run.purpose, run.outcome) == ("repair", "optimal")
    assert matching_rounds.publish(actor, run).state == "published"
