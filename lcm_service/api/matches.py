"""Matches: read, agreed to, confirmed and declined by their sides, released by coordinators."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.decisions import (
    ConfirmationOfSideSchema,
    ConsentSchema,
    DeclineOfSideSchema,
    DeclineSchema,
    FewerSeatsOfSideSchema,
    SideSchema,
)
from lcm_service.schemas.match_answers import MatchAnswer
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import decisions, lapses, partial_acceptance

blp = make_area(
    "matches",
    "Matches of published plans, seen by coordinators, recipients, and providers they were put to.",
    "/matches",
)


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, MatchAnswer(many=True))
def list_matches(query: dict[str, Any]) -> Any:
    """The matches of a round that the caller may see."""
    return [_shown(match) for match in decisions.list_matches(caller(), query["round"])]


@blp.get("/<int(max=2147483647):match_id>")
@blp.response(200, MatchAnswer)
def read_match(match_id: int) -> Any:
    """A match with its answers and the questions that are open."""
    match = decisions.find_match(caller(), match_id)
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/consent")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(ConsentSchema)
@blp.response(200, MatchAnswer)
def consent_to_match(data: dict[str, Any], match_id: int) -> Any:
    """The recipient agrees to be put to the provider, which sees the match from now on. For the recipient."""
    match = decisions.consent_to_match(
        caller(), match_id, asked_version(), note=data.get("note"), on_behalf=data.get("on_behalf", False)
    )
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/confirmation")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(ConfirmationOfSideSchema)
@blp.response(200, MatchAnswer)
def confirm_match(data: dict[str, Any], match_id: int) -> Any:
    """Confirm for one side the seats that are proposed now: the provider, then the recipient, then the
    secretariat. Confirmed by all three, the match is agreed.
    """
    match = decisions.confirm_match(
        caller(),
        match_id,
        data["side"],
        asked_version(),
        note=data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/partial-acceptance")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(FewerSeatsOfSideSchema)
@blp.response(200, MatchAnswer)
def accept_fewer_seats(data: dict[str, Any], match_id: int) -> Any:
    """Accept fewer seats than are proposed, for the side whose turn it is: the rest is free for others, and
    what was confirmed for more covers them.
    """
    match = partial_acceptance.accept_fewer_seats(
        caller(),
        match_id,
        data["side"],
        data["seats"],
        data["reason"],
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/decline")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(DeclineOfSideSchema)
@blp.response(200, MatchAnswer)
def decline_match(data: dict[str, Any], match_id: int) -> Any:
    """Decline for one side. Nobody else moves; the pair is not proposed again.

    A side that is asked for more than it confirmed, or than all agreed, declines what is more. A letter
    declines all, unless ``only_more`` says otherwise.
    """
    match = decisions.decline_match(
        caller(),
        match_id,
        data["side"],
        data["reason"],
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
        only_more=data.get("only_more", False),
    )
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/revival")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(SideSchema)
@blp.response(200, MatchAnswer)
def revive_match(data: dict[str, Any], match_id: int) -> Any:
    """Put forward a match that lapsed unanswered again, while nobody else can have its seats: to the sides
    that it was put to before.
    """
    match = lapses.revive_match(
        caller(), match_id, data["side"], asked_version(), on_behalf=data.get("on_behalf", False)
    )
    return _shown(match), 200, etag_of(match.version)


@blp.post("/<int(max=2147483647):match_id>/release")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(DeclineSchema)
@blp.response(200, MatchAnswer)
def release_match(data: dict[str, Any], match_id: int) -> Any:
    """End a match that was asked about, proposed or agreed; the pair may be proposed again. For
    coordinators.
    """
    match = decisions.release_match(caller(), match_id, data["reason"], asked_version(), data.get("note"))
    return _shown(match), 200, etag_of(match.version)


def _shown(match: Any) -> Any:
    return marked(match, match.standing)
