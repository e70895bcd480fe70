"""Scenarios in a real browser: asked for by the page without a script, and read without a barrier."""

from collections.abc import Callable

from flask import Flask

from tests.browser.serving import Visitor
from tests.web import world

ADDRESS = f"/rounds/{world.EXERCISE}/scenarios"


def test_a_comparison_is_made_and_read_without_a_script_or_a_barrier(
    service: Flask, visit: Callable[..., Visitor]
) -> None:
    someone = visit(viewport={"width": 1280, "height": 800}, java_script_enabled=False)
    someone.sign_in(world.COORDINATOR)
    someone.visit(ADDRESS)
    someone.press("Compare the scenarios")
    world.let_worker_run(service)
    someone.visit(ADDRESS)
    assert someone.page.locator("main table").count() == 2
    for language, width, theme in (("العربية", 320, "dark"), ("English", 1280, "light")):
        reader = visit(viewport={"width": width, "height": 800}, color_scheme=theme)
        reader.sign_in(world.COORDINATOR)
        reader.choose_language(language)
        reader.visit(ADDRESS)
        assert reader.barriers() == []
        assert reader.complaints == []
        assert reader.hidden_width() == 0
