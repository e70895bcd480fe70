"""The lists that rounds refer to: regions, places, training areas, substitutes, missions, participants.

They are loaded from the files of the project and can be loaded again at any time: what is there is brought up
to date, what others have added is left alone.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import Table, transaction
from lcm_service.persistence.tables import (
    AreaSubstitute,
    Mission,
    Participant,
    Place,
    Region,
    TrainingArea,
)
from lcm_service.services.data_files import codes_in, names_in, read_rows
from lcm_service.services.trail import record_event


def load_reference_lists(actor: Actor) -> dict[str, int]:
    """Bring every reference list up to date; gives how many rows of each were added or changed.

    Raises NotAllowed unless the actor coordinates.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators load the reference lists."))
    with transaction() as session:
        changed = {
            "regions": put_rows(session, Region, _regions()),
            "places": put_rows(session, Place, _places()),
            "training areas": put_rows(session, TrainingArea, _areas()),
            "substitutes": put_rows(session, AreaSubstitute, _substitutes()),
            "missions": put_rows(session, Mission, _missions()),
            "participants": put_rows(session, Participant, _participants(), key=("code",)),
        }
        if any(changed.values()):
            facts = {name.replace(" ", "_"): number for name, number in changed.items()}
            record_event(session, actor, "load", "reference_list", "reference-lists", facts=facts)
    return changed


def put_rows(
    session: Session, table: type[Table], rows: Iterable[Mapping[str, Any]], key: tuple[str, ...] = ()
) -> int:
    """Add the rows that are missing and change those that differ; gives how many that were.

    ``key`` are the columns that name a row; by default its primary key. Only the columns that are given are
    touched, so that what a participant says of itself stays.
    """
    key = key or tuple(column.name for column in inspect(table).primary_key)
    known = {tuple(getattr(row, name) for name in key): row for row in session.scalars(select(table))}
    changed = 0
    for values in rows:
        row = known.get(tuple(values[name] for name in key))
        if row is None:
            session.add(table(**values))
            changed += 1
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed += 1
    # What comes next may refer to these rows.
    session.flush()
    return changed


def _regions() -> Iterable[dict[str, Any]]:
    return ({"code": row["code"], "names": names_in(row)} for row in read_rows("regions.csv"))


def _places() -> Iterable[dict[str, Any]]:
    return (
        {
            "code": row["code"],
            "m49": row["m49"],
            "regions": codes_in(row["regions"]),
            "names": names_in(row),
            "is_fictional": False,
        }
        for row in read_rows("places.csv")
    )


def _areas() -> Iterable[dict[str, Any]]:
    return (
        {
            "code": row["code"],
            "group": row["group"],
            "names": names_in(row),
            "paragraphs": row["paragraphs"] or None,
            "is_area": row["is_area"] == "yes",
            "source": row["source"] or None,
        }
        for row in read_rows("training_areas.csv")
    )


def _substitutes() -> Iterable[dict[str, Any]]:
    return ({**row, "fit": int(row["fit"])} for row in read_rows("area_substitutes.csv"))


def _missions() -> Iterable[dict[str, Any]]:
    return (
        {
            "code": row["code"],
            "name": row["name"],
            "place_codes": codes_in(row["places"]),
            "start_year": int(row["start_year"]) if row["start_year"] else None,
            "ends_on": date.fromisoformat(row["ends_on"]) if row["ends_on"] else None,
            "source": row["source"] or None,
        }
        for row in read_rows("missions.csv")
    )


def _participants() -> Iterable[dict[str, Any]]:
    """Every Member State under the name of its place, then the institutions that the sourced records name."""
    for row in read_rows("places.csv"):
        if row["is_member_state"] == "yes":
            yield {
                "code": row["code"],
                "kind": "member_state",
                "names": names_in(row),
                "place_code": row["code"],
                "is_fictional": False,
            }
    for row in read_rows("institutions.csv"):
        yield {
            "code": row["code"],
            "kind": row["kind"],
            "names": names_in(row),
            "is_fictional": False,
        }
