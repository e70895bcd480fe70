"""The three kinds of records, and what is done with each of them."""

from typing import Any

from lcm_service.services import submissions
from tests import factories

PLEDGE = {"title": "Three courses, announced in one sentence"}
SUBMIT: dict[str, Any] = {
    "need": submissions.submit_need,
    "offer": submissions.submit_offer,
    "support": submissions.submit_support,
}
REVISE: dict[str, Any] = {
    "need": submissions.revise_need,
    "offer": submissions.revise_offer,
    "support": submissions.revise_support,
}
WITHDRAW: dict[str, Any] = {
    "need": submissions.withdraw_need,
    "offer": submissions.withdraw_offer,
    "support": submissions.withdraw_support,
}
FIND: dict[str, Any] = {
    "need": submissions.find_need,
    "offer": submissions.find_offer,
    "support": submissions.find_support,
}
LIST: dict[str, Any] = {
    "need": submissions.list_needs,
    "offer": submissions.list_offers,
    "support": submissions.list_supports,
}
MAKE: dict[str, Any] = {
    "need": factories.make_need,
    "offer": factories.make_offer,
    "support": factories.make_support,
}
KINDS = sorted(SUBMIT)


def least(kind: str) -> dict[str, Any]:
    return PLEDGE | ({"kind": "funds"} if kind == "support" else {})


def participant_of(actor):
    return factories.make_participant(actor.participant_code)
