"""Records from a sheet: read, looked over row by row, and kept all at once.

What was read waits for its person, for a day. Nothing of it is a record until the person has seen what would
be made of every row and says so; then the good rows become records in one transaction, by the same checks and
the same writing as one that is sent by a form. A row that says what is recorded already makes nothing, so
that who sends the same sheet again, put right or not, makes no second copies.
"""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotFound, NotSignedIn, NotValid
from lcm_service.domain.permissions import Actor, may_see_draft, may_submit_for
from lcm_service.domain.record_fields import DEFAULTS
from lcm_service.domain.record_rules import Faults
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.tables import Participant, Person, Sheet
from lcm_service.services import records

KEPT_FOR: Final = timedelta(hours=24)
# A person who sends sheet after sheet has these at most; the oldest gives way.
MOST_SHEETS: Final = 5
MOST_ROWS: Final = 500
ENDED: Final = ("withdrawn", "expired")

GONE = sentence("This sheet is not here any more: it was kept for a day. Send the file again.")


@dataclass(frozen=True)
class Row:
    """A row of a sheet that its schema has accepted: its number in the file, and what it says."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """What a row would make: a new record, or nothing, because of ``faults`` or because ``already`` is it."""

    faults: Faults
    already: str | None = None
    # A record of the same title that says something else; no fault.
    namesake: str | None = None

    @property
    def is_new(self) -> bool:
        return not self.faults and self.already is None


def store_sheet(
    actor: Actor, kind: str, participant_code: str, round_code: str, content: Mapping[str, Any]
) -> Sheet:
    """Let what was read wait for its person. Raises as the submission of a record would: NotAllowed for
    another participant, NotFound for no round, Conflict for a closed one.
    """
    with transaction() as session:
        owner = records.participant_to_submit_for(session, actor, participant_code)
        round_ = records.open_round(session, round_code)
        _hold_person(session, actor)
        _make_room(session, actor)
        sheet = Sheet(
            key=secrets.token_hex(16),
            person_id=actor.person_id,
            participant=owner,
            round=round_,
            kind=kind,
            content=dict(content),
            expires_at=utc_now() + KEPT_FOR,
        )
        session.add(sheet)
        session.flush()
        return sheet


def find_sheet(actor: Actor, key: str) -> Sheet:
    """The person's own sheet while its time is not over, else NotFound: for others there is none."""
    sheet = db.session.scalar(select(Sheet).where(Sheet.key == key))
    return _require_own(actor, sheet)


def is_kept_as_draft(actor: Actor, participant_id: int) -> bool:
    """A participant's own rows become drafts; a coordinator, who keeps no drafts of others, submits them."""
    return may_see_draft(actor, participant_id)


def look_over(actor: Actor, sheet: Sheet, rows: Sequence[Row]) -> dict[int, Finding]:
    """What each row would make, by its number. Nothing is written."""
    return _look_over(db.session(), actor, sheet, rows)


def keep_rows(actor: Actor, key: str, rows: Sequence[Row], *, shown: Collection[int] | None = None) -> Sheet:
    """Make records of the rows that would make one, all of them or none; the others stay to be put right.
    ``shown`` are the numbers of those that the person saw to be good, where it saw them: a row that became
    good since (its record was withdrawn, its subject came onto the list) makes nothing unseen.

    A second press finds them kept and makes nothing; one of which nothing comes leaves the sheet as it is.
    Raises NotFound, NotAllowed, and Conflict for a round that was closed meanwhile.
    """
    with transaction() as session:
        found = session.scalar(select(Sheet).where(Sheet.key == key).with_for_update(of=Sheet))
        sheet = _require_own(actor, found)
        if sheet.kept is not None:
            return sheet
        # Two sheets of one participant follow each other, so that each sees what the other has made.
        held = select(Participant.id).where(Participant.id == sheet.participant_id)
        session.execute(held.with_for_update(key_share=True))
        records.open_round(session, sheet.round.code)
        findings = _look_over(session, actor, sheet, rows)
        kept = [
            {"row": row.number, "reference": _keep(session, actor, sheet, row.values)}
            for row in rows
            if findings[row.number].is_new and (shown is None or row.number in shown)
        ]
        if not kept:
            return sheet
        done = {one["row"] for one in kept} | {number for number, one in findings.items() if one.already}
        sheet.kept = kept
        sheet.content = sheet.content | {
            "rows": [row for row in sheet.content["rows"] if row["row"] not in done]
        }
        session.flush()
        return sheet


