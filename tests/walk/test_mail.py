"""What leaves by mail names nobody, no record and no State, in no header and no language; and no word goes to
whom it is not for.
"""

import ast
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select, update

from lcm_service.domain.permissions import SYSTEM
from lcm_service.mail import texts
from lcm_service.mail.smtp import Postbox
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import (
    DateProposal,
    Match,
    Need,
    OutboxMessage,
    Part,
    Participant,
    Person,
    Round,
    TrainingArea,
)
from lcm_service.services import mailing
from tests.walk.asking import Walk
from tests.walk.changes import CHANGES
from tests.walk.names import PARTICIPANT_OF, TABLES, participant_id
from tests.walk.words import MARK

SERVICES: Final = Path(__file__).parents[2] / "lcm_service" / "services"
ADDRESS: Final = "https://lcm.example.org"
# About what messages of such a kind are; one that is not here has no rule yet.
ABOUT: Final = {
    "match": "match",
    "part": "part",
    "dates": "dates",
    "need": "record",
    "offer": "record",
    "support": "record",
    "circulation": "circulated",
    "plan": "coordinators",
    "account": "person",
    "sign_in": "person",
    "invitation": "person",
}
POSTBOX: Final = Postbox("localhost", 25, "lcm@example.org")


def kinds_in_the_code() -> set[str]:
    """The first word of each kind of message that a service leaves; ``*`` where it is worked out."""
    found = set()
    for path in SERVICES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "enqueue_message":
                found.add(_first_word(node.args[1]))
    return found


def _first_word(kind: ast.expr) -> str:
    if isinstance(kind, ast.JoinedStr):
        kind = kind.values[0]
    return str(kind.value).partition(".")[0] if isinstance(kind, ast.Constant) else "*"


def test_every_kind_of_message_has_a_rule() -> None:
    found = kinds_in_the_code()
    assert len(found) >= 8
    # Of records the kind is worked out: need, offer, support.
    assert found - {"*"} <= set(ABOUT), "Say in this file whom a new kind of message may be for."


def test_every_message_goes_to_whom_it_concerns_and_holds_numbers_alone(walk: Walk) -> None:
    messages = list(db.session.scalars(select(OutboxMessage)))
    assert {message.kind.partition(".")[0] for message in messages} >= {
        "match",
        "part",
        "circulation",
        "need",
    }
    wrong = [(one.kind, one.facts) for one in messages if not is_for(one) or not holds_numbers_alone(one)]
    assert not wrong, wrong


def is_for(message: OutboxMessage) -> bool:
    """Whether the receiver may know of what the message is about."""
    about, facts = ABOUT[message.kind.partition(".")[0]], message.facts
    if about == "person":
        return message.person_id is not None
    if about == "coordinators":
        return db.session.get_one(Person, message.person_id).role == "coordinator"
    if about == "match":
        match = db.session.get_one(Match, facts["match"])
        need = db.session.scalars(select(Need).filter_by(reference=match.need_reference)).one()
        knows = {need.participant_id} | ({match.offer.participant_id} if match.put_to_provider_at else set())
        return message.participant_id in knows
    if about == "part":
        part = db.session.get_one(Part, facts["part"])
        return part.put_at is not None and part.support.participant_id == message.participant_id
    if about == "dates":
        proposal = db.session.get_one(DateProposal, facts["dates"])
        return message.participant_id in {one.participant_id for one in proposal.answers}
    record = record_of(facts["reference"])
    if about == "circulated":
        is_consented = not isinstance(record, Need) or record.visibility_consent is True
        return is_consented and record.circulated_at is not None
    return record.state != "draft" and record.participant_id == message.participant_id


def record_of(reference: str) -> Any:
    rows = (db.session.scalar(select(table).filter_by(reference=reference)) for table in TABLES.values())
    return next(row for row in rows if row is not None)


def holds_numbers_alone(message: OutboxMessage) -> bool:
    """A number or a reference, by which the mail counts; no text that anybody has written."""
    return set(message.facts) <= {"match", "part", "plan", "dates", "reference"} and MARK not in str(
        message.facts
    )


def test_that_a_match_grew_is_told_to_its_recipient_alone(walk: Walk) -> None:
    """Of what grew, the provider has heard of its first seats and not of the question about more."""
    rows = select(OutboxMessage.participant_id).where(OutboxMessage.kind == "match.grow")
    assert set(db.session.scalars(rows)) == {participant_id("XRA")}


@pytest.mark.parametrize("change", CHANGES)
def test_whom_a_change_does_not_concern_is_told_nothing_of_it(walk: Walk, change: str) -> None:
    do, roles = CHANGES[change]
    before = max(db.session.scalars(select(OutboxMessage.id)))
    do()
    told = set(db.session.scalars(select(OutboxMessage.participant_id).where(OutboxMessage.id > before)))
    assert not told & {participant_id(PARTICIPANT_OF[role]) for role in roles if role in PARTICIPANT_OF}


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_no_mail_names_anybody_or_anything(walk: Walk, language: str) -> None:
    mails = written_mails(language)
    assert len(mails) >= 9
    words = names_of_all()
    for mail in mails:
        text = "\n".join(f"{name}: {value}" for name, value in mail.items() if name != "To")
        text += mail.get_content()
        assert named_in(text, words) == []


def written_mails(language: str) -> list[EmailMessage]:
    """Every mail that is due, as it would be handed to the mail server."""
    db.session.execute(update(Person).values(language=language))
    db.session.commit()
    while mailing.hand_on_messages(SYSTEM):
        pass
    mails = []
    while (claimed := mailing.claim_next(SYSTEM)) is not None:
        text = texts.write_text(claimed.messages, claimed.language, ADDRESS)
        mails.append(POSTBOX._written(claimed.email, text, claimed.language))
        mailing.mark_sent(SYSTEM, claimed)
    return mails


def names_of_all() -> set[str]:
    """Whatever names a record, a State, a session, a subject, a person or a round."""
    columns = [column for table in TABLES.values() for column in (table.reference, table.title)]
    columns += [
        Match.session_code,
        Participant.code,
        TrainingArea.code,
        Round.code,
        Person.name,
        Person.email,
    ]
    found = {MARK}.union(*(db.session.scalars(select(column)) for column in columns))
    return found.union(*(names.values() for names in db.session.scalars(select(Participant.names))))


def named_in(text: str, words: set[str]) -> list[str]:
    return [word for word in sorted(words) if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]


def test_a_mail_that_names_a_need_is_found(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: else none would be found because nothing is looked at."""
    counted = texts._counted

    def telling(messages: Any) -> list[str]:
        return [*counted(messages), *(str(facts.get("reference")) for _, facts in messages)]

    monkeypatch.setattr(texts, "_counted", telling)
    words = names_of_all()
    assert any(named_in(mail.get_content(), words) for mail in written_mails("en"))
