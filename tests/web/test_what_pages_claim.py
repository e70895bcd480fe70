"""Pages say what is known, and mark what is only assumed: of records, of seats, of matches, of rounds."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, Offer, Person, Plan, Question
from lcm_service.services import (
    context_statements,
    decisions,
    repair,
    rounds,
    submissions,
)
from lcm_service.web import reasons
from tests import factories, publishing
from tests.web import world
from tests.web.html import read_page
from tests.web.test_matching_pages import form_to, press

ROUND = f"/rounds/{world.EXERCISE}"


def words_of(page: str) -> str:
    """A page's own words, in one line."""
    return " ".join(read_page(page).texts)


def fact(page: str, label: str) -> str:
    """What a page says beside a label."""
    found = re.search(rf"<dt>{re.escape(label)}</dt><dd[^>]*>(.*?)</dd>", page)
    assert found, label
    return re.sub(r"<[^>]+>", "", found[1])


def records_of(table: type[Any], round_code: str) -> list[Any]:
    """The records of a round, in the order in which they came."""
    return list(db.session.query(table).join(table.round).filter_by(code=round_code).order_by(table.id))


def decline(match: Any, side: str, at_work: Flask) -> None:
    coordinator = world.coordinator_of(at_work)
    now = decisions.find_match(coordinator, match.id)
    decisions.decline_match(
        coordinator, match.id, side, "dates", now.version, on_behalf=side != "secretariat"
    )


def test_what_nobody_said_of_a_sourced_need_is_no_fact(at_work: Flask, coordinator: FlaskClient) -> None:
    need = records_of(Need, world.SOURCED)[0]
    page = coordinator.get(f"/needs/{need.reference}").text
    for label, treated_as in {
        "Smallest group": "One person may go alone",
        "Spread over": "Any number of sessions",
        "All or none": "No",
        "Where the trainees are": "In their own country",
    }.items():
        assert fact(page, label) == f"Not said; treated as: {treated_as}"


def test_what_nobody_said_of_a_sourced_offer_is_no_fact(at_work: Flask, coordinator: FlaskClient) -> None:
    offer = next(one for one in records_of(Offer, world.SOURCED) if not one.women_only)
    page = coordinator.get(f"/offers/{offer.reference}").text
    assert fact(page, "For women only") == "Not said; treated as: No"
    assert fact(page, "Participants in a session, at most") == "Not said; treated as: No limit"


def test_a_box_left_empty_by_its_owner_is_an_answer(at_work: Flask, coordinator: FlaskClient) -> None:
    need = next(one for one in records_of(Need, world.EXERCISE) if not one.whole)
    assert fact(coordinator.get(f"/needs/{need.reference}").text, "All or none") == "No"


