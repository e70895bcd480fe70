"""A focal point's list becomes drafts, in a real browser and without a script."""

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask

from tests.browser.serving import Visitor
from tests.web import world

ROWS = (
    ("title", "seats_asked", "areas"),
    ("First aid", "12", "any"),
    ("Mine clearance", "ten", "C-IED"),
    ("Radio", "", ""),
)


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("English", 1280, "light"), ("العربية", 320, "dark")]
)
def test_a_list_is_looked_over_and_kept_as_drafts(
    service: Flask, visit: Callable[..., Visitor], language: str, width: int, theme: str
) -> None:
    with service.app_context():
        email = world.focal_point_of("XAA").email
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(ROWS)
    someone = visit(viewport={"width": width, "height": 800}, color_scheme=theme, java_script_enabled=False)
    page = someone.page
    someone.sign_in(email)
    someone.choose_language(language)
    someone.visit(f"/rounds/{world.EXERCISE}/needs")
    page.locator("main a[href$='/needs/sheet']").click()
    page.locator("#file").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode("utf-8-sig")}
    )
    page.locator("main button.main").click()
    assert "/sheets/" in page.url
    looked_over = page.inner_text("main")
    assert "ten" in looked_over
    assert "draft" not in page.locator("main a").all_inner_texts()
    page.locator("main form[action$='/keep'] button").click()
    links = page.locator("main a[href*='/needs/N-draft-']")
    assert links.count() == 2
    links.first.click()
    assert "First aid" in page.inner_text("main")
    someone.visit(f"/rounds/{world.EXERCISE}/needs")
    listed = page.inner_text("main")
    assert "First aid" in listed
    assert "Radio" in listed
    assert "Mine clearance" not in [row.strip() for row in listed.splitlines()]
    assert not someone.complaints
