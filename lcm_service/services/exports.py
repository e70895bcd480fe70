"""What leaves the service: stored plans and problems as they were stored, each with its round's standing
notice.

What leaves is restricted, so every export leaves an event, and where none can be written nothing leaves.
Nothing is solved or computed again for an export. A coordinator exports whole plans, a focal point its own
rows of the published one; nobody else exports anything.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from lcm_service.domain.assumptions import are_seats_assumed
from lcm_service.domain.errors import NotAllowed, NotFound
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.standing import notice_of
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction
from lcm_service.persistence.tables import Match, Offer, Plan, Support
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.known_rows import rows_as_known
from lcm_service.services.match_turns import pairs_known, takes_part
from lcm_service.services.moved_days import labels_now
from lcm_service.services.plan_excerpts import excerpt_of_plan, pairs_of_provider, weighed_record
from lcm_service.services.snapshot_records import PairCodes, pair_of
from lcm_service.services.trail import record_event

PLAN_EXPORT: Final = "lcm-plan-export/1"
PROBLEM_EXPORT: Final = "lcm-problem-export/1"

# What tells of the whole problem stands in no extract: values and clashes, how long the solver took, and the
# hash, by which a guess at what others asked for could be proven.
ABOUT_EVERYBODY: Final[dict[str, Any]] = {
    "objectives": [],
    "clash": None,
    "solver": None,
    # Such a document still reads as a plan; this is the hash of no problem.
    "problem_sha256": "0" * 64,
}

# The columns of a plan as a table. Each row stands alone when it is copied out, so each carries the notice.
COLUMNS: Final = (
    "notice",
    "round",
    "plan",
    "plan_state",
    "row",
    "need",
    "recipient",
    "recipient_name",
    "areas",
    "session",
    "offer",
    "provider",
    "provider_name",
    "title",
    "start",
    "end",
    "place",
    "seats",
    "seats_assumed",
    "fit",
    "is_firm",
    "open_questions",
    "reason",
    "offer_shown_outside",
    "moved_from",
)


def export_plan(actor: Actor, plan_id: int) -> dict[str, Any]:
    """A plan in the envelope `lcm-plan-export/1`: standing, round, state, labels, and the `lcm-plan/1`
    itself. The labels of a published plan have the days and places of now, with ``moved_from`` and
    ``place_before`` where it has others.

    For a focal point ``extract_for`` names its participant, and plan and labels hold its own rows alone; such
    an extract holds nothing of `ABOUT_EVERYBODY`. ``not_for_outside`` names what may not be shown outside the
    mechanism: every need, and the offers and supports whose owners have not agreed to it. Raises NotFound
    where there is no plan that the actor may export, NotAllowed for observers and administrators.
    """
    plan = _take_out(actor, plan_id, "json")
    document, labels = _document_for(actor, plan)
    return _envelope(PLAN_EXPORT, plan) | {
        "extract_for": None if may_coordinate(actor) else actor.participant_code,
        "problem_sha256": plan.problem_sha256 if may_coordinate(actor) else None,
        "labels": labels,
        "not_for_outside": sorted({*labels["needs"], *_not_for_outside(labels)}),
        "plan": document,
    }


def export_problem(actor: Actor, plan_id: int) -> dict[str, Any]:
    """The problem that a plan answered, in the envelope `lcm-problem-export/1`; its ``problem`` replays by
    hand.

    Raises NotAllowed for all but coordinators, NotFound.
    """
    if not may_coordinate(actor):
        raise NotAllowed(
            sentence("The problem file holds what every participant asked for; it is for coordinators.")
        )
    plan = _take_out(actor, plan_id, "problem")
    return _envelope(PROBLEM_EXPORT, plan) | {"problem": json.loads(plan.problem)}


def export_plan_rows(actor: Actor, plan_id: int, language: str = "en") -> list[dict[str, Any]]:
    """A plan as rows of `COLUMNS`: one for each place given and one for each need that is short of seats.

    Where the fit is not told (`plan_excerpts`) its column is empty. ``seats_assumed`` says whether the seats
    of a place rest on a number that nobody has stated; ``moved_from`` is empty unless the session was moved
    from these days since the plan was published. Names are in ``language`` where a list has them, else
    in English. Raises as `export_plan`.
    """
    plan = _take_out(actor, plan_id, "csv")
    document, labels = _document_for(actor, plan)
    common = {
        "notice": notice_of(plan.round.standing),
        "round": plan.round.code,
        "plan": plan.number,
        "plan_state": plan.state,
    }
    assumed = {(row["need"], row["session"]) for row in _whole_rows(actor, plan) if are_seats_assumed(row)}
    hidden = _not_for_outside(labels)
    # What a report says of its own course counts, also where another of the same session was elsewhere.
    held_in = _places_of_pairs(reads.list_matches(db.session(), plan.round_id))
    placed = [
        common
        | _row_of_assignment(row, labels, language, held_in.get((row["need"], row["session"])))
        | {
            "seats_assumed": "yes" if (row["need"], row["session"]) in assumed else "no",
            "offer_shown_outside": "no" if labels["sessions"][row["session"]]["offer"] in hidden else "yes",
        }
        for row in document["assignments"]
    ]
    if not may_coordinate(actor) and weighed_record(plan):
        placed = [row | {"fit": row["fit"] or None} for row in placed]
    short = [common | _row_of_unmet(row, labels, language) for row in document["unmet"]]
    return [{column: row.get(column) for column in COLUMNS} for row in (*placed, *short)]


def _take_out(actor: Actor, plan_id: int, form: str) -> Plan:
    """The plan, if the actor may take it out, with an event that says who did and in which form."""
    plan = _readable_plan(actor, plan_id)
    with transaction() as session:
        record_event(session, actor, "export", "plan", str(plan_id), facts={"form": form})
    return plan


def _readable_plan(actor: Actor, plan_id: int) -> Plan:
    if not may_coordinate(actor) and (actor.role != "focal_point" or actor.participant_code is None):
        raise NotAllowed(
            sentence("Plans are exported by coordinators, and by participants for their own rows.")
        )
    plan = reads.find_plan(db.session(), plan_id)
    if plan is None or not (may_coordinate(actor) or plan.state == "published"):
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    return plan


def _document_for(actor: Actor, plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan document and the labels that the actor may read."""
    session = db.session()
    matches = reads.list_matches(session, plan.round_id)
    if may_coordinate(actor):
        held_in = _places_held(matches)
        return plan.document, labels_now(session, plan, plan.labels, plan.labels["sessions"], held_in)
    assert actor.participant_code is not None
    own = excerpt_of_plan(plan, actor.participant_code, plan.explanation, matches)
    kept = {name: own[name] for name in ("assignments", "sessions", "questions", "unmet")}
    rows = {(row["need"], row["session"]) for row in own["assignments"]}
    standing = _sessions_of_who_stands(actor.participant_code, own, matches)
    held_in = _places_held([match for match in matches if pair_of(match) in rows])
    return plan.document | kept | ABOUT_EVERYBODY, labels_now(session, plan, own["labels"], standing, held_in)


