"""Support delivered, running or planned outside a round: recorded so that nobody gives the same twice."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate, may_see_activities
from lcm_service.domain.record_fields import ACTIVITY_FIELDS
from lcm_service.domain.record_rules import ENDS_BEFORE_START, REQUIRED, Faults
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ACTIVITY_STATES
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Activity, Participant
from lcm_service.services.known_codes import NOT_LISTED, code_faults
from lcm_service.services.records import FAULTY, FIELDS_OF_THE_SYSTEM, UNKNOWN_FIELD
from lcm_service.services.references import PREFIXES, next_reference
from lcm_service.services.trail import record_event


def record_activity(actor: Actor, data: Mapping[str, Any]) -> Activity:
    """Record an activity: a provider its own, coordinators any. Raises NotAllowed and NotValid."""
    _require_own_provider(actor, data.get("provider_code"))
    allowed = {*ACTIVITY_FIELDS, *(FIELDS_OF_THE_SYSTEM if actor.is_system else ())}
    faults: Faults = {key: [UNKNOWN_FIELD] for key in data if key not in allowed}
    if not data.get("title"):
        faults["title"] = [REQUIRED]
    if data.get("state") not in ACTIVITY_STATES:
        faults["state"] = [NOT_LISTED]
    first, last = data.get("first_month"), data.get("last_month")
    if first is not None and last is not None and last < first:
        faults["last_month"] = [ENDS_BEFORE_START]
    with transaction() as session:
        faults |= code_faults(session, data, None)
        if faults:
            raise NotValid(FAULTY, faults)
        activity = Activity(reference=next_reference(session, PREFIXES["activity"]), **data)
        session.add(activity)
        record_event(session, actor, "submit", "activity", activity.reference, sorted(data))
        return activity


def list_activities(
    actor: Actor, *, provider_code: str | None = None, recipient_code: str | None = None
) -> list[Activity]:
    """Activities, latest first. Raises NotAllowed for who does not take part."""
    if not may_see_activities(actor):
        raise NotAllowed(sentence("Activities are seen by those who take part."))
    query = select(Activity).order_by(Activity.last_month.desc().nulls_last(), Activity.id)
    if provider_code is not None:
        query = query.where(Activity.provider_code == provider_code)
    if recipient_code is not None:
        query = query.where(Activity.recipient_code == recipient_code)
    return list(db.session.scalars(query))


def _require_own_provider(actor: Actor, provider_code: str | None) -> None:
    """A focal point speaks of what its own participant gives."""
    if may_coordinate(actor):
        return
    provider = db.session.scalar(select(Participant).where(Participant.code == provider_code))
    if provider is None or not actor.answers_for(provider.id):
        raise NotAllowed(sentence("You record the activities of your own participant."))
