"""Every table, in rooms: who takes part, how they get in, what they submit, what is matched, what came of it,
what is told to everybody, what guides the training, which sheets were read, what is traced.
"""

from lcm_service.persistence.tables.access import (
    ApiToken,
    AuthenticationRequest,
    Invitation,
    LeadDelegation,
    PasswordRenewal,
    ProviderLink,
    RecoveryCode,
    SecondFactor,
    SignIn,
    SignInFailure,
)
from lcm_service.persistence.tables.dates import DateAnswer, DateProposal, SessionDays
from lcm_service.persistence.tables.deliveries import Assessment, CourseRecord, Delivery
from lcm_service.persistence.tables.figures import Figures
from lcm_service.persistence.tables.guidance import Guidance
from lcm_service.persistence.tables.matching import Decision, Match, Plan, Question, Round, Run
from lcm_service.persistence.tables.participants import (
    AreaSubstitute,
    Mission,
    Participant,
    Person,
    Place,
    Region,
    TrainingArea,
)
from lcm_service.persistence.tables.parties import Part
from lcm_service.persistence.tables.records import Activity, Need, Offer, OfferSession, Support
from lcm_service.persistence.tables.sheets import Sheet
from lcm_service.persistence.tables.traces import (
    AuditEvent,
    AuditHead,
    AuditSeal,
    MailDelivery,
    OutboxMessage,
    ReferenceCounter,
)
from lcm_service.persistence.tables.wordings import Wording

__all__ = [
    "Activity",
    "ApiToken",
    "AreaSubstitute",
    "Assessment",
    "AuditEvent",
    "AuditHead",
    "AuditSeal",
    "AuthenticationRequest",
    "CourseRecord",
    "DateAnswer",
    "DateProposal",
    "Decision",
    "Delivery",
    "Figures",
    "Guidance",
    "Invitation",
    "LeadDelegation",
    "MailDelivery",
    "Match",
    "Mission",
    "Need",
    "Offer",
    "OfferSession",
    "OutboxMessage",
    "Part",
    "Participant",
    "PasswordRenewal",
    "Person",
    "Place",
    "Plan",
    "ProviderLink",
    "Question",
    "RecoveryCode",
    "ReferenceCounter",
    "Region",
    "Round",
    "Run",
    "SecondFactor",
    "SessionDays",
    "Sheet",
    "SignIn",
    "SignInFailure",
    "Support",
    "TrainingArea",
    "Wording",
]