def _places_of_pairs(matches: Iterable[Match]) -> dict[PairCodes, str | None]:
    """Where the courses of these matches were, of those that were held."""
    return {
        pair_of(match): match.delivery.place_code
        for match in matches
        if match.delivery is not None and is_delivered(match)
    }


def _places_held(matches: Sequence[Match]) -> dict[str, str | None]:
    """Where these sessions were, of those of which all courses were held and in the same place."""
    held, found = _places_of_pairs(matches), defaultdict[str, set[str | None]](set)
    to_come = {
        one.session_code for one in matches if one.state in LIVE_MATCH_STATES and not is_delivered(one)
    }
    for (_, code), place in held.items():
        found[code].add(place)
    return {
        code: next(iter(places)) for code, places in found.items() if len(places) == 1 and code not in to_come
    }


def _sessions_of_who_stands(code: str, own: Mapping[str, Any], matches: Iterable[Match]) -> set[str]:
    """The sessions of an extract of which the participant reads other days than the plan has."""
    by_pair = {(match.need_reference, match.session_code): match for match in matches}
    found = set()
    for row in own["assignments"]:
        match = by_pair.get((row["need"], row["session"]))
        gives = own["labels"]["sessions"][row["session"]]["provider"] == code
        if match is not None and takes_part(match, is_of_provider=gives):
            found.add(row["session"])
    return found


