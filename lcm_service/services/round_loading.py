"""Rounds that are loaded whole: from the public sources, or made up for an exercise.

A loaded round is there entirely or not at all, and is loaded once: what people have changed since then stays.
Records are numbered, checked and traced like those that are submitted. But nobody submitted them, so nobody
is told that they arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.domain.record_fields import DEFAULTS, column_of
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.tables import (
    Activity,
    Need,
    Offer,
    OfferSession,
    Participant,
    Round,
    Support,
)
from lcm_service.services.known_codes import code_faults
from lcm_service.services.records import check_values
from lcm_service.services.references import PREFIXES, next_reference
from lcm_service.services.trail import record_event

RECORD_TABLES: Final[dict[str, type[Need | Offer | Support]]] = {
    "need": Need,
    "offer": Offer,
    "support": Support,
}


@dataclass(frozen=True, slots=True)
class LoadedRound:
    """What came of loading a round. ``records`` counts each kind; empty where the round was there already."""

    code: str
    was_loaded: bool
    records: dict[str, int]


def is_loaded(session: Session, code: str) -> bool:
    """Whether there is a round of this code."""
    return session.scalar(select(Round.id).where(Round.code == code)) is not None


def add_round(session: Session, actor: Actor, **columns: Any) -> Round:
    """Add an open round. An approved plan of it is held for a minute, so that whoever tries the service out
    sees that it can be taken back, and has not long to wait.
    """
    row = Round(state="open", policy={}, hold_minutes=1, **columns)
    session.add(row)
    session.flush()
    record_event(session, actor, "open", "round", row.code, facts={"standing": row.standing})
    return row


def participants_by_code(session: Session) -> dict[str, Participant]:
    """Every participant that there is."""
    return {row.code: row for row in session.scalars(select(Participant))}


def add_record(
    session: Session,
    actor: Actor,
    kind: str,
    round_: Round,
    participant: Participant,
    fields: Mapping[str, Any],
    **columns: Any,
) -> Need | Offer | Support:
    """Add a need, an offer with its sessions, or a support.

    ``fields`` are what its owner could have written, ``columns`` what others set (recognition, source).
    Raises NotValid where the record contradicts itself or names what is not listed.
    """
    check_values(session, kind, {**DEFAULTS, **fields}, participant)
    values = {column_of(field): value for field, value in fields.items() if field != "sessions"}
    row = RECORD_TABLES[kind](
        reference=next_reference(session, PREFIXES[kind]),
        participant=participant,
        round=round_,
        **values,
        **columns,
    )
    if isinstance(row, Offer):
        row.sessions = [
            OfferSession(key=f"S{number}", **one) for number, one in enumerate(fields.get("sessions", ()), 1)
        ]
    session.add(row)
    stated = [field for field, value in fields.items() if value is not None]
    record_event(session, actor, "load", kind, row.reference, stated, {"version": 1})
    return row


def add_activity(session: Session, actor: Actor, **columns: Any) -> Activity:
    """Add support that was delivered, runs or is planned outside the rounds.

    Raises NotValid where it names what is not listed.
    """
    faults = code_faults(session, columns, None)
    if faults:
        raise NotValid(
            sentence(
                "The activity “%(title)s” names what is not listed: %(faults)s",
                title=str(columns.get("title")),
                faults=str(faults),
            ),
            faults,
        )
    row = Activity(reference=next_reference(session, PREFIXES["activity"]), **columns)
    session.add(row)
    record_event(session, actor, "load", "activity", row.reference)
    return row
