"""The questions of a stored plan become rows that the records' owners are asked.

A session is cut from an offer, so its questions are the offer's; a recipient's place is asked of the
participant.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lcm_service.domain.completeness import is_stated
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Question

# Kind of record, its reference, and the field that nobody has stated.
type Asked = tuple[str, str, str]


def asked_of(labels: Mapping[str, Any], record: str, field: str) -> Asked:
    """Whom a question of the optimizer is put to. Raises KeyError for a record that the plan's labels do not
    know.
    """
    if record in labels["needs"]:
        return "need", record, field
    if record in labels["sessions"]:
        return "offer", labels["sessions"][record]["offer"], field
    if record in labels["offers"]:
        return "offer", record, field
    if record in labels["supports"]:
        return "support", record, field
    if record in labels["participants"]:
        return "participant", record, field
    raise KeyError(f"No record {record} stands behind the question about {field}.")


def ask_questions(
    session: Session, round_id: int, document: Mapping[str, Any], labels: Mapping[str, Any]
) -> None:
    """Write the questions of a plan that was just stored, with the seats that hang on each.

    Rows of earlier plans that no longer matter are closed; those of the published plan go on being asked,
    and so do those whose answer was taken back. What was answered while the plan was being solved stays
    answered.
    """
    seats = _seats_by_question(document, labels)
    published = reads.published_plan(session, round_id)
    if published is not None:
        for asked, hanging in _seats_by_question(published.document, published.labels).items():
            seats.setdefault(asked, hanging)
    rows = {
        (row.record_kind, row.record_reference, row.field): row
        for row in reads.list_questions(session, round_id)
    }
    for asked, row in rows.items():
        if asked not in seats and row.state == "open":
            row.state, row.seats = "closed", 0
    records = _records_of(session, round_id)
    for asked, hanging in seats.items():
        kind, reference, field = asked
        record = records.get((kind, reference))
        is_answered = record is not None and is_stated(kind, record, field)
        if asked in rows:
            _ask_again(rows[asked], hanging, is_answered)
        elif not is_answered:
            session.add(
                Question(
                    round_id=round_id,
                    record_kind=kind,
                    record_reference=reference,
                    field=field,
                    seats=hanging,
                )
            )


def _seats_by_question(document: Mapping[str, Any], labels: Mapping[str, Any]) -> Counter[Asked]:
    """Seats by whom is asked what; each assignment counts once, whichever of an offer's sessions it is in."""
    seats = Counter[Asked]()
    for row in document["assignments"]:
        for asked in {asked_of(labels, one["record"], one["field"]) for one in row["questions"]}:
            seats[asked] += row["seats"]
    return seats


def _ask_again(row: Question, seats: int, is_answered: bool) -> None:
    row.seats = seats
    if not is_answered and row.state != "open":
        row.state, row.asked_at, row.answered_at = "open", utc_now(), None


def _records_of(session: Session, round_id: int) -> dict[tuple[str, str], Any]:
    records: dict[tuple[str, str], Any] = {}
    records |= {("need", need.reference): need for need in reads.list_needs(session, round_id)}
    records |= {("offer", offer.reference): offer for offer in reads.list_offers(session, round_id)}
    records |= {("support", one.reference): one for one in reads.list_supports(session, round_id)}
    return records