def _whole_rows(actor: Actor, plan: Plan) -> list[Mapping[str, Any]]:
    """The assignments with all their questions, as the actor knows them: an excerpt lacks the other side's,
    and with them what was assumed.
    """
    rows: list[Mapping[str, Any]] = plan.document["assignments"]
    if may_coordinate(actor) or actor.participant_code is None:
        return rows
    known = pairs_known(reads.list_matches(db.session(), plan.round_id))
    return rows_as_known(rows, "assignments", plan, pairs_of_provider(plan, actor.participant_code, known))


def _not_for_outside(labels: Mapping[str, Any]) -> set[str]:
    """The offers and supports whose owners have not said by now that they may be shown outside the mechanism.
    A file goes where the service cannot follow it, so whoever passes it on reads there what may not be passed
    on.
    """
    found: set[str] = set()
    tables: tuple[tuple[Any, str], ...] = ((Offer, "offers"), (Support, "supports"))
    for table, part in tables:
        query = select(table.reference).where(
            table.reference.in_(labels.get(part) or ()),
            table.visibility_consent.is_not(True),
            table.source.is_(None),
        )
        found |= set(db.session.scalars(query))
    return found


def _envelope(format_: str, plan: Plan) -> dict[str, Any]:
    published: datetime | None = plan.published_at
    return {
        "format": format_,
        "notice": notice_of(plan.round.standing),
        "standing": plan.round.standing,
        "round": {"code": plan.round.code, "title": plan.round.title},
        "plan_number": plan.number,
        "state": plan.state,
        "published_at": None if published is None else published.isoformat(timespec="seconds"),
        "problem_sha256": plan.problem_sha256,
    }


def _row_of_assignment(
    row: Mapping[str, Any], labels: Mapping[str, Any], language: str, held_in: str | None
) -> dict[str, Any]:
    session = labels["sessions"][row["session"]]
    questions = (f"{one['record']}: {one['field']}" for one in row["questions"])
    return _columns_of_need(row["need"], labels, language) | {
        "row": "placed",
        "session": row["session"],
        "offer": session["offer"],
        "provider": session["provider"],
        "provider_name": _name(labels["participants"], session["provider"], language),
        "title": session["title"],
        "start": session["start"],
        "end": session["end"],
        "moved_from": _span(session.get("moved_from")),
        "place": held_in or session["place"],
        "seats": row["seats"],
        "fit": row["fit"],
        "is_firm": "yes" if row["firm"] else "no",
        "open_questions": "; ".join(questions),
    }


def _span(days: Mapping[str, Any] | None) -> str | None:
    """The days that the plan has, where the session was moved since: an interval of ISO 8601."""
    return None if days is None else f"{days['start'] or '..'}/{days['end'] or '..'}"


def _row_of_unmet(row: Mapping[str, Any], labels: Mapping[str, Any], language: str) -> dict[str, Any]:
    return _columns_of_need(row["need"], labels, language) | {
        "row": "short",
        "seats": row["seats_short"],
        "reason": row["reason"],
    }


def _columns_of_need(reference: str, labels: Mapping[str, Any], language: str) -> dict[str, Any]:
    need = labels["needs"][reference]
    return {
        "need": reference,
        "recipient": need["recipient"],
        "recipient_name": _name(labels["participants"], need["recipient"], language),
        "areas": _joined(need["areas"]),
    }


def _joined(codes: Iterable[str] | None) -> str | None:
    return None if codes is None else "; ".join(codes)


def _name(names_by_code: Mapping[str, Mapping[str, str]], code: str, language: str) -> str:
    names = names_by_code.get(code, {})
    return names.get(language) or names.get("en") or code
