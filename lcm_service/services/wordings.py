"""Texts of the pages in another language, put right by coordinators without a new release.

The catalogues of a release stay as they are; a correction stands before them until it is taken back, also
where a later release brings another text for the same English one.
"""

import logging
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed, NotValid
from lcm_service.domain.permissions import Actor, may_correct_wordings
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import LANGUAGES_OF_PAGES
from lcm_service.domain.wordings import find_fault
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Wording
from lcm_service.services.records import FAULTY
from lcm_service.services.trail import check_version, record_event

SOURCE_LANGUAGE: Final = "en"
KEPT_BY_COORDINATORS: Final = sentence("Only coordinators correct texts of the pages.")
NOT_ENGLISH: Final = sentence("Only texts in another language than English are corrected here.")

type Corrections = Mapping[tuple[str, int], str]

log = logging.getLogger(__name__)


def read_corrections() -> dict[str, dict[tuple[str, int], str]]:
    """What stands instead of the catalogues' texts now, by language, English text and form of a plural. It is
    what every page shows, so nobody is asked who reads it.
    """
    found: dict[str, dict[tuple[str, int], str]] = {}
    session = db.session()
    is_within_another = session.in_transaction() or session.info.get("in_transaction")
    rows = session.execute(select(Wording.language, Wording.message, Wording.form, Wording.text)).all()
    if not is_within_another:
        # Who writes a mail sends it next: no transaction waits for a mail server.
        session.rollback()
    for language, message, form, text in rows:
        if text is not None:
            found.setdefault(language, {})[message, form] = text
    return found


def find_corrections() -> dict[str, dict[tuple[str, int], str]] | None:
    """The same for a request that may need nothing else of the database; None where that cannot be asked."""
    try:
        return read_corrections()
    except SQLAlchemyError:
        db.session.rollback()
        log.warning("Corrections of texts could not be read; those read last stand.", exc_info=True)
        return None


def find_version(actor: Actor, language: str, message: str, form: int) -> int:
    """The version of a correction, 0 where there was none yet. Raises NotAllowed for all but coordinators."""
    _require_keeper(actor)
    row = _held(db.session(), language, message, form)
    return 0 if row is None else row.version


def correct_wording(
    actor: Actor,
    language: str,
    message: str,
    form: int,
    text: str | None,
    version: int,
    *,
    is_for_one_number: bool = False,
) -> None:
    """Let ``text`` stand for an English text in a language, or none: the catalogue's own again.

    The caller has seen that a catalogue holds the text, and whether this is a form of a plural that stands
    for one number alone. Raises NotAllowed for all but
    coordinators, NotValid for a text that pages could not show, Stale.
    """
    _require_keeper(actor)
    if language not in LANGUAGES_OF_PAGES or language == SOURCE_LANGUAGE:
        raise NotValid(NOT_ENGLISH)
    fault = None if text is None else find_fault(message, text, is_for_one_number=is_for_one_number)
    if fault is not None:
        raise NotValid(FAULTY, {"text": [fault]})
    with transaction() as session:
        row = _held(session, language, message, form)
        if row is None:
            if text is None:
                return
            row = Wording(language=language, message=message, form=form, text=text)
            session.add(row)
        else:
            check_version(session, actor, "wording", row, version)
            if row.text == text:
                return
            row.text = text
        session.flush()
        action = "withdraw" if text is None else "correct"
        record_event(session, actor, action, "wording", str(row.id), ["text"], {"version": row.version})


def _held(session: Session, language: str, message: str, form: int) -> Wording | None:
    statement = select(Wording).where(
        Wording.language == language, Wording.message == message, Wording.form == form
    )
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def _require_keeper(actor: Actor) -> None:
    if not may_correct_wordings(actor):
        raise NotAllowed(KEPT_BY_COORDINATORS)
