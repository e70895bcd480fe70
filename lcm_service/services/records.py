"""What needs, offers and supports have in common when they are submitted, revised, withdrawn and read.

The services of each kind (`need_records`, `offer_records`, `support_records`) say what is particular to it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import (
    Actor,
    may_change_record,
    may_see_draft,
    may_see_need,
    may_see_offer,
    may_see_offers,
    may_see_return,
    may_submit_for,
)
from lcm_service.domain.record_fields import DEFAULTS, RECORD_FIELDS, column_of
from lcm_service.domain.record_lives import CHANGEABLE_STATES, STEPS_BY_LETTER, next_state
from lcm_service.domain.record_rules import Faults, faults_of
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES
from lcm_service.persistence.database import db, utc_now
from lcm_service.persistence.tables import Need, Offer, Participant, Round, Support
from lcm_service.services.known_codes import code_faults
from lcm_service.services.questions import close_answered, close_questions_of
from lcm_service.services.references import PREFIXES, draft_reference, next_reference
from lcm_service.services.require import require_round
from lcm_service.services.trail import check_version, enqueue_message, no_such, record_event

TABLES: Final = {"need": Need, "offer": Offer, "support": Support}
KINDS: Final = {table: kind for kind, table in TABLES.items()}

# Where a record was taken from is said by the loaders alone.
FIELDS_OF_THE_SYSTEM: Final = ("source",)
UNKNOWN_FIELD = sentence("There is no such field, or it is not yours to set.")
FAULTY = sentence("Some of what you sent contradicts itself or the lists. Correct it and send it again.")


def accepted_values(kind: str, actor: Actor, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data, if every key of it is one that the owner writes. Raises NotValid for any other key."""
    allowed = {*RECORD_FIELDS[kind], *(FIELDS_OF_THE_SYSTEM if actor.is_system else ())}
    strange = {key: [UNKNOWN_FIELD] for key in data if key not in allowed}
    if strange:
        raise NotValid(FAULTY, strange)
    return {key: DEFAULTS[key] if value is None and key in DEFAULTS else value for key, value in data.items()}


def check_values(session: Session, kind: str, values: Mapping[str, Any], owner: Participant) -> None:
    """Raise NotValid where the whole record would contradict itself or name something that is not listed."""
    faults: Faults = faults_of(kind, values)
    for field, sentences in code_faults(session, values, owner).items():
        faults.setdefault(field, []).extend(sentences)
    if faults:
        raise NotValid(FAULTY, faults)


def values_of(kind: str, record: Any) -> dict[str, Any]:
    """The record as its owner wrote it: field -> value."""
    return {field: getattr(record, column_of(field)) for field in RECORD_FIELDS[kind] if field != "sessions"}


def write_values(record: Any, values: Mapping[str, Any]) -> list[str]:
    """Set what differs, and give the fields that did."""
    changed = []
    for field, value in values.items():
        column = column_of(field)
        plain = list(value) if isinstance(value, tuple) else value
        if getattr(record, column) != plain:
            setattr(record, column, plain)
            changed.append(field)
    return changed


def participant_to_submit_for(session: Session, actor: Actor, code: str) -> Participant:
    """The participant in whose name the actor submits; NotAllowed where it may not."""
    participant = session.scalar(select(Participant).where(Participant.code == code))
    if participant is None or not may_submit_for(actor, participant.id):
        raise NotAllowed(
            sentence("You do not submit records for %(participant)s.", participant=Coded("participant", code))
        )
    return participant


def open_round(session: Session, code: str) -> Round:
    """The round, while it takes new records. Raises NotFound, or Conflict once it is closed."""
    found = require_round(session, code)
    if found.state != "open":
        raise Conflict(sentence("The round %(round)s is closed and takes no new records.", round=found.code))
    return found


def submit_record[Record: (Need, Offer, Support)](
    session: Session,
    actor: Actor,
    table: type[Record],
    participant_code: str,
    round_code: str,
    values: dict[str, Any],
    *,
    as_draft: bool = False,
    step: str | None = None,
    **relations: Any,
) -> Record:
    """Store a new record with its reference, event and message, after checking its accepted ``values``.

    ``as_draft``: it is not submitted yet; nobody is told, and nobody but its participant may keep it.
    ``step`` names the step of its form that was kept, where the draft is written in steps.
    """
    kind = KINDS[table]
    owner = participant_to_submit_for(session, actor, participant_code)
    if as_draft and not may_see_draft(actor, owner.id):
        raise NotAllowed(
            sentence(
                "A draft is kept by its participant alone. Submit the record of %(participant)s.",
                participant=Coded("participant", owner.code),
            )
        )
    round = open_round(session, round_code)
    check_values(session, kind, {**DEFAULTS, **values}, owner)
    record = table(participant=owner, round=round, state="draft" if as_draft else "submitted", **relations)
    write_values(record, {key: value for key, value in values.items() if key != "sessions"})
    prefix = PREFIXES[kind]
    record.reference = draft_reference(prefix) if as_draft else next_reference(session, prefix)
    record.kept_steps = [step] if step else None
    session.add(record)
    session.flush()
    stated = sorted(key for key, value in values.items() if value is not None and key != "source")
    trace(session, actor, "save" if as_draft else "submit", record, stated)
    return record


