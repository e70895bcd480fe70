"""The walk finds what it looks for: a fault is planted, and the walk says where it is."""

from typing import Any

import pytest
from flask import Flask, flash, make_response

from lcm_service.domain import permissions
from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db
from lcm_service.services import match_views, records
from tests.walk.asking import Walk
from tests.walk.law import without_a_law
from tests.walk.secrets import all_words
from tests.walk.test_writes import rule_of
from tests.walk.walking import Journey


def of(*endpoints: str) -> Any:
    return lambda rule: rule.endpoint in endpoints


def test_a_route_without_a_law(walk: Walk) -> None:
    app = Flask("planted")
    app.add_url_rule("/calendar.ics", "planted.calendar", lambda: "")
    assert "planted.calendar" in without_a_law(app)


def test_a_predicate_that_says_yes_to_everybody(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "may_see_need", lambda actor, participant_id: True)
    faults = Journey(walk, "other").be_refused(of("needs.show", "api-needs.read_need"))
    assert {(endpoint, what) for endpoint, _, what in faults} >= {
        ("needs.show", "was answered 200"),
        ("api-needs.read_need", "was answered 200"),
    }
    assert any(what.startswith("tells kestrel-title") for _, _, what in faults)


def test_a_403_in_place_of_a_404(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = records.find_record

    def telling(actor: permissions.Actor, table: Any, reference: str) -> Any:
        if db.session.query(table).filter_by(reference=reference).first() is None:
            return found(actor, table, reference)
        if actor.role == "focal_point":
            raise NotAllowed(sentence("It is not yours."))
        return found(actor, table, reference)

    monkeypatch.setattr(records, "find_record", telling)
    faults = Journey(walk, "other").be_refused(of("needs.show"))
    assert {what for _, _, what in faults} == {"403, and what is not there 404"}


@pytest.mark.parametrize("where", ["body", "header"])
def test_a_word_of_another_state_in_the_answer_to_a_press(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    endpoint = "api-matches.confirm_match"
    was = walk.app.view_functions[endpoint]
    secret = next(one for one in all_words() if one.startswith("kestrel-title-n-0190"))

    def telling(**values: Any) -> Any:
        answer = make_response(was(**values))
        if where == "header":
            answer.headers["X-Title"] = secret
        else:
            answer.set_data(answer.get_data(as_text=True) + secret)
        return answer

    monkeypatch.setitem(walk.app.view_functions, endpoint, telling)
    journey = Journey(walk, "provider")
    answer = journey.be_heard(*rule_of(walk, endpoint), walk.case("match", "proposed"))
    assert answer.status_code == 200
    assert journey.faults == [(endpoint, "match proposed", f"tells {secret}")]


def test_a_word_on_the_page_that_a_press_leads_to(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once, so that nobody who reads the page later would find it."""
    endpoint = "matches.confirm"
    was = walk.app.view_functions[endpoint]
    secret = next(one for one in all_words() if one.startswith("kestrel-title-n-0190"))

    def telling(**values: Any) -> Any:
        flash(secret)
        return was(**values)

    monkeypatch.setitem(walk.app.view_functions, endpoint, telling)
    journey = Journey(walk, "provider")
    answer = journey.be_heard(*rule_of(walk, endpoint), walk.case("match", "proposed"))
    assert (answer.status_code, secret in answer.text) == (303, False)
    assert {what for _, _, what in journey.faults} == {f"tells {secret}"}


def test_a_note_that_is_shown_to_the_other_side(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_views, "may_see_need", lambda actor, participant_id: True)
    faults = Journey(walk, "provider").be_answered(of("api-matches.list_matches", "api-matches.read_match"))
    assert any(what.startswith("tells kestrel-consent") for _, _, what in faults)
