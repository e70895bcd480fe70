"""What every call of the API does: say who calls, name the version, ask for a part of a list."""

import json
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from werkzeug.exceptions import BadRequest, PreconditionFailed, PreconditionRequired

from lcm_service.domain.errors import NotAllowed, NotSignedIn
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.services.tokens import actor_of_token

# Written into the description of each call that changes a record.
NAMES_ITS_VERSION: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "required": True,
            "description": "The ETag that the record was read with.",
            "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
        }
    ],
    "responses": {
        "409": "CONFLICT",
        "412": "PRECONDITION_FAILED",
        "428": "PRECONDITION_REQUIRED",
    },
}


def make_area(name: str, description: str, prefix: str) -> Blueprint:
    """A part of the API, where every call carries a token and every answer may be asked for conditionally."""
    # The pages have areas of the same names.
    area = Blueprint(f"api-{name}", f"lcm_service.api.{name}", url_prefix=prefix, description=description)
    area.before_request(_find_caller)
    area.before_request(_refuse_unreadable_body)
    area.after_request(_answer_conditionally)
    return area


def make_open_area(name: str, description: str, prefix: str) -> Blueprint:
    """A part of the API that everybody may read without a token; nobody's token is looked at."""
    area = Blueprint(f"api-{name}", f"lcm_service.api.{name}", url_prefix=prefix, description=description)
    area.after_request(_answer_conditionally)
    return area


def caller() -> Actor:
    """As whom the token of this call acts."""
    return cast(Actor, g.caller)


def asked_version() -> int:
    """The version that a write was made from: 428 where If-Match is missing, 412 where it names none."""
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequired("Say which version you change: send its ETag as If-Match.")
    match = re.fullmatch(r'"([0-9]{1,9})"', header.strip())
    if match is None:
        raise PreconditionFailed("If-Match must hold the one ETag that the record was read with.")
    return int(match[1])


def etag_of(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


def next_part(items: list[Any], limit: int, query: Mapping[str, Any]) -> str | None:
    """The address of what follows, where the list went on after ``limit`` items."""
    if len(items) <= limit:
        return None
    wanted = {**query, "limit": limit, "after": items[limit - 1].reference}
    words = {key: str(value).lower() if isinstance(value, bool) else value for key, value in wanted.items()}
    return f"{request.path}?{urlencode(words)}"


def _find_caller() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn(sentence("Send a token: Authorization: Bearer lcm_..."))
    settings = current_app.config["SETTINGS"]
    g.caller, scope = actor_of_token(token.strip(), with_demonstration=settings.demonstration)
    if scope != "act" and request.method not in {"GET", "HEAD", "OPTIONS"}:
        raise NotAllowed(sentence('This token is good for reading alone. Make one whose scope is "act".'))


def _refuse_unreadable_body() -> None:
    """Numbers of thousands of digits and brackets without end are no JSON that anybody meant, and of a key
    that is said twice nobody knows which one was meant.
    """
    body = request.get_data(cache=True) if request.is_json else b""
    if not body:
        return
    try:
        json.loads(body, object_pairs_hook=_refuse_repeated_keys)
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest("The body cannot be read as JSON.") from error


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        repeated = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise BadRequest(f"The body names {repeated[:80]!r} twice in one object. Name each field once.")
    return read


def _answer_conditionally(response: Response) -> Response:
    if request.method in {"GET", "HEAD"} and response.status_code == 200:
        response.make_conditional(request)
    return response
