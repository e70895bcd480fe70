"""The one table from an error to a response: problem+json (RFC 9457) under /api, a page elsewhere."""

import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType
from werkzeug.exceptions import NotFound as NothingHere

from lcm_service.domain.errors import (
    Conflict,
    LcmError,
    NotAllowed,
    NotFound,
    NotReached,
    NotSignedIn,
    NotValid,
    Stale,
    TooMany,
)
from lcm_service.services.throttle import source_of

STATUS_OF_ERROR: dict[type[LcmError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotValid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Conflict: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.CONFLICT,
    NotReached: HTTPStatus.BAD_GATEWAY,
}
API_PREFIX = "/api/"
# Somebody who has no page open yet is led to the sign-in, which is no refusal.
WORTH_LOGGING = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# The longest form has some texts of ten thousand characters, of nine bytes each at most as browsers send
# them. Fields are parted before anybody could count them, so what is limited is bytes.
MOST_FORM_BYTES = 1_000_000
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

log = logging.getLogger(__name__)


def register_http_errors(app: Flask) -> None:
    """Answer every refusal, known or not, in the form that the caller reads."""
    app.before_request(refuse_what_grows)
    app.before_request(refuse_nul_characters)
    app.register_error_handler(LcmError, answer_refusal)
    app.register_error_handler(HTTPException, answer_http_exception)


def refuse_what_grows() -> None:
    """A small body must not become a large one: what is packed is not unpacked, and a form is no flood."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    if request.mimetype in FORMS:
        request.max_content_length = min(MOST_FORM_BYTES, request.max_content_length or MOST_FORM_BYTES)


def refuse_nul_characters() -> None:
    """No text that is asked for holds a NUL, and one of the databases refuses to look for it."""
    if "\0" in request.path:
        raise NothingHere
    texts = (text for values in (request.args, request.form) for _name, text in values.items(multi=True))
    if any("\0" in text for text in texts):
        raise BadRequest("Texts cannot hold NUL characters.")


def is_api_request() -> bool:
    """Programs call below /api; everything else is read by people."""
    return request.path.startswith(API_PREFIX)


def status_of(error: LcmError) -> HTTPStatus:
    """The status of a refusal; a stale write that named its version by If-Match failed that precondition."""
    if isinstance(error, Stale) and is_api_request() and "If-Match" in request.headers:
        return HTTPStatus.PRECONDITION_FAILED
    return next(STATUS_OF_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_OF_ERROR)


def answer_refusal(error: LcmError) -> Any:
    """Answer what a service refused. Whoever is not signed in is led to the sign-in page and back."""
    status = status_of(error)
    _log_refusal(status, error.code)
    if is_api_request():
        response = problem(
            status,
            error.message,
            code=error.code,
            faults=error.faults if isinstance(error, NotValid) else {},
            details=error.details,
        )
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = _seconds_to_wait(error)
        return response
    if isinstance(error, TooMany):
        return *error_page(status, error.message, error), {"Retry-After": _seconds_to_wait(error)}
    if isinstance(error, NotSignedIn):
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("account.sign_in", next=target), HTTPStatus.SEE_OTHER)
    return error_page(status, error.message, error)


def _log_refusal(status: HTTPStatus, code: str) -> None:
    """Keep what may be an attempt to get at what is somebody else's; what is merely not valid is no news."""
    if status in WORTH_LOGGING and not (code == "not_signed_in" and "Authorization" not in request.headers):
        log.warning("Refused (%s) to %s: %s", code, source_of(request.remote_addr or ""), request.endpoint)


def _seconds_to_wait(error: TooMany) -> str:
    return str(error.details["retry_after_seconds"])


def answer_http_exception(error: HTTPException) -> Any:
    """Answer what Flask and its extensions refuse; redirects pass as they are."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    status = HTTPStatus(error.code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _forget_who_asks()
    if isinstance(error, CSRFError):
        _log_refusal(HTTPStatus.FORBIDDEN, "a form that this sign-in was not given")
    if is_api_request():
        messages = getattr(error, "data", {}).get("messages", {})
        response = problem(status, error.description or status.phrase, faults=messages)
        # What the status itself requires: Allow, Retry-After, WWW-Authenticate.
        for name, value in error.get_headers():
            if name.lower() not in {"content-type", "content-length"}:
                response.headers[name] = value
        return response
    return error_page(status, error.description or status.phrase)


def _forget_who_asks() -> None:
    """Let the page of a fault be that of a stranger: it may be the database that has failed, and to ask it
    for the person would fail again, outside of all that keeps addresses and values out of the log.
    """
    g._login_user = AnonymousUserMixin()


def error_page(status: HTTPStatus, message: str, error: LcmError | None = None) -> tuple[str, int]:
    """A page that says what was refused and what to do."""
    return render_template(
        [f"errors/{status.value}.html", "errors/error.html"], status=status, message=message, error=error
    ), status


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    code: str | None = None,
    faults: Mapping[str, Any] | None = None,
    details: Mapping[str, object] | None = None,
) -> Response:
    """Problem details. ``errors`` points into the request's body; ``details`` say what else is known."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": quote(request.path),
        "code": code or status.name.lower(),
    }
    errors = list(pointed_faults(faults or {}))
    if errors:
        document["errors"] = errors
    if details:
        document["details"] = dict(details)
    response = Response(json.dumps(document, default=str), status, mimetype="application/problem+json")
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def pointed_faults(faults: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Flatten nested messages into one line a fault, each with a JSON Pointer (RFC 6901)."""
    if isinstance(faults, Mapping):
        for key, inner in faults.items():
            step = str(key).replace("~", "~0").replace("/", "~1")
            # Libraries name the part of the request first; the pointer is into the body.
            is_location = (
                pointer == "" and step in {"json", "query", "headers"} and isinstance(inner, Mapping)
            )
            yield from pointed_faults(
                inner, pointer if is_location or step == "_schema" else f"{pointer}/{step}"
            )
    elif isinstance(faults, list | tuple):
        for inner in faults:
            yield from pointed_faults(inner, pointer)
    else:
        yield {"pointer": pointer, "detail": str(faults)}