def lock_record[Record: (Need, Offer, Support)](
    session: Session, actor: Actor, table: type[Record], reference: str
) -> Record:
    """The record, held until the transaction ends, if the actor may change it.

    Raises NotFound where the actor may not even see it, with the same words as where there is none.
    """
    # Others may point at the record meanwhile (a match does); they may not change it.
    held = select(table).where(table.reference == reference).with_for_update(of=table, key_share=True)
    record = session.scalar(held)
    if record is None or not _may_see(actor, record):
        raise NotFound(no_such(KINDS[table], reference))
    if not may_change_record(actor, record.participant_id):
        raise NotAllowed(
            sentence(
                "%(reference)s belongs to %(participant)s; only it can change it.",
                reference=reference,
                participant=Coded("participant", record.participant.code),
            )
        )
    return record


def require_live(record: Any) -> None:
    """Raise Conflict where a record has ended. Those of a closed round can still be changed, or its open
    questions could never be answered.
    """
    if record.state not in CHANGEABLE_STATES:
        raise Conflict(
            sentence(
                "%(reference)s is %(state)s and can no longer be changed.",
                reference=record.reference,
                state=Coded("record_state", record.state),
            )
        )


def begin_change[Record: (Need, Offer, Support)](
    session: Session, actor: Actor, table: type[Record], reference: str, version: int
) -> Record:
    """Lock a record and make sure that it is the one the writer has read and that it can still be changed."""
    record = lock_record(session, actor, table, reference)
    check_version(session, actor, KINDS[table], record, version)
    require_live(record)
    return record


def begin_withdrawal[Record: (Need, Offer, Support)](
    session: Session, actor: Actor, table: type[Record], reference: str, version: int
) -> Record:
    """As `begin_change`, with the round held first: it is the order in which plans are published."""
    record = lock_with_round(session, actor, table, reference, version)
    require_live(record)
    return record


def lock_with_round[Record: (Need, Offer, Support)](
    session: Session, actor: Actor, table: type[Record], reference: str, version: int
) -> Record:
    """The record in the version that the writer has read, held after its round, whatever its state."""
    round_id = session.scalar(select(table.round_id).where(table.reference == reference))
    session.execute(select(Round.id).where(Round.id == round_id).with_for_update(key_share=True))
    record = lock_record(session, actor, table, reference)
    check_version(session, actor, KINDS[table], record, version)
    return record


def mark_step(record: Any, step: str | None) -> bool:
    """Note that a step of a draft's form was kept, whatever was answered in it; tell whether that is new.

    Raises Conflict where a step is named and the record is no draft: what was sent is changed as a whole.
    """
    if step is None:
        return False
    require_draft(record)
    if record.kept_steps is None or step in record.kept_steps:
        return False
    record.kept_steps = [*record.kept_steps, step]
    return True


def require_draft(record: Any) -> None:
    """Raise Conflict for a record that was sent already, where something is done with drafts alone."""
    if record.state != "draft":
        raise Conflict(
            sentence(
                "%(reference)s is %(state)s and no draft any more.",
                reference=record.reference,
                state=Coded("record_state", record.state),
            )
        )


def end_change(
    session: Session, actor: Actor, record: Any, action: str, fields: Iterable[str], **facts: Any
) -> None:
    """Write a change that was made: its moment, its event, and the questions that it answers.

    A record that was given back with questions takes part again once it is revised, and is acknowledged anew.
    """
    state = next_state("revise", record.state) if action == "revise" else None
    if state is not None and state != record.state:
        record.state, record.return_questions = state, None
        forget_reception(record)
        fields = {*fields, "state"}
    record.changed_at = utc_now()
    session.flush()
    trace(session, actor, action, record, sorted(fields), **facts)
    close_answered(session, record)


def forget_reception(record: Any) -> None:
    """The record has to be acknowledged anew; the note that vouched for it is kept, and vouches no more."""
    record.acknowledged_at, record.authenticated_at, record.circulated_at = None, None, None


def withdraw_record(session: Session, actor: Actor, record: Any, reason: str | None) -> None:
    """End a record: its questions are closed and it takes part in no further matching. Its row stays.

    Raises Conflict for a draft: what was never sent is discarded.
    """
    if next_state("withdraw", record.state) is None:
        raise Conflict(sentence("%(reference)s is a draft: discard it instead.", reference=record.reference))
    record.state = "withdrawn"
    record.changed_at = utc_now()
    session.flush()
    close_questions_of(session, record)
    trace(session, actor, "withdraw", record, ["state"], reason=reason)


