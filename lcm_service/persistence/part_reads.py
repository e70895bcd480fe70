"""Named reads of the parties of a session: what supports give to it, and which recipients have met there."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lcm_service.persistence.tables import Match, Need, Offer, Part, Participant, Plan, Support


def list_parts(
    session: Session,
    round_id: int,
    *,
    session_codes: Collection[str] | None = None,
    support_reference: str | None = None,
    owner_id: int | None = None,
) -> Sequence[Part]:
    """The parts of a round, of some sessions, one support or one owner, by session and support."""
    statement = select(Part).where(Part.round_id == round_id)
    if session_codes is not None:
        statement = statement.where(Part.session_code.in_(sorted(session_codes)))
    if support_reference is not None:
        statement = statement.where(Part.support_reference == support_reference)
    if owner_id is not None:
        statement = statement.join(Support).where(Support.participant_id == owner_id)
    order = (Part.session_code, Part.support_reference)
    # Many parts are of few supports: each is read once, and not at all where it is known already.
    return session.scalars(
        statement.options(
            selectinload(Part.support).selectinload(Support.participant),
            selectinload(Part.plan).selectinload(Plan.round),
        ).order_by(*order)
    ).all()


def find_part(session: Session, part_id: int) -> Part | None:
    return session.scalars(select(Part).where(Part.id == part_id)).one_or_none()


def offers_by_reference(session: Session, references: Collection[str]) -> dict[str, Offer]:
    """These offers with their dated sessions."""
    statement = select(Offer).where(Offer.reference.in_(sorted(references)))
    return {one.reference: one for one in session.scalars(statement.options(selectinload(Offer.sessions)))}


def list_met(session: Session, round_id: int, codes: Collection[str]) -> list[tuple[Match, Participant]]:
    """The matches of these sessions whose recipients see each other, with these, by need."""
    statement = (
        select(Match, Participant)
        .join(Need, Match.need_reference == Need.reference)
        .join(Participant, Need.participant_id == Participant.id)
        .where(Match.round_id == round_id, Match.session_code.in_(sorted(codes)), Match.met_at.is_not(None))
        .order_by(Match.need_reference)
    )
    return [(match, recipient) for match, recipient in session.execute(statement)]
