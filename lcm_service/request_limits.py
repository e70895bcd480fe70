"""How many requests one caller may make a minute, so that no program or place takes the service from others.

Whoever is signed in is counted alone: nobody at the same place can use that up. Strangers are counted by the
place that they come from. A token is counted too, and so is its place, ten times as generously, for an
invented token must not begin anew. Guesses at passwords and codes are counted apart, in the database
(`services/throttle.py`).
"""

from flask import Flask, request, session
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from lcm_service.config import Settings
from lcm_service.domain.errors import TooMany
from lcm_service.domain.sentences import sentence
from lcm_service.http_errors import is_api_request
from lcm_service.services.throttle import sha256_of, source_of

CALLERS_OF_A_PLACE = 10
TOO_MANY_REQUESTS = sentence("Too many requests in a minute. Wait a minute and go on; nothing is lost.")


def register_request_limits(app: Flask) -> None:
    """Count every request but those for files of the pages; 0 a minute stands for no limit."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.requests_a_minute:
        return
    limiter = MovingWindowRateLimiter(storage_from_string(settings.limits_storage))
    of_caller = RateLimitItemPerMinute(settings.requests_a_minute)
    of_place = RateLimitItemPerMinute(settings.requests_a_minute * CALLERS_OF_A_PLACE)

    def refuse_floods() -> None:
        if request.endpoint == "static":
            return
        place = source_of(request.remote_addr or "")
        counted = [(of_caller, caller_or(place))]
        if not is_signed_in():
            # The place first: what it may not ask for is not counted for its programs.
            counted.insert(0, (of_place, f"place {place}"))
        for limit, key in counted:
            if not limiter.hit(limit, sha256_of(key)):
                raise TooMany(TOO_MANY_REQUESTS, retry_after_seconds=limit.get_expiry())

    # Before anything else is read, looked up or drawn.
    app.before_request(refuse_floods)


def is_signed_in() -> bool:
    """Whether a page is asked for by a sign-in: its cookie is signed by this service, so nobody makes one up.
    The API takes no cookies.
    """
    return not is_api_request() and "_user_id" in session


def caller_or(place: str) -> str:
    """Whom a request is counted for: the sign-in or the token that it carries, else the place it is from."""
    if is_signed_in():
        return f"sign-in {session['_user_id']}"
    if is_api_request() and "Authorization" in request.headers:
        return f"token {request.headers['Authorization']}"
    return f"stranger {place}"
