"""Numbers for records: each kind counts on its own, without gaps."""

import secrets
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lcm_service.persistence.tables import ReferenceCounter

PREFIXES: Final = {"need": "N", "offer": "O", "support": "R", "activity": "A", "guidance": "G"}


def next_reference(session: Session, prefix: str) -> str:
    """The next reference of a kind, e.g. ``N-0001``. A transaction that is rolled back returns its number."""
    # Written first and read back: of two at once, the second waits for the first to commit.
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(ReferenceCounter)
        .values(prefix=prefix, last_number=0)
        .on_conflict_do_nothing(index_elements=[ReferenceCounter.prefix])
    )
    number = session.execute(
        update(ReferenceCounter)
        .where(ReferenceCounter.prefix == prefix)
        .values(last_number=ReferenceCounter.last_number + 1)
        .returning(ReferenceCounter.last_number)
    ).scalar_one()
    return f"{prefix}-{number:04}"


def draft_reference(prefix: str) -> str:
    """The name of a draft until it is submitted. Drafts are not counted, for a gap between the references of
    others would tell that there is one.
    """
    return f"{prefix}-draft-{secrets.token_hex(6)}"


def is_draft_reference(reference: str) -> bool:
    """Whether this names, or named, a draft."""
    return reference[1:].startswith("-draft-")
