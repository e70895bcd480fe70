"""Supports: listed, read, submitted, revised, withdrawn."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, make_area
from lcm_service.api.record_answers import answer, answer_part, choice_of
from lcm_service.schemas.answers import SupportAnswer, SupportPage
from lcm_service.schemas.queries import PageQuery
from lcm_service.schemas.records import NewSupportSchema, RenewalSchema, SupportSchema, WithdrawalSchema
from lcm_service.services import submissions

blp = make_area("supports", "Funds, venues, equipment, interpretation.", "/supports")


@blp.get("/")
@blp.arguments(PageQuery, location="query")
@blp.response(200, SupportPage)
def list_supports(query: dict[str, Any]) -> Any:
    """The supports that the caller may see, oldest first."""
    found = submissions.list_supports(caller(), query.get("round"), **choice_of(query))
    return answer_part("support", found, query)


@blp.post("/")
@blp.arguments(NewSupportSchema)
@blp.response(201, SupportAnswer)
def submit_support(data: dict[str, Any]) -> Any:
    """Submit a support; what is not known yet may be left out and is asked back."""
    participant = data.pop("participant", None) or caller().participant_code or ""
    code = data.pop("round")
    if data.pop("state", None) == "draft":
        record = submissions.save_draft(caller(), "support", participant, code, data)
    else:
        record = submissions.submit_support(caller(), participant, code, data)
    return answer("support", record, 201)


@blp.get("/<reference>")
@blp.response(200, SupportAnswer)
def read_support(reference: str) -> Any:
    """A support."""
    return answer("support", submissions.find_support(caller(), reference))


@blp.patch("/<reference>")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(SupportSchema(partial=True))
@blp.response(200, SupportAnswer)
def revise_support(data: dict[str, Any], reference: str) -> Any:
    """Change the fields that are sent and no others; a null makes a field unknown."""
    return answer("support", submissions.revise_support(caller(), reference, data, asked_version()))


@blp.post("/<reference>/submission")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(201, SupportAnswer)
def submit_draft(reference: str) -> Any:
    """Send a draft. It becomes a support of now, with a reference of its own."""
    return answer("support", submissions.submit_draft(caller(), "support", reference, asked_version()), 201)


@blp.post("/<reference>/discarding")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(204)
def discard_draft(reference: str) -> None:
    """Take a draft away; nothing that it said is kept."""
    submissions.discard_draft(caller(), "support", reference, asked_version())


@blp.post("/<reference>/withdrawal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(WithdrawalSchema)
@blp.response(200, SupportAnswer)
def withdraw_support(data: dict[str, Any], reference: str) -> Any:
    """Withdraw a support. The matches that count on it stay until the plan is repaired."""
    record = submissions.withdraw_support(caller(), reference, asked_version(), data.get("reason"))
    return answer("support", record)


@blp.post("/<reference>/renewal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(RenewalSchema)
@blp.response(200, SupportAnswer)
def renew_support(data: dict[str, Any], reference: str) -> Any:
    """A support that expired stands until another day, and is acknowledged anew."""
    until = data.get("expires_on")
    return answer(
        "support",
        submissions.renew_record(caller(), "support", reference, expires_on=until, version=asked_version()),
    )
