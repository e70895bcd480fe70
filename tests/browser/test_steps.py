"""A need and an offer written in short steps in a real browser: left, taken up again, checked and sent; with
JavaScript and without, from left to right and from right to left.
"""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Need, Offer
from tests.browser.serving import Visitor
from tests.conftest import size_of_this_run
from tests.web import world

LANGUAGES = ("English", "العربية")
# A quick run looks at one language with JavaScript on a wide window, at the other without it on a telephone.
QUICK = [("English", True, 1280), ("العربية", False, 320)]
IS_FULL = size_of_this_run() == "full"
LOOKS = list(product(LANGUAGES, (True, False), (1280, 320))) if IS_FULL else QUICK


def go_on(someone: Visitor) -> None:
    """Press the one main button of the page."""
    main = someone.page.locator("main button.main")
    assert main.count() == 1, someone.page.url
    main.click()


def newest(service: Flask, table: Any) -> Any:
    with service.app_context():
        found = db.session.query(table).order_by(table.id.desc()).first()
        if table is Offer:
            assert found.sessions is not None
        db.session.expunge_all()
        return found


def start(
    service: Flask, visit: Callable[..., Visitor], language: str, javascript: bool, width: int
) -> Visitor:
    with service.app_context():
        email = world.focal_point_of("XAA").email
    someone = visit(java_script_enabled=javascript, viewport={"width": width, "height": 800})
    someone.sign_in(email)
    someone.choose_language(language)
    return someone


@pytest.mark.parametrize(("language", "javascript", "width"), LOOKS)
def test_a_need_is_begun_left_taken_up_checked_changed_and_sent(
    service: Flask, visit: Callable[..., Visitor], language: str, javascript: bool, width: int
) -> None:
    someone = start(service, visit, language, javascript, width)
    page = someone.page
    someone.visit(f"/rounds/{world.EXERCISE}")
    page.locator("main a[href$='/needs/begin']").first.click()

    # A step that cannot be kept says why, and its faults come first.
    page.locator("#audience").fill("Engineers")
    go_on(someone)
    page.locator("#faults").wait_for()
    if javascript:
        assert page.evaluate("document.activeElement.id") == "faults"
    page.locator("#faults a").click()
    page.locator("#title").fill("kestrel")
    # Enter presses the main button.
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/seats")
    page.locator("#seats_asked").fill("12")
    page.locator("#women-unknown").check()
    page.locator("main button[value='later']").click()

    # Later: the round shows the draft, and the way on leads to what was not kept yet.
    page.wait_for_url(f"**/rounds/{world.EXERCISE}")
    page.locator("main a[href$='/steps/dates']").first.click()
    page.locator("#languages-1").select_option("fr")
    go_on(someone)
    page.wait_for_url("**/steps/why")
    go_on(someone)

    # Every answer is there; one is changed on the way.
    page.wait_for_url("**/check")
    assert someone.hidden_width() == 0
    page.locator("main dd a[href$='#seats_asked']").click()
    assert page.locator("#women-unknown").is_checked()
    page.locator("#seats_asked").fill("14")
    go_on(someone)
    page.wait_for_url("**/check")
    assert "14" in page.locator("main dl").nth(1).inner_text()
    go_on(someone)
    page.wait_for_url("**/sent")

    need = newest(service, Need)
    assert need.reference in page.locator("main h1").inner_text()
    assert (need.title, need.audience, need.seats_asked, need.women, need.languages, need.state) == (
        "kestrel",
        "Engineers",
        14,
        None,
        ["fr"],
        "submitted",
    )
    assert someone.complaints == []


@pytest.mark.parametrize(("language", "javascript", "width"), LOOKS if IS_FULL else QUICK[1:])
def test_an_offer_is_written_in_steps_with_its_sessions(
    service: Flask, visit: Callable[..., Visitor], language: str, javascript: bool, width: int
) -> None:
    someone = start(service, visit, language, javascript, width)
    page = someone.page
    someone.visit(f"/rounds/{world.EXERCISE}/offers/begin")
    page.locator("#title").fill("First aid")
    go_on(someone)
    page.locator("#seats").fill("20")
    go_on(someone)
    page.locator("#requires-nothing").check()
    go_on(someone)
    for row in range(3):
        page.locator(f"[id='session-{row}-starts_on']").fill(f"2027-0{row + 3}-01")
        page.locator(f"[id='session-{row}-ends_on']").fill(f"2027-0{row + 3}-05")
        if row == 1:
            page.locator("main button[value='more']").click()
    go_on(someone)
    go_on(someone)
    page.wait_for_url("**/check")
    assert someone.hidden_width() == 0
    assert len(re.findall(r"2027", page.locator("main dl").nth(3).inner_text())) == 6
    go_on(someone)
    page.wait_for_url("**/sent")
    offer = newest(service, Offer)
    assert (offer.title, offer.seats, offer.requires, offer.state) == ("First aid", 20, [], "submitted")
    assert [one.key for one in offer.sessions] == ["S1", "S2", "S3"]
    assert someone.complaints == []
