"""What a participant has written and not sent yet: its focal points alone read, change, send or discard it.

A draft bears a name by chance until it is sent, and is sent as a new record: nothing in the order, the
numbers or the history of records tells others that there was one, or since when.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_see_draft
from lcm_service.domain.record_fields import column_of
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import AuditEvent, Offer, OfferSession, Participant, Round
from lcm_service.services import records
from lcm_service.services.need_records import submit_need
from lcm_service.services.offer_records import session_values, submit_offer
from lcm_service.services.support_records import submit_support
from lcm_service.services.trail import check_version

_SUBMIT: Final[Mapping[str, Callable[..., Any]]] = {
    "need": submit_need,
    "offer": submit_offer,
    "support": submit_support,
}


def save_draft(
    actor: Actor, kind: str, participant_code: str, round_code: str, data: Mapping[str, Any]
) -> Any:
    """Keep a record that is not to be sent yet. It is checked like one that is; nobody is told.

    Raises NotAllowed for all but the participant's own focal points, and as the submission of its kind.
    """
    return _SUBMIT[kind](actor, participant_code, round_code, data, as_draft=True)


def begin_draft(
    actor: Actor, kind: str, participant_code: str, round_code: str, data: Mapping[str, Any], *, step: str
) -> Any:
    """Keep the first step of a record's form as a draft; the other steps are kept by a revision.

    Gives the draft that a first press of the same began, also where two presses come at once: the answer was
    lost on the line, or the writer went back in the browser. What a colleague has begun is the colleague's,
    be it the same word for word. Raises as `save_draft`.
    """
    values = records.accepted_values(kind, actor, data)
    table: Any = records.TABLES[kind]
    with transaction() as session:
        owner = records.participant_to_submit_for(session, actor, participant_code)
        # Of two presses at once the second waits here, and finds what the first has begun.
        held = select(Participant.id).where(Participant.id == owner.id)
        session.execute(held.with_for_update(key_share=True))
        begun = _begun_by(session, actor, table, owner, records.open_round(session, round_code), step)
        alike = (
            one for one in begun if all(getattr(one, column_of(name)) == values[name] for name in values)
        )
        return next(alike, None) or records.submit_record(
            session, actor, table, owner.code, round_code, values, as_draft=True, step=step
        )


def submit_draft(actor: Actor, kind: str, reference: str, version: int) -> Any:
    """Send a draft: it becomes a record of now, with a reference and a history of its own.

    Raises NotFound, NotAllowed, Stale, and Conflict where it was sent before or its round is closed.
    """
    with transaction() as session:
        draft = _begin(session, actor, kind, reference, version)
        owner, round_code = draft.participant.code, draft.round.code
        values = records.values_of(kind, draft)
        relations: dict[str, Any] = {}
        if isinstance(draft, Offer):
            rows = [session_values(row) for row in draft.sessions if not row.is_withdrawn]
            values |= {"sessions": rows} if rows else {}
            relations = {"sessions": [OfferSession(**row) for row in rows]}
        _end(session, actor, draft, "send")
        table: Any = records.TABLES[kind]
        return records.submit_record(session, actor, table, owner, round_code, values, **relations)


def discard_draft(actor: Actor, kind: str, reference: str, version: int) -> None:
    """Take a draft away; nothing that it said is kept. Raises as `submit_draft`."""
    with transaction() as session:
        _end(session, actor, _begin(session, actor, kind, reference, version), "discard")


def _begun_by(
    session: Session, actor: Actor, table: Any, owner: Participant, round: Round, step: str
) -> list[Any]:
    """The drafts of which the person has kept this step, and nothing was written since, neither in another
    step nor in the form of one page.
    """
    kept = select(AuditEvent.record_reference).where(
        AuditEvent.action == "save",
        AuditEvent.record_kind == records.KINDS[table],
        AuditEvent.record_reference == table.reference,
        AuditEvent.actor_id == actor.person_id,
    )
    drafts = select(table).where(
        table.participant_id == owner.id, table.round_id == round.id, table.state == "draft", kept.exists()
    )
    drafts = drafts.where(table.version == 1).order_by(table.id)
    return [one for one in session.scalars(drafts) if one.kept_steps == [step]]


def _begin(session: Session, actor: Actor, kind: str, reference: str, version: int) -> Any:
    """The draft, held after its round; whoever has no draft of its own there is refused before all else."""
    table: Any = records.TABLES[kind]
    round_id = session.scalar(select(table.round_id).where(table.reference == reference))
    session.execute(select(Round.id).where(Round.id == round_id).with_for_update(key_share=True))
    draft: Any = records.lock_record(session, actor, table, reference)
    if not may_see_draft(actor, draft.participant_id):
        raise NotAllowed(sentence("A draft is sent and discarded by its participant alone."))
    check_version(session, actor, kind, draft, version)
    records.require_draft(draft)
    return draft


def _end(session: Session, actor: Actor, draft: Any, action: str) -> None:
    records.trace(session, actor, action, draft, [])
    session.delete(draft)
    session.flush()
