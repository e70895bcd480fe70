"""The guidance of the United Nations on each training area: kept by coordinators, read by all.

A document that is replaced is withdrawn and the new one recorded: what was current when stays to be seen.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_keep_guidance
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Guidance, TrainingArea
from lcm_service.services.known_codes import NOT_LISTED
from lcm_service.services.records import FAULTY
from lcm_service.services.references import PREFIXES, next_reference
from lcm_service.services.trail import check_version, record_event

KEPT_BY_COORDINATORS: Final = sentence("Which documents guide an area is recorded by coordinators.")


def list_guidance(area: str | None = None) -> Sequence[Guidance]:
    """The current documents, of one area or of all, the newest of each area first. Open to everybody who is
    signed in: the documents are no secret, and nothing of a participant is in them.
    """
    query = select(Guidance).where(Guidance.withdrawn_at.is_(None))
    if area is not None:
        query = query.where(Guidance.area_code == area)
    order = (Guidance.area_code, Guidance.year.desc().nulls_last(), Guidance.id)
    return db.session.scalars(query.order_by(*order)).all()


def record_guidance(actor: Actor, data: Mapping[str, Any]) -> Guidance:
    """Record a document as it came through `GuidanceSchema`; one that is in the list as it is, as after a
    second press, is given as it stands. Raises NotAllowed for all but coordinators,
    NotValid for an area that is not listed.
    """
    _require_keeper(actor)
    with transaction() as session:
        area = session.get(TrainingArea, data["area"])
        if area is None or not area.is_area:
            raise NotValid(FAULTY, {"area": [NOT_LISTED]})
        same = {
            "area_code": area.code,
            "title": data["title"],
            "number": data.get("number"),
            "year": data.get("year"),
            "where": data["where"],
        }
        listed = session.scalars(select(Guidance).filter_by(**same, withdrawn_at=None)).first()
        if listed is not None:
            return listed
        row = Guidance(
            reference=next_reference(session, PREFIXES["guidance"]),
            **same,
        )
        session.add(row)
        session.flush()
        record_event(session, actor, "submit", "guidance", row.reference, sorted(data), {"version": 1})
        return row


def withdraw_guidance(actor: Actor, reference: str, version: int) -> None:
    """Say that a document is current no more. Pressed twice it changes nothing. Raises NotAllowed for all but
    coordinators, NotFound, Stale.
    """
    _require_keeper(actor)
    with transaction() as session:
        row = _held(session, reference)
        if row.withdrawn_at is not None:
            return
        check_version(session, actor, "guidance", row, version)
        row.withdrawn_at = utc_now()
        session.flush()
        record_event(session, actor, "withdraw", "guidance", reference, facts={"version": row.version})


def _held(session: Session, reference: str) -> Guidance:
    statement = select(Guidance).where(Guidance.reference == reference).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound(sentence("There is no document %(reference)s.", reference=reference))
    return row


def _require_keeper(actor: Actor) -> None:
    if not may_keep_guidance(actor):
        raise NotAllowed(KEPT_BY_COORDINATORS)
