"""The pages. Each file holds one area; every address is in the file of its area, under a plain name."""

from flask import Flask

from lcm_service.web import (
    account,
    activities,
    exports,
    matches,
    needs,
    offers,
    plans,
    questions,
    rounds,
    runs,
    showing,
    start,
    supports,
)

AREAS = (
    start,
    account,
    rounds,
    needs,
    offers,
    supports,
    activities,
    questions,
    runs,
    plans,
    matches,
    exports,
)


def register_pages(app: Flask) -> None:
    """Add the pages to the application."""
    showing.register_showing(app)
    for area in AREAS:
        app.register_blueprint(area.bp)