def discard_sheet(actor: Actor, key: str) -> None:
    """Take a sheet away before its time; what was kept of it stays. Raises NotFound."""
    with transaction() as session:
        found = session.scalar(select(Sheet).where(Sheet.key == key).with_for_update(of=Sheet))
        session.delete(_require_own(actor, found))


def _require_own(actor: Actor, sheet: Sheet | None) -> Sheet:
    """The sheet, if the actor has sent it and may still submit for its participant."""
    if (
        sheet is None
        or actor.person_id is None
        or sheet.person_id != actor.person_id
        or sheet.expires_at <= utc_now()
        or not may_submit_for(actor, sheet.participant_id)
    ):
        raise NotFound(GONE)
    return sheet


def _hold_person(session: Session, actor: Actor) -> None:
    """Whoever is erased at this moment sends nothing, or comes after, and the sheet goes with the person. Of
    sheets sent at once each sees the others, so that no more are left than there may be.
    """
    held = select(Person.id).where(Person.id == actor.person_id, Person.is_active)
    if session.scalar(held.with_for_update(of=Person, key_share=True)) is None:
        raise NotSignedIn(sentence("Nobody is signed in."))


def _make_room(session: Session, actor: Actor) -> None:
    own = Sheet.person_id == actor.person_id
    session.execute(delete(Sheet).where(own, Sheet.expires_at <= utc_now()))
    newest = select(Sheet.id).where(own).order_by(Sheet.id.desc()).offset(MOST_SHEETS - 1)
    session.execute(delete(Sheet).where(Sheet.id.in_(list(session.scalars(newest)))))


def _look_over(session: Session, actor: Actor, sheet: Sheet, rows: Sequence[Row]) -> dict[int, Finding]:
    fields = sorted({field for row in rows for field in row.values})
    known = _known_records(actor, sheet, fields)
    titles = {record.title: record.reference for record in known.values()}
    references = {said: record.reference for said, record in known.items()}
    seen: dict[str, int] = {}
    findings = {}
    for row in rows:
        said = _said(row.values, fields)
        faults = _faults_of(session, actor, sheet, row.values)
        if said in seen:
            same = sentence("This row says the same as row %(row)s.", row=str(seen[said]))
            faults = {**faults, "": [same]}
        seen.setdefault(said, row.number)
        title = str(row.values.get("title") or "")
        findings[row.number] = Finding(faults, references.get(said), titles.get(title))
    return findings


def _known_records(actor: Actor, sheet: Sheet, fields: Sequence[str]) -> dict[str, Any]:
    """The participant's records in the round that the actor may see, by what they say."""
    table: Any = records.TABLES[sheet.kind]
    found = records.list_records(actor, table, sheet.round.code, participant_code=sheet.participant.code)
    return {
        _said(records.values_of(sheet.kind, record), fields): record
        for record in found
        if record.state not in ENDED
    }


def _said(values: Mapping[str, Any], fields: Sequence[str]) -> str:
    """What a record says in these fields, in one form; what is unknown is as good as not there."""
    stated = {}
    for field in fields:
        value = values.get(field)
        value = DEFAULTS.get(field) if value is None else value
        if value is not None:
            stated[field] = list(value) if isinstance(value, tuple) else value
    return json.dumps(stated, sort_keys=True, default=str)


def _faults_of(session: Session, actor: Actor, sheet: Sheet, values: Mapping[str, Any]) -> Faults:
    """What keeps a row from being a record: the checks of a record that is sent by a form."""
    try:
        accepted = records.accepted_values(sheet.kind, actor, values)
        records.check_values(session, sheet.kind, {**DEFAULTS, **accepted}, sheet.participant)
    except NotValid as refusal:
        return {name: list(sentences) for name, sentences in refusal.faults.items()}
    return {}


def _keep(session: Session, actor: Actor, sheet: Sheet, values: Mapping[str, Any]) -> str:
    table: Any = records.TABLES[sheet.kind]
    record = records.submit_record(
        session,
        actor,
        table,
        sheet.participant.code,
        sheet.round.code,
        records.accepted_values(sheet.kind, actor, values),
        as_draft=is_kept_as_draft(actor, sheet.participant_id),
    )
    return str(record.reference)
