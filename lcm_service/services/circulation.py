"""Records are circulated: all who take part are told of them, and of a need they read what its State has
agreed to.

Providers cannot help whom they do not know of, and a need shows a weakness. So a need is circulated by the
consent of its participant alone, in the fields that a provider reads once a match is put to it, and its
participant takes the consent back by changing it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from lcm_service.domain.errors import Conflict, NotAllowed
from lcm_service.domain.permissions import Actor, may_see_circulated_needs
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Need
from lcm_service.services import records
from lcm_service.services.record_life import begin_step, end_step
from lcm_service.services.require import require_round
from lcm_service.services.trail import enqueue_message


@dataclass(frozen=True, slots=True)
class CirculatedNeed:
    """What everyone who takes part reads of a circulated need: `NEED_FIELDS_FOR_PROVIDERS` and its days,
    but no number of seats: how many a State lacks is a weakness.
    """

    reference: str
    recipient: str
    names: dict[str, str]
    areas: Sequence[str] | None
    level: str | None
    personnel: Sequence[str] | None
    languages: Sequence[str] | None
    earliest: date | None
    latest: date | None


def circulate_record(actor: Actor, kind: str, reference: str, version: int) -> Any:
    """Tell all who have records in the round of this one.

    Raises as `record_life.acknowledge_record`, and Conflict for a need whose participant has not agreed to
    be named to possible providers.
    """
    with transaction() as session:
        record = begin_step(session, actor, kind, reference, version, "circulate")
        if isinstance(record, Need) and record.visibility_consent is not True:
            raise Conflict(
                sentence(
                    "%(reference)s is not circulated: its participant has not agreed to be named.",
                    reference=reference,
                )
            )
        record.circulated_at = utc_now()
        end_step(session, actor, record, "circulate", ["state"])
        for participant_id in _participants_of(session, record.round_id) - {record.participant_id}:
            facts = {"reference": reference}
            enqueue_message(session, f"circulation.{kind}", participant_id=participant_id, facts=facts)
        return record


def list_circulated_needs(actor: Actor, round_code: str) -> list[CirculatedNeed]:
    """The circulated needs of a round whose last day is not past, oldest first.

    Raises NotAllowed for who takes no part, NotFound for an unknown round.
    """
    if not may_see_circulated_needs(actor):
        raise NotAllowed(sentence("Circulated needs are read by those who take part."))
    round_ = require_round(db.session(), round_code)
    stands = or_(Need.expires_on.is_(None), Need.expires_on >= utc_now().date())
    # The consent is asked for once more: whatever happens to the state, nobody is named without it.
    query = select(Need).where(
        Need.round_id == round_.id, Need.state == "circulated", Need.visibility_consent.is_(True), stands
    )
    needs = db.session.scalars(query.options(joinedload(Need.participant)).order_by(Need.id))
    return [_as_circulated(need) for need in needs]


def _as_circulated(need: Need) -> CirculatedNeed:
    return CirculatedNeed(
        reference=need.reference,
        recipient=need.participant.code,
        names=need.participant.names,
        areas=need.areas,
        level=need.level,
        personnel=need.personnel,
        languages=need.languages,
        earliest=need.earliest,
        latest=need.latest,
    )


def _participants_of(session: Session, round_id: int) -> set[int]:
    """Who has a live record in the round."""
    tables: Any = records.TABLES.values()
    found: set[int] = set()
    for table in tables:
        is_live = table.state.in_(LIVE_RECORD_STATES)
        found |= set(session.scalars(select(table.participant_id).where(table.round_id == round_id, is_live)))
    return found
