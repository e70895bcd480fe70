"""How the matches of the walk's world come into their states: each by the people whose press it is.

Every note that somebody leaves is a word that stands in no other place.
"""

from datetime import timedelta
from typing import Any, Final

from lcm_service.domain.permissions import SYSTEM
from lcm_service.persistence.database import db, utc_now
from lcm_service.services import assessments, decisions, deliveries, lapses, other_dates, parties
from tests.walk.names import CO_RECIPIENTS, OTHER_DAY, OTHER_MATCH, ROUND, SCENES, SESSION, actor, match_of
from tests.walk.words import word

# Who presses for which side, where the need is the recipient's.
PRESSES: Final = {"recipient": "recipient", "provider": "provider", "secretariat": "coordinator"}
DAYS_HELD: Final = {"held_from": SESSION["starts_on"], "held_to": SESSION["ends_on"]}
REPORT: Final[dict[str, Any]] = DAYS_HELD | {"seats_used": 18, "women_used": 4}


def drive() -> None:
    """Every match but those that stay as they were published."""
    for state in ("proposed", "declined", "lapsed", "movable", "moving"):
        consent(SCENES[state])
    consent(SCENES["confirmed"])
    confirm(SCENES["confirmed"], "provider")
    for state in ("agreed", "scheduled", "delivered", "not_delivered"):
        agree(SCENES[state])
    schedule(SCENES["scheduled"])
    report(SCENES["delivered"])
    report_not(SCENES["not_delivered"])
    decline(SCENES["declined"])
    lapse(SCENES["lapsed"])
    consent(OTHER_MATCH, by="other")
    for state in CO_RECIPIENTS:
        consent(SCENES[state])
        consent(CO_RECIPIENTS[state], by="co_recipient")
    meet()
    for state in ("moving", "shared"):
        propose_other_days(SCENES[state])
    put_other_days(SCENES["shared"])


def propose_other_days(need: str) -> None:
    """The recipient would have the course later; first the provider is asked."""
    match, who = match_of(need), actor("recipient")
    other_dates.propose_dates(
        who, match.id, "recipient", OTHER_DAY, None, match.version, word("other-days", need)
    )


def put_other_days(need: str) -> None:
    """The provider accepts, so that the other recipients of the session are asked."""
    provider, session = actor("provider"), match_of(need).session_code
    (proposal,) = other_dates.list_date_proposals(provider, ROUND, session_code=session)
    other_dates.accept_dates(provider, proposal.id, proposal.version)


def meet() -> None:
    """Two recipients, provider, funder and host all agree."""
    pair = {"recipient": SCENES["met"], "co_recipient": CO_RECIPIENTS["met"]}
    for need in pair.values():
        confirm(need, "provider")
    session = match_of(SCENES["met"]).session_code
    for role in ("funder", "host"):
        for part in parties.list_parts(actor(role), ROUND):
            if part.session.code == session:
                note = word("part", f"{role}")
                parties.confirm_part(actor(role), part.id, part.version, note=note)
    for role, need in pair.items():
        confirm(need, "recipient", by=role)
    for need in pair.values():
        confirm(need, "secretariat")


def consent(need: str, by: str = "recipient") -> None:
    """The recipient agrees to be put to the provider."""
    match = match_of(need)
    decisions.consent_to_match(actor(by), match.id, match.version, note=word("consent", need))


def confirm(need: str, side: str, by: str = "") -> None:
    match, who = match_of(need), actor(by or PRESSES[side])
    decisions.confirm_match(who, match.id, side, match.version, note=word(f"{side}-note", need))


def agree(need: str) -> None:
    """The recipient agrees to be put, and all three confirm in turn."""
    consent(need)
    for side in ("provider", "recipient", "secretariat"):
        confirm(need, side)


def decline(need: str) -> None:
    match, who = match_of(need), actor("recipient")
    decisions.decline_match(who, match.id, "recipient", "dates", match.version, word("decline", need))


def schedule(need: str) -> None:
    days = {**SESSION, "venue": word("venue", need)}
    deliveries.schedule_delivery(actor("provider"), match_of(need).id, days, match_of(need).version)


def report(need: str) -> None:
    """The recipient reports that it was held, and each side says what it thinks of it."""
    match = match_of(need)
    deliveries.report_delivered(actor("recipient"), match.id, "recipient", REPORT, match.version)
    for side in ("recipient", "provider"):
        note = word(f"{side}-assessment", need)
        assessments.assess_delivery(actor(side), match.id, side, "no", match_of(need).version, note)


def report_not(need: str) -> None:
    match, note = match_of(need), word("not-held", need)
    deliveries.report_not_delivered(actor("provider"), match.id, "provider", "costs", match.version, note)


def lapse(need: str) -> None:
    """The deadline of this match is past."""
    match_of(need).answer_by = utc_now() - timedelta(seconds=1)
    db.session.commit()
    lapses.lapse_overdue(SYSTEM)
