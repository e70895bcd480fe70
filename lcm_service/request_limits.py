"""How many requests one caller may make a minute, so that no program or place takes the service from others.

Counted are whoever signed in or holds a token, strangers by the place that they come from, and every place as
a whole, ten times as generously, for many people may share one and an invented token must not begin anew.
Guesses at passwords and codes are counted apart, in the database (`services/throttle.py`).
"""

from flask import Flask, request, session
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from lcm_service.config import Settings
from lcm_service.domain.errors import TooMany
from lcm_service.domain.sentences import sentence
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
        # The place first: what it may not ask for is not counted for its people.
        for limit, key in ((of_place, f"place {place}"), (of_caller, caller_or(place))):
            if not limiter.hit(limit, sha256_of(key)):
                raise TooMany(TOO_MANY_REQUESTS, retry_after_seconds=limit.get_expiry())

    # Before anything else is read, looked up or drawn.
    app.before_request(refuse_floods)


def caller_or(place: str) -> str:
    """Whom a request is counted for: the token or the sign-in that it carries, else the place it is from."""
    if token := request.headers.get("Authorization"):
        return f"token {token}"
    # Signed by this service, so nobody makes one up.
    if sign_in := session.get("_user_id"):
        return f"sign-in {sign_in}"
    return f"stranger {place}"
