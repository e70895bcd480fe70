"""The intake of a round in a real browser: by keyboard alone and without a script."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests import factories
from tests.browser.serving import Visitor
from tests.web import world

MOST_TABS = 60
CODE = "R2027"


def tab_to(page: Page, wanted: str) -> None:
    """Go on by the Tab key until this has the focus, as who has no mouse does."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"{wanted} is not reached within {MOST_TABS} presses of Tab.")


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("English", 1280, "light"), ("العربية", 320, "dark")]
)
def test_records_are_chosen_and_acknowledged_by_keyboard_alone(
    service: Flask, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    with service.app_context():
        owner, round_ = factories.make_participant("XZZ"), factories.make_round(CODE)
        first, second, third = (factories.make_need(owner, round_, level=None).reference for _ in range(3))
    someone = visit(viewport={"width": width, "height": 800}, color_scheme=theme, java_script_enabled=False)
    page = someone.page
    someone.sign_in(world.COORDINATOR)
    someone.choose_language(language)
    someone.visit(f"/rounds/{CODE}")
    tab_to(page, f"a[href='/rounds/{CODE}/intake']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/intake")
    for reference in (first, third):
        tab_to(page, f"#choose-{reference}")
        page.keyboard.press("Space")
    tab_to(page, "main form[action$='/intake'] button.main")
    page.keyboard.press("Enter")
    page.locator("main .notice.good").wait_for()
    assert page.locator("main input[name=chosen]").count() == 1
    # Enter in a box sends those that are chosen, and not all.
    tab_to(page, f"#choose-{second}")
    page.keyboard.press("Enter")
    page.locator("main .notice.warn").wait_for()
    assert page.locator(f"#choose-{second}").count() == 1
    tab_to(page, "main button[name=all]")
    page.keyboard.press("Space")
    page.locator("main .notice.good").wait_for()
    assert page.locator("main form[action$='/intake']").count() == 0
    assert not someone.complaints


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("English", 1280, "light"), ("العربية", 320, "dark")]
)
def test_the_intake_of_a_full_round_has_no_barrier_and_no_hidden_edge(
    service: Flask, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    reader = visit(viewport={"width": width, "height": 800}, color_scheme=theme)
    reader.sign_in(world.COORDINATOR)
    reader.choose_language(language)
    reader.visit(f"/rounds/{world.EXERCISE}/intake")
    reader.page.evaluate("document.querySelectorAll('main details').forEach((one) => one.open = true)")
    assert reader.page.locator("main table").count() >= 2
    assert reader.barriers() == []
    assert reader.complaints == []
    assert reader.hidden_width() == 0
