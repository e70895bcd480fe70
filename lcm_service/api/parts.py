"""Parts: what supports are asked to give to sessions, confirmed and declined by their owners."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.decisions import ConfirmationOfPartSchema, DeclineOfPartSchema
from lcm_service.schemas.match_answers import PartAnswer
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import parties

blp = make_area(
    "parts",
    "What supports are asked to give to sessions, seen by their owners once asked, and by coordinators.",
    "/parts",
)


@blp.get("/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, PartAnswer(many=True))
def list_parts(query: dict[str, Any]) -> Any:
    """The parts of a round that the caller may see."""
    return [_shown(part) for part in parties.list_parts(caller(), query["round"])]


@blp.get("/<int(max=2147483647):part_id>")
@blp.response(200, PartAnswer)
def read_part(part_id: int) -> Any:
    """A part with its session, its quantity and the seats in all that it is for."""
    return _answer(parties.find_part(caller(), part_id))


@blp.post("/<int(max=2147483647):part_id>/confirmation")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(ConfirmationOfPartSchema)
@blp.response(200, PartAnswer)
def confirm_part(data: dict[str, Any], part_id: int) -> Any:
    """Confirm what is asked of a support for one session. For its owner."""
    part = parties.confirm_part(
        caller(), part_id, asked_version(), note=data.get("note"), on_behalf=data.get("on_behalf", False)
    )
    return _answer(part)


@blp.post("/<int(max=2147483647):part_id>/decline")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(DeclineOfPartSchema)
@blp.response(200, PartAnswer)
def decline_part(data: dict[str, Any], part_id: int) -> Any:
    """Decline what is asked. Nobody moves; the support is not used for that session again. For its owner."""
    part = parties.decline_part(
        caller(),
        part_id,
        data["reason"],
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _answer(part)


def _shown(part: Any) -> Any:
    return marked(part, part.standing)


def _answer(part: Any) -> Any:
    return _shown(part), 200, etag_of(part.version)
