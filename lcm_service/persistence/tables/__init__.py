"""Every table, in four rooms: who takes part, what they submit, what is matched, what is traced."""

from lcm_service.persistence.tables.matching import Decision, Match, Plan, Question, Round, Run
from lcm_service.persistence.tables.participants import (
    ApiToken,
    AreaSubstitute,
    Mission,
    Participant,
    Person,
    Place,
    Region,
    SignInFailure,
    TrainingArea,
)
from lcm_service.persistence.tables.records import Activity, Need, Offer, OfferSession, Support
from lcm_service.persistence.tables.traces import (
    AuditEvent,
    AuditHead,
    AuditSeal,
    OutboxMessage,
    ReferenceCounter,
)

__all__ = [
    "Activity",
    "ApiToken",
    "AreaSubstitute",
    "AuditEvent",
    "AuditHead",
    "AuditSeal",
    "Decision",
    "Match",
    "Mission",
    "Need",
    "Offer",
    "OfferSession",
    "OutboxMessage",
    "Participant",
    "Person",
    "Place",
    "Plan",
    "Question",
    "ReferenceCounter",
    "Region",
    "Round",
    "Run",
    "SignInFailure",
    "Support",
    "TrainingArea",
]
