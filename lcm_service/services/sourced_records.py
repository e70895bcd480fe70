"""The round from public sources: what States and others have said in public, as records of the mechanism.

Nothing is invented. ``public_sources.csv`` holds each statement as found; ``sourced_records.json`` says what
becomes of it, why, and in which words of which column each field was read. What no source says stays unknown
and becomes a question. Nobody submitted these records; no State named in them has confirmed them.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Participant, Round
from lcm_service.services.data_files import read_document, read_rows
from lcm_service.services.round_loading import (
    RECORD_TABLES,
    LoadedRound,
    add_activity,
    add_record,
    add_round,
    is_loaded,
    participants_by_code,
)

ROUND_CODE: Final = "public-2026"
ROUND: Final[dict[str, Any]] = {
    "code": ROUND_CODE,
    "title": "From public sources, 2026",
    "standing": "public_sources",
    "opens_on": date(2026, 11, 1),
    "closes_on": date(2027, 6, 30),
}
DATE_FIELDS: Final = ("recognised_until", "first_month", "last_month")
# What a statement says beside its first sentence, in the order in which it reads best.
STATED_COLUMNS: Final = ("statement", "detail", "forum", "recipients", "place", "costs")


def load_sourced_round(actor: Actor, code: str = ROUND_CODE) -> LoadedRound:
    """Load the round from public sources, unless it is there already.

    The reference lists have to be loaded before. Raises NotAllowed unless the actor coordinates, NotFound
    where there are no sourced records for a round of that code.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators load a round."))
    if code != ROUND_CODE:
        raise NotFound(
            sentence(
                "There are no sourced records for a round %(round)s; there are some for %(known)s.",
                round=code,
                known=ROUND_CODE,
            )
        )
    with transaction() as session:
        if is_loaded(session, code):
            return LoadedRound(code, was_loaded=False, records={})
        round_ = add_round(session, actor, **ROUND)
        participants = participants_by_code(session)
        lines = source_lines()
        counts: Counter[str] = Counter()
        for entry in read_document("sourced_records.json"):
            _add_entry(session, actor, round_, participants, entry, lines[entry["record"]])
            counts[entry["becomes"]] += 1
    return LoadedRound(code, was_loaded=True, records=dict(counts))


def source_lines() -> dict[str, dict[str, str]]:
    """The statements as they were found, by the name of their record."""
    return {row["record"]: row for row in read_rows("public_sources.csv")}


def source_of(line: Mapping[str, str]) -> dict[str, Any]:
    """Where a statement comes from, as it is shown beside the record: as text, with publisher and kind.

    ``url`` is given only where the address is the publisher's own; a copy or a republished release is not
    linked.
    """
    publishers = {row["host"]: row for row in read_rows("publishers.csv")}
    address = line["address"].split(" ; ")[0]
    publisher = publishers[host_of(address)]
    return {
        "publisher": publisher["publisher"],
        "kind": line["kind"],
        "date": line["date"] or None,
        "record": line["record"],
        "url": address if publisher["is_original"] == "yes" else None,
        "as_stated": as_stated(line),
    }


def host_of(address: str) -> str:
    """The host of an address, without a leading ``www.``."""
    return (urlsplit(address).hostname or "").removeprefix("www.")


def as_stated(line: Mapping[str, str]) -> str:
    """Everything that the statement says, in its own words."""
    parts = [line[column] for column in STATED_COLUMNS if line[column]]
    if line["number"]:
        parts.append(f"{line['number']} {line['number_unit']}")
    days = "/".join(filter(None, (line["first_day"], line["last_day"])))
    return "; ".join([*parts, *filter(None, [days])])


def _add_entry(
    session: Session,
    actor: Actor,
    round_: Round,
    participants: Mapping[str, Participant],
    entry: Mapping[str, Any],
    line: Mapping[str, str],
) -> None:
    """Add the record that a statement becomes; context and repeated statements become none."""
    kind = entry["becomes"]
    if kind not in (*RECORD_TABLES, "activity"):
        return
    fields = {"title": line["statement"]} | {
        name: date.fromisoformat(value) if name in DATE_FIELDS else value
        for name, value in entry["fields"].items()
    }
    source = source_of(line)
    if kind == "activity":
        add_activity(session, actor, **fields, source=source)
    else:
        fields["detail"] = line["detail"] or None
        add_record(session, actor, kind, round_, participants[entry["participant"]], fields, source=source)