def test_seats_that_nobody_stated_are_marked_wherever_they_are_counted(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    plan = world.draft_of(world.SOURCED)
    seats = sum(row["seats"] for row in plan.document["assignments"])
    page = coordinator.get(f"/plans/{plan.id}").text
    assert f"{seats} seats, of them {seats} assumed." in page
    assert page.count('<span class="assumed">assumed</span>') >= len(plan.document["assignments"])
    assert "Every need has all its seats" not in page
    match = world.publish_draft(world.SOURCED)[0]
    assert f"{match.seats} seats assumed" in coordinator.get(f"/matches/{match.id}").text
    assert '<span class="assumed">' in coordinator.get(f"/rounds/{world.SOURCED}/matches").text


def test_seats_that_were_stated_are_not_marked(at_work: Flask, coordinator: FlaskClient) -> None:
    plan = world.draft_of(world.EXERCISE)
    asked = [
        any(question["field"] == "seats" for question in row["questions"])
        for row in plan.document["assignments"]
    ]
    assert 0 < sum(asked) < len(asked)
    page = coordinator.get(f"/plans/{plan.id}").text
    matches = page.partition('id="matches"')[2].partition('id="questions"')[0]
    assert matches.count('<span class="assumed">') == sum(asked)


def test_an_unanswered_question_is_no_reason_for_a_match(at_work: Flask, coordinator: FlaskClient) -> None:
    for match in world.publish_draft(world.SOURCED):
        shared = set(match.need.areas or ()) & set(match.session.areas or ())
        is_any = "any" in (*(match.need.areas or ()), *(match.session.areas or ()))
        page = coordinator.get(f"/matches/{match.id}").text
        assert ("<li>Subject: " in page) == bool(
            match.need.areas and match.session.areas and (shared or is_any)
        )
    silent = [one for one in world.firm_matches(world.publish_draft(world.EXERCISE)) if one.need.languages]
    page = coordinator.get(f"/matches/{silent[0].id}").text
    assert "<li>Subject: " in page
    assert "<li>Language: " in page


def test_the_cockpit_names_what_calls_for_a_repair(at_work: Flask, coordinator: FlaskClient) -> None:
    matches = world.publish_draft(world.EXERCISE)
    assert "wait for answers" in coordinator.get(ROUND).text
    _kept, lost = world.to_keep_and_to_lose(matches)
    decline(lost, "provider", at_work)
    page = coordinator.get(ROUND).text
    assert "A side declined this match." in page
    assert f"/needs/{lost.need_reference}" in page
    assert form_to(coordinator, ROUND, "/match")
    assert "A side declined this match." in coordinator.get("/").text


def test_a_late_need_and_a_withdrawn_support_call_for_a_repair_too(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    world.publish_draft(world.EXERCISE)
    actor = world.coordinator_of(at_work)
    late = submissions.submit_need(actor, "XAA", world.EXERCISE, {"title": "Too late for this plan"})
    support = submissions.list_supports(actor, world.EXERCISE, only_live=True)[0]
    submissions.withdraw_support(actor, support.reference, support.version, "No funds")
    found = {one.code for one in repair.find_attention(actor, world.EXERCISE)}
    assert {"late_need", "withdrawn_support"} <= found
    page = coordinator.get(ROUND).text
    assert "This need came in after the plan was asked for." in page
    assert "This support was withdrawn or has expired." in page
    assert f"/needs/{late.reference}" in page
    assert f"/supports/{support.reference}" in page


def test_a_decline_after_a_draft_was_made_is_not_hidden_behind_the_draft(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    matches = world.publish_draft(world.EXERCISE)
    kept, lost = world.to_keep_and_to_lose(matches)
    decline(lost, "provider", at_work)
    press(coordinator, ROUND, "/match")
    world.let_worker_run(at_work)
    assert "is a draft. Read it" in coordinator.get(ROUND).text
    db.session.expire_all()
    decline(kept, "recipient", at_work)
    page = coordinator.get(ROUND).text
    assert "can no longer be published" in page
    assert "is a draft. Read it" not in page
    assert "Repair again" in page
    assert press(coordinator, ROUND, "/match").status_code == 303


def test_when_every_record_is_gone_a_run_can_still_be_asked_for(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    world.publish_draft(world.SOURCED)
    actor = world.coordinator_of(at_work)
    for need in submissions.list_needs(actor, world.SOURCED, only_live=True):
        submissions.withdraw_need(actor, need.reference, need.version, "Ended")
    address = f"/rounds/{world.SOURCED}"
    location = press(coordinator, address, "/match").location
    world.let_worker_run(at_work)
    assert "Read plan" in coordinator.get(location).text
    db.session.expire_all()
    plan = world.draft_of(world.SOURCED)
    publishing.publish_plan(actor, plan.id, plan.version)
    assert form_to(coordinator, address, "/match")


def test_a_closed_round_says_what_goes_on_and_is_opened_again(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    assert "takes no new records and no first match" in coordinator.get(ROUND).text
    press(coordinator, ROUND, "/close")
    page = coordinator.get(ROUND).text
    assert "/needs/new" not in page
    assert "/needs/begin" not in page
    assert not any(form.action.endswith("/match") for form in read_page(page).forms)
    assert press(coordinator, ROUND, "/reopen").status_code == 303
    assert rounds.find_round(world.coordinator_of(at_work), world.EXERCISE).state == "open"


def test_a_closed_round_whose_plan_is_published_is_still_repaired(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    _kept, lost = world.to_keep_and_to_lose(world.publish_draft(world.EXERCISE))
    press(coordinator, ROUND, "/close")
    decline(lost, "provider", at_work)
    assert press(coordinator, ROUND, "/match").status_code == 303


def test_a_coordinator_chooses_which_of_the_clashing_matches_to_release(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    lost = world.one_that_others_need(world.publish_draft(world.EXERCISE))
    decline(lost, "recipient", at_work)
    address = press(coordinator, ROUND, "/match").location
    world.let_worker_run(at_work)
    page = coordinator.get(address).text
    clash = repair.describe_clash(world.coordinator_of(at_work), int(address.rpartition("/")[2]))
    assert "Agreed matches" not in page
    assert {pair.state for pair in clash.pairs} == {"proposed"}
    assert page.count("Waiting for answers") >= len(clash.pairs)
    form = form_to(coordinator, address, "/choose")
    nothing = coordinator.post(form.action, data=form.data())
    assert nothing.location == address
    chosen = [f"{pair.need} {pair.session}" for pair in clash.pairs]
    followed = coordinator.post(form.action, data=form.data(release=chosen)).location
    world.let_worker_run(at_work)
    page = coordinator.get(followed).text
    assert "What this run tries" in page
    assert "Read plan" in page


def test_activities_from_public_sources_say_so_and_stand_beside_gaps_that_are_nobodys_need(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    page = coordinator.get("/activities").text
    assert "They were not submitted to the mechanism and are not confirmed by the State named." in page
    context = context_statements.list_context_statements(world.coordinator_of(at_work))
    assert f"{len(context)} statements" in page
    assert "They are nobody’s need" in page


def test_my_part_of_the_plan_is_of_the_plan_that_is_published(
    at_work: Flask, browser_of: Callable[[Person], FlaskClient]
) -> None:
    matches = world.publish_draft(world.EXERCISE)
    first = db.session.query(Plan).filter_by(state="published").join(Plan.round).one()
    gone = matches[0]
    decline(gone, "provider", at_work)
    db.session.expire_all()
    # The match that is first in the list belongs to the plan that was published before.
    assert db.session.get_one(Match, gone.id).plan_id == first.id
    page = browser_of(world.focal_point_of(gone.need.recipient)).get(ROUND).text
    assert f"/plans/{first.id}/export.csv" in page
    first.state = "superseded"
    db.session.commit()
    page = browser_of(world.focal_point_of(gone.need.recipient)).get(ROUND).text
    assert f"/plans/{first.id}/export.csv" not in page


def test_the_questions_of_a_record_stand_in_one_row_of_the_plan_with_one_link_to_answer_them(
    at_work: Flask, coordinator: FlaskClient
) -> None:
    plan = world.draft_of(world.SOURCED)
    page = coordinator.get(f"/plans/{plan.id}").text
    section = page.partition('id="questions"')[2].partition('id="unmet"')[0]
    records = {question["record"] for question in plan.document["questions"]}
    assert section.count("<tr><td") == len(records)
    seats = [int(one) for one in re.findall(r'<tr><td class="number">(\d+)', section)]
    assert seats == sorted(seats, reverse=True)
    links = re.findall(r'<a href="([^"]+)">Answer them<', section)
    assert links
    for link in links:
        assert coordinator.get(link).status_code == 200, link


@pytest.mark.parametrize(
    ("kind", "fields", "ending"),
    [
        ("offer", ("seats", "only"), "/first-questions"),
        ("offer", ("seats", "languages"), "/revise"),
        ("need", ("seats",), "/revise"),
        ("need", ("seats_recognised",), "/recognise"),
        ("support", ("quantity",), "/revise"),
    ],
)
def test_a_question_leads_to_the_form_that_asks_it(
    at_work: Flask, kind: str, fields: tuple[str, ...], ending: str
) -> None:
    answer_address: Any = at_work.jinja_env.globals["answer_address"]
    with at_work.test_request_context():
        assert answer_address(kind, "X-0001", fields).endswith(ending)


def test_signing_out_ends_a_cookie_that_was_copied(at_work: Flask) -> None:
    browser = at_work.test_client()
    address = "/sign-in"
    (form,) = [one for one in read_page(browser.get(address).text).forms if one.action == address]
    browser.post(address, data=form.data(email=world.COORDINATOR, password=factories.PASSWORD))
    copied = browser.get_cookie("session")
    assert copied is not None
    (leave,) = [one for one in read_page(browser.get("/rounds").text).forms if one.action == "/sign-out"]
    browser.post("/sign-out", data=leave.data())
    thief = at_work.test_client()
    thief.set_cookie("session", copied.value)
    assert thief.get("/rounds").status_code == 303


def test_every_question_of_a_plan_has_a_short_name(at_work: Flask) -> None:
    asked = {question.field for question in db.session.query(Question)}
    assert asked
    assert asked - set(reasons.QUESTION_NAMES) == set()
