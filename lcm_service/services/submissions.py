"""The door to what participants submit: needs, offers and supports."""

from lcm_service.services.circulation import circulate_record, list_circulated_needs
from lcm_service.services.drafts import begin_draft, discard_draft, save_draft, submit_draft
from lcm_service.services.need_records import (
    find_need,
    list_needs,
    recognise_as_asked,
    recognise_need,
    revise_need,
    submit_need,
    withdraw_need,
)
from lcm_service.services.offer_records import (
    find_offer,
    list_offers,
    revise_offer,
    submit_offer,
    withdraw_offer,
    withdraw_session,
)
from lcm_service.services.record_ends import renew_record
from lcm_service.services.record_life import acknowledge_record, authenticate_record, return_record
from lcm_service.services.records import require_draft, state_for
from lcm_service.services.support_records import (
    find_support,
    list_supports,
    revise_support,
    submit_support,
    withdraw_support,
)

__all__ = [
    "acknowledge_record",
    "authenticate_record",
    "begin_draft",
    "circulate_record",
    "discard_draft",
    "find_need",
    "find_offer",
    "find_support",
    "list_circulated_needs",
    "list_needs",
    "list_offers",
    "list_supports",
    "recognise_as_asked",
    "recognise_need",
    "renew_record",
    "require_draft",
    "return_record",
    "revise_need",
    "revise_offer",
    "revise_support",
    "save_draft",
    "state_for",
    "submit_draft",
    "submit_need",
    "submit_offer",
    "submit_support",
    "withdraw_need",
    "withdraw_offer",
    "withdraw_session",
    "withdraw_support",
]
