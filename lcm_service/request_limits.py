"""How many requests one caller may make a minute, so that no program or place takes the service from others.

Whoever is signed in is counted alone, in all browsers at a place together: nobody else there can use that
up, nor can somebody elsewhere who took a cookie of its, which a counter of the person alone would let keep
it out even after that sign-in was ended.
Strangers are counted by the place that they come from, and there the pages of signing in apart from the rest,
so that who reads much keeps nobody from signing in. A token is counted too, and so is its place, ten times as
generously, for an invented token must not begin anew. What is refused is not counted. Guesses at passwords
and codes are counted apart, in the database (`services/throttle.py`).
"""

from flask import Flask, request, session
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from lcm_service.config import Settings
from lcm_service.domain.errors import TooMany
from lcm_service.domain.sentences import sentence
from lcm_service.domain.sign_in_terms import PERSON_IN_COOKIE
from lcm_service.http_errors import is_api_request
from lcm_service.services.throttle import sha256_of, source_of

CALLERS_OF_A_PLACE = 10
SIGNING_IN = ("account", "single_sign_on")
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
            counted.append((of_place, f"place {place}"))
        # First all are asked, then all are counted: else what is refused to one caller uses up its place.
        for act in (limiter.test, limiter.hit):
            for limit, key in counted:
                if not act(limit, sha256_of(key)):
                    raise TooMany(TOO_MANY_REQUESTS, retry_after_seconds=limit.get_expiry())

    # Before anything else is read, looked up or drawn.
    app.before_request(refuse_floods)


def is_signed_in() -> bool:
    """Whether a page is asked for by somebody who has signed in: the cookie that names the person is signed
    by this service, so nobody makes one up. The API takes no cookies.
    """
    return not is_api_request() and PERSON_IN_COOKIE in session


def caller_or(place: str) -> str:
    """Whom a request is counted for: the person at this place, the token that it names, else the place."""
    if is_signed_in():
        return f"person {session[PERSON_IN_COOKIE]} at {place}"
    if is_api_request() and "Authorization" in request.headers:
        return f"token {request.headers['Authorization']}"
    signs_in = request.blueprint in SIGNING_IN
    return f"stranger {place} {'signing in' if signs_in else 'reading'}"
