"""Named reads of the reference lists, for the pages that offer choices and put names to codes.

Reference lists are open to everyone who signs in, so nobody's permission is asked here. Records are read
through their services, which ask.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Mission, Participant, Place, Region, TrainingArea


def list_areas() -> Sequence[TrainingArea]:
    """The training areas by which courses are matched, in their groups."""
    query = select(TrainingArea).where(TrainingArea.is_area).order_by(TrainingArea.group, TrainingArea.code)
    return db.session.scalars(query).all()


def list_places() -> Sequence[Place]:
    """Every country and area."""
    return db.session.scalars(select(Place).order_by(Place.code)).all()


def list_regions() -> Sequence[Region]:
    """Every region."""
    return db.session.scalars(select(Region).order_by(Region.code)).all()


def list_participants() -> Sequence[Participant]:
    """Everyone who takes part."""
    return db.session.scalars(select(Participant).order_by(Participant.code)).all()


def list_missions(on: date) -> Sequence[Mission]:
    """The missions that have not ended on that day. Missions end; the list is data."""
    query = (
        select(Mission).where(or_(Mission.ends_on.is_(None), Mission.ends_on >= on)).order_by(Mission.code)
    )
    return db.session.scalars(query).all()


def find_participant(code: str) -> Participant | None:
    """A participant by its code."""
    return db.session.scalar(select(Participant).where(Participant.code == code))
