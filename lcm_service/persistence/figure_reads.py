"""Named reads of the figures that everybody may read."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lcm_service.persistence.tables import Figures, Round


def find_figures(session: Session, round_id: int, kind: str) -> Figures | None:
    """The figures of a round, of this kind."""
    statement = select(Figures).where(Figures.round_id == round_id, Figures.kind == kind)
    return session.scalars(statement).one_or_none()


def list_figures(session: Session) -> Sequence[Figures]:
    """All figures with their rounds, the newest round first, and of a round in the order in which they were
    worked out.
    """
    statement = select(Figures).join(Figures.round).options(joinedload(Figures.round))
    return session.scalars(statement.order_by(Round.opens_on.desc(), Round.id.desc(), Figures.id)).all()
