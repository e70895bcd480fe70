"""What would help in a real browser: asked for without a script, and read without a barrier."""

from collections.abc import Callable

from flask import Flask

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Run
from tests.browser.serving import Visitor
from tests.web import world

SECONDS = 10


def let_worker_look(service: Flask) -> None:
    """Let the worker run, for a short while."""
    with service.app_context():
        run = db.session.query(Run).order_by(Run.id.desc()).limit(1).one()
        run.time_limit_seconds = SECONDS
        db.session.commit()
    world.let_worker_run(service)


def test_what_would_help_is_asked_for_and_read_without_a_script_or_a_barrier(
    service: Flask, visit: Callable[..., Visitor]
) -> None:
    with service.app_context():
        match = world.publish_draft(world.EXERCISE)[0]
        plan = world.draft_of(world.EXERCISE)
        pages = [f"/plans/{plan.id}", f"/needs/{plan.document['unmet'][0]['need']}", f"/matches/{match.id}"]
    someone = visit(viewport={"width": 1280, "height": 800}, java_script_enabled=False)
    someone.sign_in(world.COORDINATOR)
    someone.visit(pages[0])
    someone.press("Look for what would help")
    let_worker_look(service)
    someone.visit(pages[0])
    assert someone.page.locator("main details", has_text="If it were declined").count() > 1
    assert someone.page.locator("#unmet ~ div details", has_text="Worked out on").count() > 1
    for language, width, theme in (("العربية", 320, "dark"), ("English", 1280, "light")):
        reader = visit(viewport={"width": width, "height": 800}, color_scheme=theme)
        reader.sign_in(world.COORDINATOR)
        reader.choose_language(language)
        for address in pages:
            reader.visit(address)
            reader.page.evaluate(
                "document.querySelectorAll('main details').forEach((one) => one.open = true)"
            )
            assert reader.barriers() == [], address
            assert reader.complaints == [], address
            assert reader.hidden_width() == 0, address
