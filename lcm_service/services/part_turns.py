"""What the owner of a part is told: what was done with it, and what its session is now."""

from collections.abc import Sequence

from lcm_service.domain.permissions import Actor
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Part, Round
from lcm_service.services.match_turns import answer_by
from lcm_service.services.trail import enqueue_message, record_event


def ask_part_anew(session: Session, actor: Actor, round_: Round, part: Part, action: str) -> None:
    """Let the owner of a part read what its session is now; one that is asked has its days to answer anew.
    Whoever reads a page from before can press nothing on it any more.
    """
    if part.state == "asked":
        part.answer_by, part.reminded_at = answer_by(round_), None
    reads.raise_version(part)
    trace_part(session, actor, part, action, {}, fields=("session",))


def trace_part(
    session: Session,
    actor: Actor,
    part: Part,
    action: str,
    facts: dict[str, object],
    *,
    fields: Sequence[str] = ("state",),
) -> None:
    """The event of a part that its owner knows of, and word of it to the owner where another did it."""
    session.flush()
    told = {"version": part.version, **facts}
    record_event(session, actor, action, "part", str(part.id), fields, told)
    owner_id = part.support.participant_id
    if not actor.answers_for(owner_id):
        enqueue_message(session, f"part.{action}", participant_id=owner_id, facts={"part": part.id})
