"""The questions of stored plans become rows: coordinators see them at once, owners once it is published;
those who offer or support once the recipient whose seats hang on it has agreed to be put to the provider.

A session is cut from an offer, so its questions are the offer's; a recipient's place is asked of the
participant. How many seats of a need count is for a coordinator to say once its owner has said how many it
asks for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lcm_service.domain.completeness import is_stated
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Plan, Question
from lcm_service.services.known_rows import rows_as_known
from lcm_service.services.match_turns import pairs_known
from lcm_service.services.snapshots import planning_seats

# Kind of record, its reference, and the field that nobody has stated.
type Asked = tuple[str, str, str]

# The field of a need that its owner cannot answer: it waits for a coordinator's recognition.
RECOGNITION: Final = "seats_recognised"


def asked_of(labels: Mapping[str, Any], record: str, field: str) -> Asked:
    """Whom a question of the optimizer is put to. Raises KeyError for a record that the plan's labels do not
    know.
    """
    if record in labels["needs"]:
        has_asked = labels["needs"][record].get("seats_asked") is not None
        return "need", record, RECOGNITION if field == "seats" and has_asked else field
    if record in labels["sessions"]:
        return "offer", labels["sessions"][record]["offer"], field
    if record in labels["offers"]:
        return "offer", record, field
    if record in labels["supports"]:
        return "support", record, field
    if record in labels["participants"]:
        return "participant", record, field
    raise KeyError(f"No record {record} stands behind the question about {field}.")


def renew_questions(session: Session, round_id: int) -> None:
    """Bring the question rows of a round to its published plan and its newest draft.

    To be called whenever a plan was stored, published or put aside, and when a match is put to its provider.
    What only earlier drafts asked is closed; what the published plan asks goes on being asked, and so does a
    question whose answer was taken back. What was answered while a plan was being solved stays answered.
    """
    session.flush()
    published = reads.published_plan(session, round_id)
    draft = reads.latest_draft(session, round_id, None if published is None else published.id)
    rows = {
        (row.record_kind, row.record_reference, row.field): row
        for row in reads.list_questions(session, round_id)
    }
    records = _records_asked(session, round_id, [one for one in (published, draft) if one is not None], rows)
    asked_of_owners = _seats_asked_of_owners(session, published, records)
    seats = _seats_by_question(published, records) | _seats_by_question(draft, records)
    seats = {
        (kind, reference, field): hanging
        for (kind, reference, field), hanging in seats.items()
        if not _has_ended(records.get((kind, reference)))
    }
    for asked, row in rows.items():
        if asked not in seats:
            row.seats, row.seats_published = 0, None
            row.state = "closed" if row.state == "open" else row.state
    for asked, hanging in seats.items():
        kind, reference, field = asked
        record = records.get((kind, reference))
        is_answered = record is not None and has_answer(kind, record, field)
        if asked not in rows and not is_answered:
            rows[asked] = Question(
                round_id=round_id, record_kind=kind, record_reference=reference, field=field, state="open"
            )
            session.add(rows[asked])
        if asked in rows:
            _ask_again(rows[asked], hanging, asked_of_owners.get(asked), is_answered)


def hand_over_to_coordinators(session: Session, question: Question) -> None:
    """A need's owner has said how many seats it asks for: the same seats now wait for their recognition."""
    rows = reads.list_questions(session, question.round_id)
    known = {(row.record_reference, row.field): row for row in rows}
    waiting = known.get((question.record_reference, RECOGNITION))
    if waiting is None:
        waiting = Question(
            round_id=question.round_id,
            record_kind=question.record_kind,
            record_reference=question.record_reference,
            field=RECOGNITION,
        )
        session.add(waiting)
    waiting.state, waiting.asked_at, waiting.answered_at = "open", utc_now(), None
    waiting.seats, waiting.seats_published = question.seats, question.seats_published


