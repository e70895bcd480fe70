"""Figures that everybody may read, strangers too: worked out once for a round, kept as they were, and never
put right.

What others do later must not be readable by comparing two days. So the figures of a plan are worked out in
the transaction that publishes the first plan of a round, whatever is published after it; those of courses
when a coordinator says that all was reported. What may be told is for `domain/disclosure.py`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from lcm_service.domain.disclosure import LEAST_DOUBT, LEAST_RECORDS, LEAST_STATES, publish
from lcm_service.domain.errors import Conflict, NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import Sentence, sentence
from lcm_service.domain.standing import notice_of_figures
from lcm_service.persistence import figure_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Figures, Plan, Round
from lcm_service.services.figure_entries import (
    COURSES,
    NEEDS,
    OFFERS,
    course_entries,
    need_entries,
    offer_entries,
)
from lcm_service.services.require import require_round
from lcm_service.services.rounds import check_round_version
from lcm_service.services.shares import ranges_of
from lcm_service.services.trail import record_event

FORMAT: Final = "lcm-figures/1"
DONE: Final = sentence("The figures of its courses are public already.")
STILL_OPEN: Final = sentence("The round is still open. Close it first.")
NOTHING_REPORTED: Final = sentence("No course of this round was reported as held.")
TOO_FEW: Final = sentence("Too few courses were reported yet for any figure of them to be public.")
OTHERWISE: Final = sentence("Something was reported since you read what would be public. Read it again.")


@dataclass(frozen=True, slots=True)
class KindOfFigures:
    """The figures of one kind. ``measures`` are `disclosure.publish`'s; one without tables tells nothing."""

    kind: str
    frozen_at: datetime
    measures: list[dict[str, Any]]

    @property
    def tells(self) -> bool:
        return any(measure["tables"] for measure in self.measures)


@dataclass(frozen=True, slots=True)
class FiguresOfRound:
    """All that everybody may read of a round. ``notice`` says in English where its records come from;
    ``is_open``: whether records can still be submitted to it.
    """

    round: str
    title: str
    standing: str
    is_open: bool
    notice: str
    rule: Mapping[str, int]
    kinds: list[KindOfFigures] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CoursesToTell:
    """What would be public of the courses of a round, or why nothing can be now. ``sha256`` names what was
    read, so that nothing else is made public by the press that follows.
    """

    refusal: Sentence | None
    measures: list[dict[str, Any]]
    sha256: str


def list_figures() -> list[FiguresOfRound]:
    """The figures of all rounds that have any, the newest round first. For everybody: nobody is asked."""
    found: dict[int, FiguresOfRound] = {}
    for row in figure_reads.list_figures(db.session()):
        if row.round_id not in found:
            found[row.round_id] = FiguresOfRound(
                round=row.round.code,
                title=row.round.title,
                standing=row.round.standing,
                is_open=row.round.state == "open",
                notice=notice_of_figures(row.round.standing),
                rule=row.document["rule"],
            )
        kind = KindOfFigures(row.kind, row.frozen_at, row.document["measures"])
        found[row.round_id].kinds.append(kind)
    return list(found.values())


def freeze_plan_figures(session: Session, actor: Actor, plan: Plan, round_: Round, today: date) -> None:
    """Work out what the first published plan of a round tells everybody, and keep it. Part of the caller's
    transaction, which holds the round.
    """
    measures = [
        publish(NEEDS, need_entries(session, plan, round_, today)),
        publish(OFFERS, offer_entries(session, plan, round_, today)),
    ]
    _freeze(session, actor, round_, "plan", measures, shares=ranges_of(plan))


def find_courses_to_tell(actor: Actor, code: str) -> CoursesToTell:
    """What would be public of the courses of a round, for coordinators. Raises NotAllowed, NotFound."""
    _require_coordinator(actor)
    session = db.session()
    return _courses_to_tell(session, require_round(session, code))


def freeze_course_figures(actor: Actor, code: str, sha256: str, version: int) -> Figures:
    """Make the figures of the courses of a round public, for good.

    ``sha256`` is that of what the coordinator has read, ``version`` the round's. Raises NotAllowed for all
    but coordinators, NotFound, Stale, and Conflict where it is done already, while the round is open, where
    too little was reported for any figure, or where something was reported since it was read.
    """
    _require_coordinator(actor)
    with transaction() as session:
        round_ = reads.lock_round(session, require_round(session, code).id)
        check_round_version(session, actor, round_, version)
        found = _courses_to_tell(session, round_)
        if found.refusal is not None:
            raise Conflict(found.refusal)
        if found.sha256 != sha256:
            raise Conflict(OTHERWISE)
        return _freeze(session, actor, round_, "courses", found.measures)


def _courses_to_tell(session: Session, round_: Round) -> CoursesToTell:
    entries = course_entries(session, round_)
    measures = [publish(COURSES, entries)]
    refusal = None
    if figure_reads.find_figures(session, round_.id, "courses") is not None:
        refusal = DONE
    elif round_.state == "open":
        refusal = STILL_OPEN
    elif not entries:
        refusal = NOTHING_REPORTED
    elif not measures[0]["tables"]:
        refusal = TOO_FEW
    text = json.dumps(measures, sort_keys=True)
    return CoursesToTell(refusal, measures, hashlib.sha256(text.encode()).hexdigest())


def _freeze(
    session: Session, actor: Actor, round_: Round, kind: str, measures: list[dict[str, Any]], **more: Any
) -> Figures:
    rule = {"states": LEAST_STATES, "records": LEAST_RECORDS, "percent": LEAST_DOUBT}
    row = Figures(
        round_id=round_.id,
        kind=kind,
        document={"format": FORMAT, "rule": rule, "measures": measures, **more},
        frozen_at=utc_now(),
        frozen_by_id=actor.person_id,
    )
    session.add(row)
    session.flush()
    record_event(session, actor, "freeze", "figures", round_.code, facts={"kind": kind})
    return row


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators make figures public."))
