"""The journey of the whole mechanism in a real browser, in every language, with JavaScript and without: the
same final state. Quick runs walk it in English, and in Arabic without JavaScript.
"""

from collections.abc import Callable
from itertools import product
from urllib.parse import urlsplit

import pytest
from flask import Flask

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Plan
from lcm_service.services import decisions
from tests.browser.serving import Visitor
from tests.browser.wording import OWN_NAMES
from tests.conftest import size_of_this_run
from tests.web import world

QUICK = [("en", True), ("en", False), ("ar", False)]
FULL = list(product(OWN_NAMES, (True, False)))

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
    someone.reads("Waiting for a second coordinator")
    someone.sign_in(world.APPROVER)
    someone.visit(address)
    someone.press("Approve")
    someone.reads("is published. The recipient of each match is asked first.")


def wait_for_plan(someone: Visitor, number: int) -> None:
    """Wait until the page of a run, which looks again by itself, shows the way to its plan."""
    name = someone.wording.button(f"Read plan {number}")
    someone.page.get_by_role("link", name=name).wait_for(timeout=20_000)


@pytest.mark.parametrize(("language", "javascript"), FULL if size_of_this_run() == "full" else QUICK)
def test_match_publish_confirm_decline_repair_export(
    service: Flask, visit: Callable[..., Visitor], language: str, javascript: bool
) -> None:
    someone = visit(language=language, java_script_enabled=javascript)
    page = someone.page
    cockpit = f"/rounds/{world.EXERCISE}"

    # The coordinator matches, reads the plan and publishes it.
    someone.sign_in(world.COORDINATOR)
    someone.visit(cockpit)
    page.locator("summary", has_text=someone.wording.part("Make another plan")).click()
    someone.press("Match")
    page.wait_for_url("**/runs/*")
    world.let_worker_run(service)
    wait_for_plan(someone, 2)
    someone.press("Read plan 2")
    someone.reads("Every objective is proven")
    pass_gate(someone)

    # Two recipients agree to be put to their providers: one of these confirms, the other declines.
    (kept, recipient, asked), (lost, other_recipient, provider) = sides(service)
    someone.sign_in(recipient)
    someone.press("See the matches")
    for match, email in ((kept, recipient), (lost, other_recipient)):
        someone.sign_in(email)
        someone.visit(f"/matches/{match}")
        someone.reads("It reads nothing else of your need")
        someone.press("Agree to be put to", exact=False)
        someone.reads("The provider is asked now")
    for email in (asked, recipient):
        someone.sign_in(email)
        someone.visit(f"/matches/{kept}")
        someone.press("Confirm")
        someone.reads("The match is confirmed")
    someone.sign_in(provider)
    someone.visit(f"/matches/{lost}")
    someone.press("Decline")
    someone.press("Decline")
    someone.reads("Something has to be put right")
    page.get_by_label(someone.wording.part("There is not enough capacity")).check()
    someone.press("Decline")
    someone.reads("The match is declined")

    # The coordinator repairs, sees what changes, publishes and exports.
    someone.sign_in(world.COORDINATOR)
    someone.visit(cockpit)
    someone.press("Repair")
    page.wait_for_url("**/runs/*")
    world.let_worker_run(service)
    wait_for_plan(someone, 3)
    someone.press("Read plan 3")
    someone.reads("What changes against the published plan")
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
    someone.reads("is recorded as")
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