def has_answer(kind: str, record: Any, field: str) -> bool:
    """Whether nobody needs to be asked any more. Recognition is not waited for where so few seats are asked
    that they count as they are.
    """
    if (kind, field) != ("need", RECOGNITION):
        return is_stated(kind, record, field)
    planned, _ = planning_seats(record.round.policy or {})
    return record.seats_recognised is not None or (
        record.seats_asked is not None and record.seats_asked <= planned
    )


def asked_now(asked: Asked, seats_asked: int | None) -> Asked:
    """The same question as it stands today: once its owner has said how many seats it asks for, a need waits
    for their recognition.
    """
    kind, reference, field = asked
    return (kind, reference, RECOGNITION) if (kind, field) == ("need", "seats") and seats_asked else asked


def _seats_asked_of_owners(
    session: Session, published: Plan | None, records: Mapping[tuple[str, str], Any]
) -> dict[Asked, int]:
    """What owners are asked: a recipient about its own seats, all others about those that were put to the
    provider. Else a question would tell that somebody waits for an answer to it, and with how many seats.
    """
    if published is None:
        return {}
    known = pairs_known(reads.list_matches(session, published.round_id))
    rows = [row for row in published.document["assignments"] if (row["need"], row["session"]) in known]
    put = [
        {**row, "seats": known[row["need"], row["session"]].seats}
        for row in rows_as_known(rows, "assignments", published, known)
    ]
    of_recipients = _seats_by_question(published, records)
    of_others = _seats_by_question(published, records, put)
    kinds = ("offer", "support")
    return {asked: seats for asked, seats in of_recipients.items() if asked[0] not in kinds} | {
        asked: seats for asked, seats in of_others.items() if asked[0] in kinds
    }


def _seats_by_question(
    plan: Plan | None,
    records: Mapping[tuple[str, str], Any],
    rows: Sequence[Mapping[str, Any]] | None = None,
) -> dict[Asked, int]:
    """Seats by whom is asked what; each assignment counts once, whichever of an offer's sessions it is in.
    ``rows``: these assignments of the plan alone.
    """
    if plan is None:
        return {}
    seats = Counter[Asked]()
    for row in plan.document["assignments"] if rows is None else rows:
        need = records.get(("need", row["need"]))
        seats_asked = None if need is None else need.seats_asked
        stated = (asked_of(plan.labels, one["record"], one["field"]) for one in row["questions"])
        for asked in {asked_now(one, seats_asked) for one in stated}:
            seats[asked] += row["seats"]
    return dict(seats)


def _ask_again(row: Question, seats: int, seats_published: int | None, is_answered: bool) -> None:
    is_asked_first = row.seats_published is None and seats_published is not None
    row.seats, row.seats_published = seats, seats_published
    if is_answered:
        return
    if row.state != "open" or is_asked_first:
        row.state, row.asked_at, row.answered_at = "open", utc_now(), None


def _has_ended(record: Any) -> bool:
    """Whether nobody could answer a question about the record any more."""
    return record is not None and record.state in ("withdrawn", "expired")


def _records_asked(
    session: Session, round_id: int, plans: Iterable[Plan], rows: Iterable[Asked]
) -> dict[tuple[str, str], Any]:
    """The records of which the plans ask something, or of which something was asked before. A round has many
    more, and this is read at every press of a button that puts a match to its provider.
    """
    wanted: dict[str, set[str]] = {"need": set(), "offer": set(), "support": set()}
    asked = list(rows)
    for plan in plans:
        for row in plan.document["assignments"]:
            if row["questions"]:
                wanted["need"].add(row["need"])
                asked += [asked_of(plan.labels, one["record"], one["field"]) for one in row["questions"]]
    for kind, reference, _field in asked:
        # A recipient's place is asked of the participant, which is no record of the round.
        if kind in wanted:
            wanted[kind].add(reference)
    return {
        **{("need", one.reference): one for one in reads.list_needs(session, round_id, wanted["need"])},
        **{("offer", one.reference): one for one in reads.list_offers(session, round_id, wanted["offer"])},
        **{
            ("support", one.reference): one
            for one in reads.list_supports(session, round_id, wanted["support"])
        },
    }
