"""No barrier on any page, in any language, size or theme; nothing wider than the window; nothing from afar.

Quick runs look at the main pages in English and Arabic, each width and theme once; full runs look at every
page in every language, size and theme.
"""

from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from lcm_service.persistence.database import db
from tests.browser.serving import Visitor
from tests.conftest import size_of_this_run
from tests.web import world
from tests.web.addresses import addresses, addresses_of_lead
from tests.web.test_all_pages import FILES

QUICK = [("English", 1280, "light"), ("العربية", 320, "dark")]
LANGUAGES = ["العربية", "中文", "English", "Français", "Русский", "Español"]
FULL = list(product(LANGUAGES, (320, 1280), ("light", "dark")))
MAIN_PAGES = (
    "start.index",
    "start.how_it_works",
    "rounds.show",
    "needs.index",
    "needs.show",
    "needs.edit",
    "offers.first_questions",
    "needs.ask_sheet",
    "sheets.show",
    "runs.show",
    "plans.show",
    "matches.show",
    "matches.ask_reason",
)


@pytest.mark.parametrize(("language", "width", "theme"), FULL if size_of_this_run() == "full" else QUICK)
def test_no_page_has_a_barrier_a_hidden_edge_or_a_stranger(
    service: Flask, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    with service.app_context():
        world.propose_other_dates(service, world.publish_draft(world.EXERCISE))
        world.leave_sheet(service)
        pages = {name: path for name, path in addresses(service, world.EXERCISE).items() if name not in FILES}
    if size_of_this_run() == "quick":
        pages = {name: pages[name] for name in MAIN_PAGES}
    someone = visit(viewport={"width": width, "height": 800}, color_scheme=theme)
    someone.sign_in(world.COORDINATOR)
    someone.choose_language(language)
    found = []
    for name, path in pages.items():
        someone.visit(path)
        faults = [*someone.barriers(), *someone.complaints]
        if someone.hidden_width() > 0:
            faults.append(f"{someone.hidden_width()} px wider than the window")
        found += [(name, fault) for fault in faults]
        someone.complaints.clear()
    assert found == []


def test_pages_of_strangers_and_refusals_have_no_barrier_either(
    service: Flask, visit: Callable[..., Visitor]
) -> None:
    someone = visit(viewport={"width": 320, "height": 800})
    for path in ("/", "/sign-in", "/how-matching-works"):
        someone.visit(path)
        assert someone.barriers() == []
    someone.sign_in(world.COORDINATOR)
    for path in ("/no/such/page", "/needs/N-9999"):
        response = someone.page.goto(someone.root + path)
        assert response is not None
        assert response.status == 404
        assert someone.barriers() == []
        assert someone.hidden_width() == 0


@pytest.mark.parametrize(("language", "width", "theme"), FULL if size_of_this_run() == "full" else QUICK)
def test_pages_about_people_and_ones_own_account_have_no_barrier(
    service: Flask, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    with service.app_context():
        lead = world.focal_point_of("XAA")
        lead.is_lead = True
        db.session.commit()
        pages = addresses_of_lead(service, lead)
        email = lead.email
    if size_of_this_run() == "quick":
        # Needs stand for what all three kinds are written on.
        pages = {name: path for name, path in pages.items() if not name.startswith(("offers.", "supports."))}
    someone = visit(viewport={"width": width, "height": 800}, color_scheme=theme)
    someone.sign_in(email)
    someone.choose_language(language)
    found = []
    for name, path in pages.items():
        someone.visit(path)
        found += [(name, fault) for fault in (*someone.barriers(), *someone.complaints)]
        if someone.hidden_width() > 0:
            found.append((name, f"{someone.hidden_width()} px wider than the window"))
        someone.complaints.clear()
    assert found == []


def test_main_buttons_are_large_enough_for_a_finger(service: Flask, visit: Callable[..., Visitor]) -> None:
    someone = visit(viewport={"width": 320, "height": 800})
    someone.sign_in(world.COORDINATOR)
    for path in (f"/rounds/{world.EXERCISE}", f"/rounds/{world.EXERCISE}/needs/new", "/rounds"):
        someone.visit(path)
        for button in someone.page.locator("main button, main a.button").all():
            box = button.bounding_box()
            # What is folded away has no size.
            assert box is None or box["height"] == 0 or box["height"] >= 44, (path, button.inner_text())
