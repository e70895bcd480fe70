"""The journey of the whole mechanism in a real browser, with JavaScript and without: the same final state."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Plan
from lcm_service.services import decisions
from tests.browser.serving import Visitor
from tests.web import world

type Sides = tuple[int, str, str]


def sides(service: Flask) -> tuple[Sides, Sides]:
    """A match to confirm and one to decline, each with the addresses of its recipient and its provider."""
    with service.app_context():
        matches = decisions.list_matches(world.coordinator_of(service), world.EXERCISE)
        kept, lost = world.to_keep_and_to_lose(matches)
        found = [
            (
                one.id,
                world.focal_point_of(one.need.recipient).email,
                world.focal_point_of(one.offer.provider).email,
            )
            for one in (kept, lost)
        ]
        return found[0], found[1]


def pass_gate(someone: Visitor) -> None:
    """The coordinator puts a plan forward; a second one approves it, and it leaves at once."""
    address = urlsplit(someone.page.url).path
    someone.press("Put it forward")
    assert "Waiting for a second coordinator" in someone.page.inner_text("main")
    someone.sign_in(world.APPROVER)
    someone.visit(address)
    someone.press("Approve")
    assert "is published" in someone.page.inner_text("main")


def wait_for_plan(someone: Visitor, number: int) -> None:
    """Wait until the page of a run, which looks again by itself, shows the way to its plan."""
    someone.page.get_by_role("link", name=f"Read plan {number}").wait_for(timeout=20_000)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_match_publish_confirm_decline_repair_export(
    service: Flask, visit: Callable[..., Visitor], javascript: bool
) -> None:
    someone = visit(java_script_enabled=javascript)
    page = someone.page
    cockpit = f"/rounds/{world.EXERCISE}"

    # The coordinator matches, reads the plan and publishes it.
    someone.sign_in(world.COORDINATOR)
    someone.visit(cockpit)
    page.locator("summary", has_text="Make another plan").click()
    someone.press("Match")
    page.wait_for_url("**/runs/*")
    world.let_worker_run(service)
    wait_for_plan(someone, 2)
    someone.press("Read plan 2")
    assert "Every objective is proven" in page.inner_text("main")
    pass_gate(someone)

    # Two recipients agree to be put to their providers: one of these confirms, the other declines.
    (kept, recipient, asked), (lost, other_recipient, provider) = sides(service)
    someone.sign_in(recipient)
    someone.press("See the matches")
    for match, email in ((kept, recipient), (lost, other_recipient)):
        someone.sign_in(email)
        someone.visit(f"/matches/{match}")
        assert "It reads nothing else of your need" in page.inner_text("main")
        someone.press("Agree to be put to", exact=False)
        assert "The provider is asked now" in page.inner_text("main")
    for email in (asked, recipient):
        someone.sign_in(email)
        someone.visit(f"/matches/{kept}")
        someone.press("Confirm")
        assert "The match is confirmed" in page.inner_text("main")
    someone.sign_in(provider)
    someone.visit(f"/matches/{lost}")
    someone.press("Decline")
    someone.press("Decline")
    assert "Something has to be put right" in page.inner_text("main")
    page.get_by_label("There is not enough capacity").check()
    someone.press("Decline")
    assert "The match is declined" in page.inner_text("main")

    # The coordinator repairs, sees what changes, publishes and exports.
    someone.sign_in(world.COORDINATOR)
    someone.visit(cockpit)
    someone.press("Repair")
    page.wait_for_url("**/runs/*")
    world.let_worker_run(service)
    wait_for_plan(someone, 3)
    someone.press("Read plan 3")
    shown = page.inner_text("main")
    assert "What changes against the published plan" in shown
    assert "Lost" in shown
    pass_gate(someone)
    with service.app_context():
        plan = db.session.query(Plan).filter_by(state="published").join(Plan.round).one()
        assert plan.number == 3
        pairs = {(row["need"], row["session"]) for row in plan.document["assignments"]}
        confirmed, declined = db.session.get_one(Match, kept), db.session.get_one(Match, lost)
        assert (confirmed.need_reference, confirmed.session_code) in pairs
        assert (declined.need_reference, declined.session_code) not in pairs
        # Where the repair gives the kept match more seats, its recipient is asked about those anew.
        grew = any(row.seats < confirmed.seats for row in confirmed.decisions if row.side == "recipient")
        assert (confirmed.state, declined.state) == ("asked" if grew else "proposed", "declined")
        plan_id = plan.id
    someone.visit(f"/plans/{plan_id}")
    with page.expect_download() as download:
        someone.press("Plan (JSON)")
    assert '"lcm-plan-export/1"' in download.value.path().read_text(encoding="utf-8")
    assert someone.complaints == []


def test_a_focal_point_states_a_need_by_keyboard_alone_and_sees_its_faults_first(
    service: Flask, visit: Callable[..., Visitor]
) -> None:
    with service.app_context():
        email = world.focal_point_of("XAA").email
    someone = visit()
    page = someone.page
    someone.sign_in(email)
    someone.visit(f"/rounds/{world.EXERCISE}/needs/new")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator("main button.main").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#faults")
    # The list of faults has the focus, and its first entry leads to the field.
    assert page.evaluate("document.activeElement.id") == "faults"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#title").focus()
    page.keyboard.type("Convoy drivers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/needs/N-*")
    assert "is recorded as" in page.inner_text("main")
    outline = page.evaluate(
        "(document.querySelector('main a').focus({focusVisible: true}),"
        "getComputedStyle(document.querySelector('main a')).outlineStyle)"
    )
    assert outline == "solid"
    assert someone.complaints == []


def test_the_page_of_a_run_looks_again_by_itself_until_it_has_ended(
    service: Flask, visit: Callable[..., Visitor]
) -> None:
    someone = visit()
    someone.sign_in(world.COORDINATOR)
    someone.visit(f"/rounds/{world.EXERCISE}")
    someone.page.locator("summary", has_text="Make another plan").click()
    someone.press("Match")
    someone.page.wait_for_url("**/runs/*")
    world.let_worker_run(service)
    wait_for_plan(someone, 2)
