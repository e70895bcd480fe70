"""Match, read, publish, confirm, decline, repair, export: the corridor of a round, by its pages."""

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import AuditEvent, Match, Person, Plan, Run
from lcm_service.services import decisions
from lcm_service.web import plan_view, reasons
from tests.web import world
from tests.web.html import Form, main_form, read_page

ROUND = f"/rounds/{world.EXERCISE}"


def form_to(browser: FlaskClient, address: str, ending: str) -> Form:
    """The form of a page that goes to an address with this ending."""
    forms = read_page(browser.get(address).text).forms
    return next(form for form in forms if form.action.endswith(ending))


def press(browser: FlaskClient, address: str, ending: str, **changes: object) -> Any:
    form = form_to(browser, address, ending)
    return browser.post(form.action, data=form.data(**changes))


def pass_gate(coordinator: FlaskClient, approver: FlaskClient, plan_id: int) -> None:
    """One coordinator puts the plan forward, the other approves it."""
    address = f"/plans/{plan_id}"
    assert press(coordinator, address, "/put-forward").status_code == 303
    assert not [one for one in read_page(coordinator.get(address).text).forms if "approve" in one.action]
    assert press(approver, address, "/approve").status_code == 303


def test_the_whole_corridor_from_plan_to_repair(
    at_work: Flask,
    coordinator: FlaskClient,
    approver: FlaskClient,
    browser_of: Callable[[Person], FlaskClient],
) -> None:
    plan = world.draft_of(world.EXERCISE)
    page = coordinator.get(f"/plans/{plan.id}").text
    assert "Every objective is proven" in page
    assert "no plan that reaches as much in every aim above it" in page
    pass_gate(coordinator, approver, plan.id)
    matches = decisions.list_matches(world.coordinator_of(at_work), world.EXERCISE)
    kept, lost = world.to_keep_and_to_lose(matches)

    recipient = browser_of(world.focal_point_of(kept.need.recipient))
    assert (
        "waits for your answer" in recipient.get("/").text
        or "wait for your answer" in recipient.get("/").text
    )
    question = recipient.get(f"/matches/{kept.id}").text
    assert "the other recipients read your name and your seats, and you theirs." in question
    assert "Who gives supports to the session reads the seats in all." in question
    assert press(recipient, f"/matches/{kept.id}", "/consent").status_code == 303
    asked_next = browser_of(world.focal_point_of(kept.offer.provider))
    assert press(asked_next, f"/matches/{kept.id}", "/confirm").status_code == 303
    assert press(recipient, f"/matches/{kept.id}", "/confirm").status_code == 303
    owner = browser_of(world.focal_point_of(lost.need.recipient))
    assert press(owner, f"/matches/{lost.id}", "/consent").status_code == 303
    provider = browser_of(world.focal_point_of(lost.offer.provider))
    address = f"/matches/{lost.id}/decline?side=provider"
    assert press(provider, address, "/decline", reason="capacity", note="No trainers").status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Match, lost.id).state == "declined"

    assert "A side declined this match." in coordinator.get(ROUND).text
    response = press(coordinator, ROUND, "/match")
    assert response.status_code == 303
    assert "Refresh" in coordinator.get(response.location).headers
    world.let_worker_run(at_work)
    db.session.expire_all()
    run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
    assert (run.purpose, run.outcome) == ("repair", "optimal")
    assert "Refresh" not in coordinator.get(response.location).headers
    repaired = db.session.query(Plan).order_by(Plan.id.desc()).limit(1).one()
    page = coordinator.get(f"/plans/{repaired.id}").text
    assert "What changes against the published plan" in page
    pairs = {(row["need"], row["session"]) for row in repaired.document["assignments"]}
    assert (kept.need_reference, kept.session_code) in pairs
    assert (lost.need_reference, lost.session_code) not in pairs
    pass_gate(coordinator, approver, repaired.id)

    done = {
        action for (action,) in db.session.query(AuditEvent.action).filter(AuditEvent.record_kind == "match")
    }
    assert {"ask", "consent", "confirm", "decline"} <= done <= set(reasons.ACTIONS)

    exported = json.loads(coordinator.get(f"/plans/{repaired.id}/export.json").text)
    assert exported["format"] == "lcm-plan-export/1"
    assert exported["plan"] == repaired.document
    assert coordinator.get(f"/plans/{repaired.id}/export.csv").text.startswith("\ufeffnotice,")
    problem = json.loads(coordinator.get(f"/plans/{repaired.id}/problem.json").text)
    assert problem["problem"]["format"] == "lcm-problem/1"


def test_no_aim_after_an_open_one_is_called_proven() -> None:
    values = {"critical": (10, 10), "reached": (4, None), "coverage": (7, 7)}
    document = {
        "outcome": "feasible",
        "objectives": [{"name": name, "value": at, "bound": most} for name, (at, most) in values.items()],
    }
    assert [row["is_proven"] for row in plan_view.certificate(document)["rows"]] == [True, False, False]


