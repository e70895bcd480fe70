"""Needs: listed, read, submitted, revised, withdrawn, recognised."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, make_area
from lcm_service.api.record_answers import answer, answer_part, choice_of
from lcm_service.schemas.answers import NeedAnswer, NeedPage
from lcm_service.schemas.queries import PageQuery
from lcm_service.schemas.records import (
    NeedSchema,
    NewNeedSchema,
    RecognitionSchema,
    RenewalSchema,
    WithdrawalSchema,
)
from lcm_service.services import submissions

blp = make_area("needs", "Training needs. Restricted: a participant sees its own.", "/needs")


@blp.get("/")
@blp.arguments(PageQuery, location="query")
@blp.response(200, NeedPage)
def list_needs(query: dict[str, Any]) -> Any:
    """The needs that the caller may see, oldest first."""
    found = submissions.list_needs(caller(), query.get("round"), **choice_of(query))
    return answer_part("need", found, query)


@blp.post("/")
@blp.arguments(NewNeedSchema)
@blp.response(201, NeedAnswer)
def submit_need(data: dict[str, Any]) -> Any:
    """Submit a need; what is not known yet may be left out and is asked back."""
    participant = data.pop("participant", None) or caller().participant_code or ""
    code = data.pop("round")
    if data.pop("state", None) == "draft":
        record = submissions.save_draft(caller(), "need", participant, code, data)
    else:
        record = submissions.submit_need(caller(), participant, code, data)
    return answer("need", record, 201)


@blp.get("/<reference>")
@blp.response(200, NeedAnswer)
def read_need(reference: str) -> Any:
    """A need; one of another participant is answered as if there were none."""
    return answer("need", submissions.find_need(caller(), reference))


@blp.patch("/<reference>")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(NeedSchema(partial=True))
@blp.response(200, NeedAnswer)
def revise_need(data: dict[str, Any], reference: str) -> Any:
    """Change the fields that are sent and no others; a null makes a field unknown."""
    return answer("need", submissions.revise_need(caller(), reference, data, asked_version()))


@blp.post("/<reference>/submission")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(201, NeedAnswer)
def submit_draft(reference: str) -> Any:
    """Send a draft. It becomes a need of now, with a reference of its own."""
    return answer("need", submissions.submit_draft(caller(), "need", reference, asked_version()), 201)


@blp.post("/<reference>/discarding")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(204)
def discard_draft(reference: str) -> None:
    """Take a draft away; nothing that it said is kept."""
    submissions.discard_draft(caller(), "need", reference, asked_version())


@blp.post("/<reference>/withdrawal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(WithdrawalSchema)
@blp.response(200, NeedAnswer)
def withdraw_need(data: dict[str, Any], reference: str) -> Any:
    """Withdraw a need; its matches are released in the same moment."""
    record = submissions.withdraw_need(caller(), reference, asked_version(), data.get("reason"))
    return answer("need", record)


@blp.post("/<reference>/renewal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(RenewalSchema)
@blp.response(200, NeedAnswer)
def renew_need(data: dict[str, Any], reference: str) -> Any:
    """A need that expired stands until another day, and is acknowledged anew."""
    until = data.get("expires_on")
    return answer(
        "need",
        submissions.renew_record(caller(), "need", reference, expires_on=until, version=asked_version()),
    )


@blp.put("/<reference>/recognition")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(RecognitionSchema)
@blp.response(200, NeedAnswer)
def recognise_need(data: dict[str, Any], reference: str) -> Any:
    """Say how many seats and what priority count in the matching. For coordinators."""
    need = submissions.recognise_need(
        caller(),
        reference,
        seats=data["seats"],
        priority=data["priority"],
        reason=data.get("reason"),
        version=asked_version(),
    )
    return answer("need", need)
