"""The API, /api/v1: the services of the pages, for programs. It describes itself: /api/v1/openapi.json."""

from http import HTTPStatus

from flask import Flask
from flask_smorest import Api, Blueprint

from lcm_service.api import (
    activities,
    circulated_needs,
    dates,
    deliveries,
    figures,
    matches,
    needs,
    offers,
    parts,
    plans,
    questions,
    rounds,
    runs,
    supports,
)
from lcm_service.schemas.answers import ProblemAnswer

PREFIX = "/api/v1"
AREAS: tuple[Blueprint, ...] = (
    needs.blp,
    offers.blp,
    supports.blp,
    circulated_needs.blp,
    activities.blp,
    questions.blp,
    rounds.blp,
    runs.blp,
    plans.blp,
    matches.blp,
    deliveries.blp,
    parts.blp,
    dates.blp,
    figures.blp,
)
DESCRIPTION = """Needs, offers and supports, their matching, and the answers of both sides.

A field that is absent or null is *unknown*, and is asked back; "any" says that it does not matter.
Every write names the version that it was made from (If-Match) and is refused if somebody else was quicker.
"""


class ProblemApi(Api):  # type: ignore[misc]
    """An API whose refusals are problem details; `http_errors` answers them, like those of the pages."""

    def _register_error_handlers(self) -> None:
        """Leave errors to the application's one table."""

    def _register_responses(self) -> None:
        content = {"application/problem+json": {"schema": ProblemAnswer}}
        for status in HTTPStatus:
            document = {"description": status.phrase, **({"content": content} if status >= 400 else {})}
            self.spec.components.response(status.name, document, lazy=True)
        self.spec.components.response(
            "DEFAULT_ERROR", {"description": "Refused", "content": content}, lazy=True
        )


def register_api(app: Flask) -> None:
    """Add the API. It takes tokens alone and no cookies, so forms of other sites cannot reach it."""
    app.config.update(
        API_TITLE="Light Coordination Mechanism",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        API_SPEC_OPTIONS={
            "info": {
                "description": DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
        },
    )
    api = ProblemApi(app)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for area in AREAS:
        app.extensions["csrf"].exempt(area)
        api.register_blueprint(area, url_prefix=PREFIX + area.url_prefix)
