"""The labels of a stored plan with the days of now: a plan stays as it was stored, and what is shown of it
and taken out says where its sessions were moved since.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import date_reads
from lcm_service.persistence.database import db
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Plan, SessionDays

type Labels = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MovedSession:
    """A session of a plan that is on other days now."""

    code: str
    starts_on: date
    ends_on: date
    starts_before: str | None
    ends_before: str | None


def list_moved(actor: Actor, plan: Plan) -> list[MovedSession]:
    """The sessions that a published plan has on days from which they were moved since.

    Raises NotAllowed for all but coordinators.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Whole plans are for coordinators."))
    labels = plan.labels["sessions"]
    return [
        MovedSession(code, days.starts_on, days.ends_on, labels[code]["start"], labels[code]["end"])
        for code, days in sorted(_moved_since(db.session(), plan).items())
    ]


def labels_now(session: Session, plan: Plan, labels: Labels, codes: Collection[str]) -> dict[str, Any]:
    """These labels of a plan with the days of now for these sessions, marked by ``moved_from``.

    ``codes`` are those of which the reader may know: that a session was moved tells that others stand there.
    """
    moved = {code: days for code, days in _moved_since(session, plan).items() if code in codes}
    sessions = {code: on_days_of_now(label, moved.get(code)) for code, label in labels["sessions"].items()}
    return {**labels, "sessions": sessions}


def on_days_of_now(label: Labels, days: SessionDays | None) -> Labels:
    """The label of a session on the days to which it was moved."""
    if days is None:
        return label
    moved = {"start": days.starts_on.isoformat(), "end": days.ends_on.isoformat()}
    return {
        **label,
        **moved,
        "not_before": None,
        "not_after": None,
        "moved_from": {"start": label["start"], "end": label["end"]},
    }


def is_on(label: Labels, days: SessionDays) -> bool:
    """Whether a plan has the session on these days."""
    return (label["start"], label["end"]) == (days.starts_on.isoformat(), days.ends_on.isoformat())


def _moved_since(session: Session, plan: Plan) -> dict[str, SessionDays]:
    """Of the published plan alone: an earlier one tells what was planned then, a draft cannot follow."""
    if plan.state != "published":
        return {}
    labels = plan.labels["sessions"]
    found = date_reads.moved_sessions(session, plan.round_id)
    return {code: days for code, days in found.items() if code in labels and not is_on(labels[code], days)}
