"""Labels of the vocabulary's codes, in the reader's language.

Every string is lazy: it is translated when a page is written, not when this file is read. A test walks
`lcm_service.domain.vocabulary` and fails for a code that has no label here.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _

Labels = Mapping[str, Any]

PARTICIPANT_KINDS: Final[Labels] = {
    "member_state": _("Member State"),
    "regional_organisation": _("Regional organisation"),
    "training_institution": _("Training institution"),
    "un_entity": _("United Nations entity"),
}
ROLES: Final[Labels] = {
    "focal_point": _("Focal point"),
    "coordinator": _("Coordinator"),
    "observer": _("Observer"),
    "administrator": _("Administrator"),
    "system": _("The service itself"),
}
TOKEN_SCOPES: Final[Labels] = {
    "read": _("Read what I may read"),
    "act": _("Do all that I may do"),
}
SUBJECTS: Final[Labels] = {
    "training": _("Training"),
    "institutional_support": _("Support to an institution"),
    "equipment": _("Equipment"),
    "recognition": _("Recognition of a course"),
}
LEVELS: Final[Labels] = {
    "basic": _("Basic"),
    "advanced": _("Advanced"),
    "specialist": _("Specialist"),
    "trainer": _("For trainers"),
    "any": _("Any level"),
}
PERSONNEL: Final[Labels] = {
    "troops": _("Troops"),
    "fpu": _("Formed police units"),
    "individual_police": _("Individual police officers"),
    "expert_on_mission": _("Experts on mission"),
    "staff_officer": _("Staff officers"),
    "civilian": _("Civilians"),
    "any": _("All personnel"),
}
MODES: Final[Labels] = {
    "mobile_team": _("A mobile team travels to the trainees"),
    "in_country": _("In the trainees’ own country"),
    "provider_centre": _("At the provider’s centre"),
    "regional_centre": _("At a host that invites several countries"),
    "online": _("Online"),
    "any": _("Any form"),
}
PRIORITIES: Final[Labels] = {
    "critical": _("Critical"),
    "high": _("High"),
    "routine": _("Routine"),
}
PHASES: Final[Labels] = {
    "pre_deployment": _("Before deployment"),
    "induction": _("On arrival in the mission"),
    "in_mission": _("During the mission"),
    "training_of_trainers": _("Training of trainers"),
    "other": _("Another phase"),
}
BASES: Final[Labels] = {
    "assessment_visit": _("Assessment and advisory visit"),
    "in_mission_evaluation": _("Evaluation in the mission"),
    "mission_request": _("Request of a mission"),
    "national_assessment": _("National assessment"),
    "self_declared": _("Stated by the participant itself"),
}
SUPPORT_KINDS: Final[Labels] = {
    "funds": _("Funds (US dollars)"),
    "venue": _("Venue"),
    "equipment": _("Equipment"),
    "interpretation": _("Interpretation"),
}
COST_ITEMS: Final[Labels] = {
    "tuition": _("Tuition"),
    "travel": _("Travel"),
    "board": _("Food and lodging"),
    "insurance": _("Insurance"),
    "visa": _("Visa"),
}
COST_BEARERS: Final[Labels] = {
    "provider": _("The provider pays"),
    "recipient": _("The recipient pays"),
    "sponsor": _("A sponsor pays"),
    "shared": _("Shared"),
}
RECORD_STATES: Final[Labels] = {
    "draft": _("Draft"),
    "submitted": _("Submitted"),
    "acknowledged": _("Received"),
    "authenticated": _("Authenticated"),
    "returned": _("Returned for changes"),
    "circulated": _("Circulated"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
}
ROUND_STATES: Final[Labels] = {"open": _("Open"), "closed": _("Closed")}
ROUND_STANDINGS: Final[Labels] = {
    "submitted": _("Submitted by participants"),
    "public_sources": _("Taken from public sources"),
    "exercise": _("Exercise"),
}
RUN_STATES: Final[Labels] = {
    "queued": _("Waiting to start"),
    "running": _("Running"),
    "done": _("Finished"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
RUN_PURPOSES: Final[Labels] = {
    "match": _("Match"),
    "repair": _("Repair"),
    "scenarios": _("Comparison of scenarios"),
    "explanation": _("What would help"),
}
PLAN_STATES: Final[Labels] = {
    "draft": _("Draft"),
    "put_forward": _("Waiting for a second coordinator"),
    "approved": _("Approved, not yet out"),
    "published": _("Published"),
    "superseded": _("Replaced by a later plan"),
    "discarded": _("Discarded"),
}
MATCH_STATES: Final[Labels] = {
    "asked": _("Waiting for the recipient’s agreement"),
    "proposed": _("Waiting for answers"),
    "agreed": _("Agreed"),
    "declined": _("Declined"),
    "released": _("Released"),
    "lapsed": _("Lapsed without an answer"),
}
PART_STATES: Final[Labels] = {
    "planned": _("Set aside, its owner not asked yet"),
    "asked": _("Waiting for its owner’s answer"),
    "confirmed": _("Confirmed"),
    "declined": _("Declined"),
    "released": _("No longer needed"),
    "lapsed": _("Lapsed without an answer"),
}
DATE_PROPOSAL_STATES: Final[Labels] = {
    "proposed": _("Waiting for answers"),
    "put": _("Put to all who take part"),
    "moved": _("All have agreed"),
    "refused": _("Not accepted"),
    "withdrawn": _("Taken back"),
    "lapsed": _("Lapsed without an answer"),
    "ended": _("Ended"),
}
DATE_ENDS: Final[Labels] = {
    "left": _("Who proposed them takes no part in the session any more"),
    "moved": _("Other days were agreed first"),
    "records": _("The records do not allow these days"),
    "late": _("It is too late: the course has begun, or these days have come"),
}
DATE_ANSWERS: Final[Labels] = {"accepted": _("Accepted"), "refused": _("Refused")}
# For whom a match can wait beside its sides.
WAITED_FOR: Final[Labels] = {"parties": _("Those who give supports to the session")}
DECISION_SIDES: Final[Labels] = {
    "recipient": _("Recipient"),
    "provider": _("Provider"),
    "secretariat": _("Secretariat"),
}
DECISION_ANSWERS: Final[Labels] = {"confirmed": _("Confirmed"), "declined": _("Declined")}
DECLINE_REASONS: Final[Labels] = {
    "dates": _("The dates do not suit"),
    "language": _("The language does not suit"),
    "level_or_content": _("The level or the content does not suit"),
    "personnel_not_available": _("The personnel are not available"),
    "costs": _("The costs cannot be met"),
    "other_support_found": _("Other support was found"),
    "capacity": _("There is not enough capacity"),
    "other": _("Another reason"),
}
DELIVERY_STATES: Final[Labels] = {
    "scheduled": _("Scheduled"),
    "delivered": _("Delivered"),
    "not_delivered": _("Not delivered"),
    "called_off": _("No longer scheduled"),
}
NON_DELIVERY_REASONS: Final[Labels] = {
    "provider_called_off": _("The provider called it off"),
    "trainees_did_not_come": _("The trainees did not come"),
    "travel_or_visa": _("Travel or visas failed"),
    "costs": _("The costs cannot be met"),
    "security": _("The security situation"),
    "other": _("Another reason"),
}
ASSESSMENT_ANSWERS: Final[Labels] = {"yes": _("Yes"), "in_part": _("In part"), "no": _("No")}
QUESTION_STATES: Final[Labels] = {
    "open": _("Open"),
    "answered": _("Answered"),
    "closed": _("Closed"),
}
ACTIVITY_STATES: Final[Labels] = {
    "delivered": _("Delivered"),
    "running": _("Running"),
    "planned": _("Planned"),
}

# Each language is written in itself, so that a reader finds it whatever the page's language is.
LANGUAGES_OF_PAGES: Final[Mapping[str, str]] = {
    "ar": "العربية",
    "zh": "中文",
    "en": "English",
    "fr": "Français",
    "ru": "Русский",
    "es": "Español",
}

# What a history says; not every reason can be chosen in a form.
EVENT_REASONS: Final[Labels] = {
    **DECLINE_REASONS,
    "withdrawn": _("The record was withdrawn"),
    "repair": _("A repair of the plan"),
    "correction": _("A correction of the plan"),
    **{f"dates_{state}": label for state, label in DATE_PROPOSAL_STATES.items()},
    **DATE_ENDS,
}

VOCABULARIES: Final[Mapping[str, Labels]] = {
    "participant_kind": PARTICIPANT_KINDS,
    "role": ROLES,
    "token_scope": TOKEN_SCOPES,
    "subject": SUBJECTS,
    "level": LEVELS,
    "personnel": PERSONNEL,
    "mode": MODES,
    "priority": PRIORITIES,
    "phase": PHASES,
    "basis": BASES,
    "support_kind": SUPPORT_KINDS,
    "cost_item": COST_ITEMS,
    "cost_bearer": COST_BEARERS,
    "record_state": RECORD_STATES,
    "round_state": ROUND_STATES,
    "round_standing": ROUND_STANDINGS,
    "run_state": RUN_STATES,
    "run_purpose": RUN_PURPOSES,
    "plan_state": PLAN_STATES,
    "match_state": MATCH_STATES,
    "part_state": PART_STATES,
    "dates_state": DATE_PROPOSAL_STATES,
    "dates_end": DATE_ENDS,
    "dates_answer": DATE_ANSWERS,
    "side": DECISION_SIDES,
    "waited_for": {**DECISION_SIDES, **WAITED_FOR},
    "answer": DECISION_ANSWERS,
    "decline_reason": DECLINE_REASONS,
    "delivery_state": DELIVERY_STATES,
    "non_delivery_reason": NON_DELIVERY_REASONS,
    "assessment": ASSESSMENT_ANSWERS,
    "event_reason": EVENT_REASONS,
    "question_state": QUESTION_STATES,
    "activity_state": ACTIVITY_STATES,
}

# How a state is coloured; the word beside the colour says the same.
STATE_KINDS: Final[Mapping[str, str]] = {
    "agreed": "good",
    "done": "good",
    "published": "good",
    "confirmed": "good",
    "answered": "good",
    "delivered": "good",
    "moved": "good",
    "accepted": "good",
    "refused": "bad",
    "put": "warn",
    "scheduled": "info",
    "not_delivered": "bad",
    "called_off": "warn",
    "open": "info",
    "asked": "warn",
    "proposed": "warn",
    "running": "info",
    "queued": "info",
    "draft": "warn",
    "put_forward": "warn",
    "approved": "warn",
    "returned": "warn",
    "declined": "bad",
    "lapsed": "bad",
    "failed": "bad",
    "critical": "bad",
    "high": "warn",
}


def word(vocabulary: str, code: str) -> Any:
    """The label of a code. Some lists are open (a support may be of another named kind): those show as is."""
    return VOCABULARIES[vocabulary].get(code, code)


def state_kind(code: str) -> str:
    """The colour class of a state's tag; empty for a plain one."""
    return STATE_KINDS.get(code, "")