def trace(session: Session, actor: Actor, action: str, record: Any, fields: list[str], **facts: Any) -> None:
    """Add the event, and tell the owner about what somebody else did in its name."""
    kind = KINDS[type(record)]
    is_of_others = not actor.answers_for(record.participant_id)
    is_on_behalf = is_of_others and action in STEPS_BY_LETTER
    known = {key: value for key, value in facts.items() if value is not None}
    record_event(
        session,
        actor,
        action,
        kind,
        record.reference,
        fields,
        {"version": record.version, "on_behalf": is_on_behalf, **known},
    )
    if action == "submit" or is_of_others:
        enqueue_message(
            session,
            f"{kind}.{action}",
            participant_id=record.participant_id,
            facts={"reference": record.reference},
        )


def find_record[Record: (Need, Offer, Support)](actor: Actor, table: type[Record], reference: str) -> Record:
    """The record, or NotFound, in the same words, where there is none or the actor may not see it."""
    record = db.session.scalar(select(table).where(table.reference == reference))
    if record is None or not _may_see(actor, record):
        raise NotFound(no_such(KINDS[table], reference))
    return record


def list_records[Record: (Need, Offer, Support)](
    actor: Actor,
    table: type[Record],
    round_code: str | None,
    *,
    participant_code: str | None = None,
    only_live: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> list[Record]:
    """The records that the actor may see, oldest first: of one round, or of all where ``round_code`` is None.

    ``after`` is the reference of the last record already read, ``limit`` how many to give. Raises NotAllowed
    for who may see none of this kind, NotFound for an unknown round, NotValid for an unknown ``after``.
    """
    # A list shows whose each record is, and an offer's sessions: they are read at once for all.
    query = select(table).where(_is_no_draft_of_others(actor, table)).order_by(table.id)
    query = query.options(selectinload(table.participant))
    if table is Offer:
        query = query.options(selectinload(Offer.sessions))
    if table is Need and not (actor.is_coordinator or actor.is_system):
        if actor.role != "focal_point" or actor.participant_id is None:
            raise NotAllowed(sentence("Needs are seen by the participant that has them and by coordinators."))
        query = query.where(table.participant_id == actor.participant_id)
    elif not may_see_offers(actor):
        raise NotAllowed(sentence("Offers and supports are seen by those who take part."))
    elif not may_see_offer(actor, may_be_shown_outside=False):
        query = query.where(table.visibility_consent.is_not(False))
    if round_code is not None:
        query = query.where(table.round_id == require_round(db.session(), round_code).id)
    if participant_code is not None:
        query = query.join(Participant, table.participant_id == Participant.id).where(
            Participant.code == participant_code
        )
    if only_live:
        query = query.where(_is_live_for(actor, table))
    if after is not None:
        query = query.where(table.id > _place_of(actor, table, after))
    if limit is not None:
        query = query.limit(limit)
    return list(db.session.scalars(query))


def _place_of[Record: (Need, Offer, Support)](actor: Actor, table: type[Record], reference: str) -> int:
    """A page starts after a record that the reader may see; others are refused as if they were not there."""
    record = db.session.scalar(select(table).where(table.reference == reference))
    if record is None or not _may_see(actor, record):
        raise NotValid(
            no_such(KINDS[table], reference), {"after": [sentence("This is not a record of the list.")]}
        )
    return record.id


def _is_no_draft_of_others(actor: Actor, table: Any) -> ColumnElement[bool]:
    is_sent = table.state != "draft"
    if actor.participant_id is None or not may_see_draft(actor, actor.participant_id):
        return is_sent  # type: ignore[no-any-return]
    return or_(is_sent, table.participant_id == actor.participant_id)


def _is_live_for(actor: Actor, table: Any) -> ColumnElement[bool]:
    """Whether a record takes part, as far as the reader is told: one of others that was given back goes on to
    be listed.
    """
    is_live: ColumnElement[bool] = table.state.in_(LIVE_RECORD_STATES)
    if actor.is_coordinator or actor.is_system:
        return is_live
    is_of_others = table.participant_id.is_distinct_from(actor.participant_id)
    return or_(is_live, and_(table.state == "returned", is_of_others))


def state_for(actor: Actor, record: Any) -> str:
    """The state of a record for its reader: others than its owner and coordinators go on to read the one in
    which it was given back.
    """
    if record.state != "returned" or may_see_return(actor, record.participant_id):
        return str(record.state)
    earlier = (
        ("circulated", record.circulated_at),
        ("authenticated", record.authenticated_at),
        ("acknowledged", record.acknowledged_at),
    )
    return next((state for state, since in earlier if since is not None), "submitted")


def _may_see(actor: Actor, record: Any) -> bool:
    if record.state == "draft":
        return may_see_draft(actor, record.participant_id)
    if isinstance(record, Need):
        return may_see_need(actor, record.participant_id)
    return may_see_offer(actor, record.visibility_consent)
