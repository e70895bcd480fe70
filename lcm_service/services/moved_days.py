"""The labels of a stored plan with the days and places of now: a plan stays as it was stored, and what is
shown of it and taken out says where its sessions were moved since.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence import date_reads, part_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Plan, SessionDays
from lcm_service.services.session_views import FIELDS_OF_DAYS, SessionNow, session_now

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


def labels_now(
    session: Session,
    plan: Plan,
    labels: Labels,
    codes: Collection[str],
    held_in: Mapping[str, str | None],
) -> dict[str, Any]:
    """These labels of a plan with the days and the place of now for these sessions, marked by ``moved_from``
    and ``place_before``.

    ``codes`` are those of which the reader may know: that a session was moved tells that others stand there.
    ``held_in``: where a course of a session was, of those that the reader knows; that stays.
    """
    sessions, places = dict(labels["sessions"]), dict(labels["places"])
    known = {code: sessions[code] for code in sessions if code in codes and plan.state == "published"}
    offers = part_reads.offers_by_reference(session, {label["offer"] for label in known.values()})
    moved = date_reads.moved_sessions(session, plan.round_id)
    for code, label in known.items():
        now = session_now(offers[label["offer"]], code, label, moved.get(code))
        if code in held_in:
            now = replace(now, place=held_in[code] or label["place"])
        sessions[code] = as_of_now(label, now)
    unnamed = {label["place"] for label in sessions.values() if label["place"] is not None} - set(places)
    places |= {place.code: place.names for place in reads.list_places(session, unnamed)}
    return {**labels, "sessions": sessions, "places": places}


def as_of_now(label: Labels, now: SessionNow) -> Labels:
    """The label of a session on its days and in its place of now: to which it was moved, or which its offer
    states.
    """
    if now.place != label["place"]:
        label = {**label, "place": now.place, "place_before": label["place"]}
    if now.moved_by is None:
        return label
    days = {
        name: None if day is None else day.isoformat()
        for name, day in zip(FIELDS_OF_DAYS, now.days, strict=True)
    }
    return {**label, **days, "moved_from": {"start": label["start"], "end": label["end"]}}


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
