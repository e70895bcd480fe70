"""The words of the mechanism, as the codes that are stored and exchanged.

Labels in the six languages belong to the pages; here are codes alone, in the order in which a person should
see them. ``ANY`` is an answer ("it does not matter"); an absent value is none: it is a question still to be
asked.
"""

from typing import Final

ANY: Final = "any"

# Who takes part (S/RES/2518 (2020), paragraph 12). Each may receive and provide.
PARTICIPANT_KINDS: Final = ("member_state", "regional_organisation", "training_institution", "un_entity")
ROLES: Final = ("focal_point", "coordinator", "observer", "administrator")
# What a token of the API is good for: to read, or to do all that its person may.
TOKEN_SCOPES: Final = ("read", "act")

# What is asked for and offered. Only training enters the integer program; the rest is paired by hand.
SUBJECTS: Final = ("training", "institutional_support", "equipment", "recognition")

LEVELS: Final = ("basic", "advanced", "specialist", "trainer")
PERSONNEL: Final = ("troops", "fpu", "individual_police", "expert_on_mission", "staff_officer", "civilian")
MODES: Final = ("mobile_team", "in_country", "provider_centre", "regional_centre", "online")
PRIORITIES: Final = ("critical", "high", "routine")
PHASES: Final = ("pre_deployment", "induction", "in_mission", "training_of_trainers", "other")
BASES: Final = (
    "assessment_visit",
    "in_mission_evaluation",
    "mission_request",
    "national_assessment",
    "self_declared",
)
SUPPORT_KINDS: Final = ("funds", "venue", "equipment", "interpretation")
COST_ITEMS: Final = ("tuition", "travel", "board", "insurance", "visa")
COST_BEARERS: Final = ("provider", "recipient", "sponsor", "shared")
LANGUAGES_OF_PAGES: Final = ("ar", "zh", "en", "fr", "ru", "es")

# Life of a record; its steps are in `record_lives.py`.
RECORD_STATES: Final = (
    "draft",
    "submitted",
    "acknowledged",
    "authenticated",
    "returned",
    "circulated",
    "withdrawn",
    "expired",
)
# A record in one of these states takes part in the matching of its round.
LIVE_RECORD_STATES: Final = ("submitted", "acknowledged", "authenticated", "circulated")

ROUND_STATES: Final = ("open", "closed")
# Where the records of a round come from; every page and export of it says so.
ROUND_STANDINGS: Final = ("submitted", "public_sources", "exercise")

RUN_STATES: Final = ("queued", "running", "done", "failed", "cancelled")
RUN_PURPOSES: Final = ("match", "repair", "scenarios", "explanation")
# A run for one of these makes a plan; one that compares scenarios or looks for what would help makes none.
PLANNING_PURPOSES: Final = ("match", "repair")
PLAN_STATES: Final = ("draft", "put_forward", "approved", "published", "superseded", "discarded")
# Before the publish gate lets it out, a plan can follow what is published now.
UNPUBLISHED_PLAN_STATES: Final = ("draft", "put_forward", "approved")
MATCH_STATES: Final = ("asked", "proposed", "agreed", "declined", "released", "lapsed")
# A match in one of these states holds its seats: nobody but a deliberate press takes them away.
LIVE_MATCH_STATES: Final = ("asked", "proposed", "agreed")
DECISION_SIDES: Final = ("recipient", "provider", "secretariat")
DECISION_ANSWERS: Final = ("confirmed", "declined")
DECLINE_REASONS: Final = (
    "dates",
    "language",
    "level_or_content",
    "personnel_not_available",
    "costs",
    "other_support_found",
    "capacity",
    "other",
)
# What became of a match that was agreed; what both sides say of it afterwards.
DELIVERY_STATES: Final = ("scheduled", "delivered", "not_delivered", "called_off")
NON_DELIVERY_REASONS: Final = (
    "provider_called_off",
    "trainees_did_not_come",
    "travel_or_visa",
    "costs",
    "security",
    "other",
)
ASSESSING_SIDES: Final = ("recipient", "provider")
ASSESSMENT_ANSWERS: Final = ("yes", "in_part", "no")
# What one support gives to one session: set aside by a plan, then put to its owner, who answers.
PART_STATES: Final = ("planned", "asked", "confirmed", "declined", "released", "lapsed")
# While a part is in one of these, the published plan counts on its support.
LIVE_PART_STATES: Final = ("planned", "asked", "confirmed")
# Other days that a side proposes for a session: put to the provider, then to all whose yes is needed.
DATE_PROPOSAL_STATES: Final = ("proposed", "put", "moved", "refused", "withdrawn", "lapsed", "ended")
OPEN_DATE_PROPOSAL_STATES: Final = ("proposed", "put")
DATE_ANSWERS: Final = ("accepted", "refused")
# Why a proposal of other days ended by itself: who made it takes no part any more, others were agreed first,
# the records do not allow these days, or the course has begun or they have come meanwhile.
DATE_ENDS: Final = ("left", "moved", "records", "late")
# What a match waits for beside its three sides: the owners of the supports that its session draws on.
PARTIES: Final = "parties"
QUESTION_STATES: Final = ("open", "answered", "closed")
# What is told to everybody of a round: when its first plan is published, and once its courses were held.
FIGURE_KINDS: Final = ("plan", "courses")
ACTIVITY_STATES: Final = ("delivered", "running", "planned")

# Fields that decide a match, in the order in which they are best asked. The first ones are asked together in
# one form, where "any" and "needs nothing" are one click.
NEED_QUESTION_FIELDS: Final = (
    "personnel",
    "seats",
    "areas",
    "level",
    "languages",
    "modes",
    "earliest",
    "latest",
    "women",
)
OFFER_QUESTION_FIELDS: Final = (
    "personnel",
    "only",
    "requires",
    "seats",
    "mode",
    "start",
    "end",
    "areas",
    "level",
    "languages",
    "place",
)
SUPPORT_QUESTION_FIELDS: Final = ("quantity", "languages")