def test_the_match_button_pressed_twice_asks_for_one_run(at_work: Flask, coordinator: FlaskClient) -> None:
    form = form_to(coordinator, ROUND, "/match")
    first = coordinator.post(form.action, data=form.data())
    second = coordinator.post(form.action, data=form.data())
    assert first.location == second.location


def test_a_run_is_cancelled_from_its_page(at_work: Flask, coordinator: FlaskClient) -> None:
    address = press(coordinator, ROUND, "/match").location
    assert "Refresh" not in coordinator.get(f"{address}?follow=0").headers
    assert press(coordinator, address, "/cancel").status_code == 303
    page = coordinator.get(address).text
    assert "The run was cancelled." in page
    assert "The last published plan is untouched." in page


def test_the_sourced_round_shows_conditional_matches_and_its_questions_most_seats_first(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    plan = world.draft_of(world.SOURCED)
    assert not any(row["firm"] for row in plan.document["assignments"])
    page = coordinator.get(f"/plans/{plan.id}").text
    assert "Conditional" in page
    asked = coordinator.get(f"/rounds/{world.SOURCED}/questions").text
    rows = [int(part.partition("<")[0]) for part in asked.split('<tr><td class="number">')[1:]]
    assert rows
    assert rows == sorted(rows, reverse=True)


def test_a_conditional_match_shows_its_questions_instead_of_the_confirm_button(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient]
) -> None:
    match = world.publish_draft(world.SOURCED)[0]
    recipient = browser_of(world.focal_point_of(match.need.recipient))
    page = recipient.get(f"/matches/{match.id}").text
    assert "The match can be confirmed when these questions are answered:" in page
    assert f"/matches/{match.id}/confirm" not in page


def test_a_provider_does_not_see_the_words_of_the_need(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient]
) -> None:
    match = world.publish_draft(world.EXERCISE)[0]
    recipient = browser_of(world.focal_point_of(match.need.recipient))
    title = match.need.title
    assert title
    need_link = f'href="/needs/{match.need_reference}"'
    assert need_link in recipient.get(f"/matches/{match.id}").text
    provider = browser_of(world.focal_point_of(match.offer.provider))
    assert need_link not in provider.get(f"/matches/{match.id}").text
    stranger = browser_of(world.focal_point_of("XAF"))
    if "XAF" not in {match.need.recipient, match.offer.provider}:
        assert stranger.get(f"/matches/{match.id}").status_code == 404


def test_publishing_over_a_withdrawal_is_refused_and_says_why(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    plan = world.draft_of(world.EXERCISE)
    form = form_to(coordinator, f"/plans/{plan.id}", "/put-forward")
    need = plan.document["assignments"][0]["need"]
    address = f"/needs/{need}/withdraw"
    withdrawal = main_form(coordinator.get(address).text)
    assert coordinator.post(address, data=withdrawal.data(reason="Found elsewhere")).status_code == 303
    assert coordinator.post(form.action, data=form.data()).status_code == 409
    assert "This plan can no longer be published" in coordinator.get(f"/plans/{plan.id}").text


def test_the_page_of_an_unmet_need_says_why_not_to_its_owner(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient]
) -> None:
    plan = world.draft_of(world.EXERCISE)
    world.publish_draft(world.EXERCISE)
    row = next(one for one in plan.document["unmet"] if one["nearest"])
    owner = browser_of(world.focal_point_of(plan.labels["needs"][row["need"]]["recipient"]))
    page = owner.get(f"/needs/{row['need']}").text
    assert "Why seats are missing" in page
    assert row["nearest"][0]["session"] in page


def test_where_agreed_matches_clash_the_page_offers_choices_in_words(
    at_work: Flask, coordinator: FlaskClient, browser_of: Callable[[Person], FlaskClient]
) -> None:
    lost = world.one_that_others_need(world.publish_draft(world.EXERCISE))
    recipient = browser_of(world.focal_point_of(lost.need.recipient))
    press(recipient, f"/matches/{lost.id}/decline?side=recipient", "/decline", reason="dates")
    address = press(coordinator, ROUND, "/match").location
    world.let_worker_run(at_work)
    page = coordinator.get(address).text
    assert "These matches cannot all be kept" in page
    assert "Ways out that are worked out already" in page
    assert lost.session_code in page
    ways = re.findall(r'<a class="button" href="(/runs/\d+)">See the run</a>', page)
    assert len(ways) >= 2
    assert "See the choices" in coordinator.get(ROUND).text
    followed = coordinator.get(ways[0]).text
    assert "What this run tries" in followed
    assert "Read plan" in followed
