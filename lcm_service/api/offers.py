"""Offers: listed, read, submitted, revised, withdrawn."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, make_area
from lcm_service.api.record_answers import answer, answer_part, choice_of
from lcm_service.schemas.answers import OfferAnswer, OfferPage
from lcm_service.schemas.queries import PageQuery
from lcm_service.schemas.records import NewOfferSchema, OfferSchema, RenewalSchema, WithdrawalSchema
from lcm_service.services import submissions

blp = make_area("offers", "Courses and programmes offered, open to all who take part.", "/offers")


@blp.get("/")
@blp.arguments(PageQuery, location="query")
@blp.response(200, OfferPage)
def list_offers(query: dict[str, Any]) -> Any:
    """The offers that the caller may see, oldest first."""
    found = submissions.list_offers(caller(), query.get("round"), **choice_of(query))
    return answer_part("offer", found, query)


@blp.post("/")
@blp.arguments(NewOfferSchema)
@blp.response(201, OfferAnswer)
def submit_offer(data: dict[str, Any]) -> Any:
    """Submit an offer; what is not known yet may be left out and is asked back."""
    participant = data.pop("participant", None) or caller().participant_code or ""
    code = data.pop("round")
    if data.pop("state", None) == "draft":
        record = submissions.save_draft(caller(), "offer", participant, code, data)
    else:
        record = submissions.submit_offer(caller(), participant, code, data)
    return answer("offer", record, 201)


@blp.get("/<reference>")
@blp.response(200, OfferAnswer)
def read_offer(reference: str) -> Any:
    """An offer with its dated sessions."""
    return answer("offer", submissions.find_offer(caller(), reference))


@blp.patch("/<reference>")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(OfferSchema(partial=True))
@blp.response(200, OfferAnswer)
def revise_offer(data: dict[str, Any], reference: str) -> Any:
    """Change the fields that are sent and no others; a null makes a field unknown."""
    return answer("offer", submissions.revise_offer(caller(), reference, data, asked_version()))


@blp.post("/<reference>/submission")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(201, OfferAnswer)
def submit_draft(reference: str) -> Any:
    """Send a draft. It becomes an offer of now, with a reference of its own."""
    return answer("offer", submissions.submit_draft(caller(), "offer", reference, asked_version()), 201)


@blp.post("/<reference>/discarding")
@blp.doc(**NAMES_ITS_VERSION)
@blp.response(204)
def discard_draft(reference: str) -> None:
    """Take a draft away; nothing that it said is kept."""
    submissions.discard_draft(caller(), "offer", reference, asked_version())


@blp.post("/<reference>/withdrawal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(WithdrawalSchema)
@blp.response(200, OfferAnswer)
def withdraw_offer(data: dict[str, Any], reference: str) -> Any:
    """Withdraw an offer; its matches are released in the same moment."""
    record = submissions.withdraw_offer(caller(), reference, asked_version(), data.get("reason"))
    return answer("offer", record)


@blp.post("/<reference>/renewal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(RenewalSchema)
@blp.response(200, OfferAnswer)
def renew_offer(data: dict[str, Any], reference: str) -> Any:
    """An offer that expired stands until another day, and is acknowledged anew."""
    until = data.get("expires_on")
    return answer(
        "offer",
        submissions.renew_record(caller(), "offer", reference, expires_on=until, version=asked_version()),
    )


@blp.post("/<reference>/sessions/<key>/withdrawal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(WithdrawalSchema)
@blp.response(200, OfferAnswer)
def withdraw_session(data: dict[str, Any], reference: str, key: str) -> Any:
    """Withdraw one dated session; its matches are released in the same moment. The ETag is the offer's."""
    code = f"{reference}-{key}"
    return answer("offer", submissions.withdraw_session(caller(), code, asked_version(), data.get("reason")))
