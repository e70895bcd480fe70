"""What the world of the walk is made of, by name, and how each thing is found there."""

from datetime import date
from typing import Any, Final

from lcm_service.domain.permissions import Actor
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, Offer, Participant, Person, Support
from lcm_service.services import accounts
from lcm_service.services.throttle import sha256_of

ROUND, PUT_FORWARD, APPROVED, CLOSED = "W-1", "W-2", "W-3", "W-4"
# The code of an invitation and of a renewed password: whoever has it may use it.
CODE: Final = "x" * 43
# Role of a focal point -> the participant for which it answers.
PARTICIPANT_OF: Final = {
    "recipient": "XRA",
    "colleague": "XRA",
    "ended": "XRA",
    "co_recipient": "XRB",
    "provider": "XPA",
    "other_provider": "XPB",
    "funder": "XFA",
    "host": "XFB",
    "other": "XUN",
}
# Each of these pairs has a subject of its own, so that nothing else fits.
SCENES: Final = {
    "asked": "N-0101",
    "proposed": "N-0102",
    "confirmed": "N-0103",
    "agreed": "N-0104",
    "scheduled": "N-0105",
    "delivered": "N-0106",
    "not_delivered": "N-0107",
    "declined": "N-0108",
    "lapsed": "N-0109",
    "corrected": "N-0110",
    "grown": "N-0111",
    "waiting": "N-0112",
    "met": "N-0113",
    "uncertain": "N-0114",
    "planned": "N-0115",
    "movable": "N-0116",
    "moving": "N-0117",
    "shared": "N-0118",
}
# The courses of these are still to come, so that other days can be proposed.
TO_COME: Final = ("movable", "moving", "shared")
OTHER_MATCH: Final = "N-0190"
UNMET: Final = "N-0191"
CO_RECIPIENTS: Final = {"waiting": "N-0182", "met": "N-0183", "shared": "N-0188"}
FUNDS: Final = {"kind": "funds", "quantity": 1_000, "per_seat": 100}
VENUE: Final = {"kind": "venue", "quantity": 1, "per_seat": 0}
EQUIPMENT: Final = {"kind": "equipment", "quantity": 1, "per_seat": 0}
# What a plan counts on without its owner's knowing, and its like on which nothing counts.
TWINS: Final = {"offer": ("O-0101", "O-0120"), "support": ("R-0103", "R-0104")}
KINDS: Final = ("need", "offer", "support")
# Records beside the matches: state -> the last digits of its reference. A draft has a name by chance.
LIVES: Final = {
    "submitted": "0201",
    "acknowledged": "0202",
    "authenticated": "0203",
    "circulated": "0204",
    "returned": "0205",
    "withdrawn": "0206",
    "expired": "0207",
    "hidden": "0208",
}
LETTERS: Final = {"need": "N", "offer": "O", "support": "R"}
OWNERS: Final = {"need": "XRA", "offer": "XPA", "support": "XFA"}
DAYS: Final[dict[str, Any]] = {"earliest": date(2024, 1, 1), "latest": date(2090, 12, 31)}
SESSION: Final = {"starts_on": date(2024, 4, 8), "ends_on": date(2024, 4, 19)}
SESSION_TO_COME: Final = {"starts_on": date(2090, 4, 10), "ends_on": date(2090, 4, 21)}
OTHER_DAY: Final = date(2090, 6, 5)
TABLES: Final[dict[str, Any]] = {"need": Need, "offer": Offer, "support": Support}
ROLE_OF_OWNER: Final = {"need": "recipient", "offer": "provider", "support": "funder"}


def person(role: str) -> Person:
    return db.session.query(Person).filter_by(email=f"{role}@example.org").one()


def actor(role: str) -> Actor:
    return accounts.actor_of(person(role))


def participant_id(code: str) -> int:
    return db.session.query(Participant).filter_by(code=code).one().id


def reference_of(kind: str, state: str) -> str:
    """The reference of the record of this kind that is in this state; a draft is known by its title."""
    return f"{LETTERS[kind]}-{LIVES[state]}"


def seats_of(reference: str) -> int:
    """How many seats a need asks for: a number of its own, but for needs that share a session."""
    is_shared = reference in {*CO_RECIPIENTS.values(), *(SCENES[state] for state in CO_RECIPIENTS)}
    return 20 if is_shared else 8_000 + int(reference[-4:])


def match_of(need: str) -> Match:
    return db.session.query(Match).filter_by(need_reference=need).one()


def key_of(role: str) -> str:
    """The key of the sign-in of a role's browser."""
    return f"{role:-<43}"


def token_of(role: str, scope: str = "act") -> str:
    """The token of a role's program."""
    return f"lcm_{sha256_of(role + scope)[:8]}_{f'{role}-{scope}':-<43}"
