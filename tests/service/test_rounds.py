"""Rounds are opened, given a policy and closed by coordinators; everyone who signs in knows of them."""

from datetime import date

import pytest

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, NotValid, Stale
from lcm_service.domain.permissions import Actor
from lcm_service.services import rounds
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


def test_closing_twice_changes_nothing_and_a_closed_round_can_still_be_repaired(actor):
    round_ = factories.make_round()
    factories.make_need(round=round_)
    factories.make_offer(round=round_)
    closed = rounds.close_round(actor, round_.code)
    version = closed.version
    assert rounds.close_round(actor, round_.code).version == version
    assert matching_rounds.solve_round(actor, closed).state == "done"
