"""Other dates: proposed for the session of a match, accepted and refused by those whose yes is needed."""

from typing import Any

from lcm_service.api.calls import NAMES_ITS_VERSION, asked_version, caller, etag_of, make_area
from lcm_service.api.record_answers import marked
from lcm_service.schemas.date_answers import DateProposalAnswer
from lcm_service.schemas.decisions import (
    AnswerToDatesSchema,
    OtherDatesOfSideSchema,
    WithdrawalOfDatesSchema,
)
from lcm_service.schemas.queries import RoundQuery
from lcm_service.services import other_dates

blp = make_area(
    "dates",
    "Other dates for sessions, seen by who proposed them and who is asked, and by coordinators.",
    "",
)
PLACE = "/dates/<int(max=2147483647):proposal_id>"


@blp.get("/dates/")
@blp.arguments(RoundQuery, location="query")
@blp.response(200, DateProposalAnswer(many=True))
def list_dates(query: dict[str, Any]) -> Any:
    """The proposals of other dates in a round that the caller may see."""
    return [_shown(one) for one in other_dates.list_date_proposals(caller(), query["round"])]


@blp.get(PLACE)
@blp.response(200, DateProposalAnswer)
def read_dates(proposal_id: int) -> Any:
    """A proposal of other dates, with the caller's own answer."""
    return _answer(other_dates.find_date_proposal(caller(), proposal_id))


@blp.post("/matches/<int(max=2147483647):match_id>/other-dates")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(OtherDatesOfSideSchema)
@blp.response(200, DateProposalAnswer)
def propose_dates(data: dict[str, Any], match_id: int) -> Any:
    """Propose other dates for the session of a match (If-Match: the match's ETag). It is no consent, and the
    match waits as before: first the provider answers, then all others whose yes is needed.
    """
    proposal = other_dates.propose_dates(
        caller(),
        match_id,
        data["side"],
        data["starts_on"],
        data.get("ends_on"),
        asked_version(),
        data.get("note"),
        on_behalf=data.get("on_behalf", False),
    )
    return _answer(proposal)


@blp.post(f"{PLACE}/acceptance")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(AnswerToDatesSchema)
@blp.response(200, DateProposalAnswer)
def accept_dates(data: dict[str, Any], proposal_id: int) -> Any:
    """Accept the dates for the caller's participant. The session is moved once all have, whose yes is
    needed.
    """
    proposal = other_dates.accept_dates(
        caller(), proposal_id, asked_version(), participant_code=data.get("participant")
    )
    return _answer(proposal)


@blp.post(f"{PLACE}/refusal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(AnswerToDatesSchema)
@blp.response(200, DateProposalAnswer)
def refuse_dates(data: dict[str, Any], proposal_id: int) -> Any:
    """Refuse the dates: the proposal is over, and every match goes on as before."""
    proposal = other_dates.refuse_dates(
        caller(), proposal_id, asked_version(), participant_code=data.get("participant")
    )
    return _answer(proposal)


@blp.post(f"{PLACE}/withdrawal")
@blp.doc(**NAMES_ITS_VERSION)
@blp.arguments(WithdrawalOfDatesSchema)
@blp.response(200, DateProposalAnswer)
def withdraw_dates(data: dict[str, Any], proposal_id: int) -> Any:
    """Take back what was proposed. For who proposed it, and for coordinators by its letter."""
    return _answer(other_dates.withdraw_dates(caller(), proposal_id, asked_version()))


def _shown(proposal: Any) -> Any:
    return marked(proposal, proposal.standing)


def _answer(proposal: Any) -> Any:
    return _shown(proposal), 200, etag_of(proposal.version)
