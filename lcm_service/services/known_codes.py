"""Whether the codes that a record names are in the lists: areas, missions, places, participants, groups."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.record_rules import OWN_PARTNER, Faults
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence.tables import Mission, Participant, Place, Region, TrainingArea

NOT_LISTED = sentence("This is not in the list.")


def code_faults(session: Session, values: Mapping[str, Any], owner: Participant | None) -> Faults:
    """Field -> sentences, for each code of a record that no list holds. ``owner`` is no partner of itself."""
    faults: Faults = {}
    for field, listed in _LISTS.items():
        named = set(_codes(values.get(field))) - {ANY}
        if named and not named <= listed(session, named):
            faults[field] = [NOT_LISTED]
    for row in values.get("sessions") or ():
        place = row.get("place_code")
        if place is not None and not _places(session, {place}):
            faults["sessions"] = [NOT_LISTED]
    if owner is not None and owner.code in _codes(values.get("partners")):
        faults["partners"] = [OWN_PARTNER]
    return faults


def _codes(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _areas(session: Session, codes: set[str]) -> set[str]:
    """Entries of the list that are a phase, a mode or an agreement are no areas to be matched by."""
    return set(
        session.scalars(
            select(TrainingArea.code).where(TrainingArea.code.in_(codes), TrainingArea.is_area.is_(True))
        )
    )


def _missions(session: Session, codes: set[str]) -> set[str]:
    return set(session.scalars(select(Mission.code).where(Mission.code.in_(codes))))


def _places(session: Session, codes: set[str]) -> set[str]:
    return set(session.scalars(select(Place.code).where(Place.code.in_(codes))))


def _regions(session: Session, codes: set[str]) -> set[str]:
    return set(session.scalars(select(Region.code).where(Region.code.in_(codes))))


def _participants(session: Session, codes: set[str]) -> set[str]:
    return set(session.scalars(select(Participant.code).where(Participant.code.in_(codes))))


def _places_or_regions(session: Session, codes: set[str]) -> set[str]:
    return _places(session, codes) | _regions(session, codes)


def _whoever_takes_part(session: Session, codes: set[str]) -> set[str]:
    """The codes by which recipients are named: participants, their places, regions and groups."""
    known = _participants(session, codes) | _places_or_regions(session, codes)
    if codes <= known:
        return known
    groups = session.scalars(select(Participant.groups))
    return known | {group for row in groups for group in row}


_LISTS = {
    "areas": _areas,
    "mission_code": _missions,
    "trainees_place": _places,
    "place_code": _places,
    "places": _places_or_regions,
    "partners": _participants,
    "only": _whoever_takes_part,
    "except": _whoever_takes_part,
    "provider_code": _participants,
    "recipient_code": _participants,
}
