"""After a decline, a withdrawal or a late record: what happened, what clashes, and what each way out would
bring.

A repair is a run like any other (`matching.request_run`). Nothing is released here: each way out is a draft
plan, and publishing it is the coordinator's press.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import DECISION_SIDES, LIVE_MATCH_STATES
from lcm_service.persistence import date_reads, part_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Plan, Round, Run
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.moved_days import is_on
from lcm_service.services.pairs_now import PairNow, judge_pairs
from lcm_service.services.plan_questions import asked_now, asked_of
from lcm_service.services.repair_choices import Choice, ShortSession, find_short_sessions, pairs_in_clash
from lcm_service.services.require import require_round
from lcm_service.services.runs import find_run
from lcm_service.services.session_views import session_as_planned
from lcm_service.services.snapshot_records import PairCodes, RoundRecords, gather_records, pair_of


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that the published plan does not know yet.

    ``code``: declined_pair, released_pair, lapsed_pair, reduced_pair (it holds fewer seats than
    the plan gives it), refused_pair (a live match that the records as they are now speak against, by
    ``rules``: codes of pair rules and of the limits C1..C5 and C12), unasked_pair (one that depends on a
    field which is not said any more, and of which no question asks), moved_session (its days are others now),
    restated_session (its offer states other days or another place for it),
    withdrawn_need, withdrawn_session (its offer or itself), withdrawn_support, declined_support and
    lapsed_support (what its owner said, or did not say, of its part of ``session``), short_support (it has
    less now than the plan draws on), late_need, late_offer,
    late_support, or faulty_records (``record`` is the optimizer's own line: no plan can be made until they
    are corrected); with the records that it concerns.
    """

    code: str
    need: str | None = None
    session: str | None = None
    record: str | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayOut:
    """One way out of a clash: what would be given up, the run that tries it and, once solved, its draft
    plan.
    """

    choice: Choice
    run: Run
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class PinnedPair:
    """A pinned pair of a clash as it stands now: not every pinned pair is agreed.

    ``state`` is the match's (asked, proposed, agreed, or declined or released since); ``confirmed_by`` are
    the sides that have confirmed, in the order recipient, provider, secretariat.
    """

    need: str
    session: str
    match_id: int
    seats: int
    state: str
    confirmed_by: tuple[str, ...]


@dataclass(frozen=True)
class ClashStory:
    """Why no plan satisfies all pins, from the stored answer.

    ``short_sessions``: sessions that fall below their least, what they lack and every pinned pair in them.
    ``pins``: the smallest set that clashes. ``limits``: what they meet, as in the plan document.
    ``pairs``: every pair that is to be decided about, those that are merely proposed first, with who has
    answered what by now. ``ways_out``: the runs that were asked for, through to their last; more may follow
    while fewer than three have found a plan.
    """

    run: Run
    short_sessions: tuple[ShortSession, ...]
    pins: tuple[dict[str, Any], ...]
    limits: tuple[dict[str, Any], ...]
    pairs: tuple[PinnedPair, ...]
    ways_out: tuple[WayOut, ...]
    labels: Mapping[str, Any]


def find_attention(actor: Actor, round_code: str) -> tuple[Attention, ...]:
    """What has happened since the published plan was asked for and calls for a repair.

    The one answer to "does this round need a repair": it does where the tuple is not empty. Always empty
    before publication. The records are read once, so a page may ask each time that it is shown. Raises
    NotAllowed for all but coordinators, NotFound.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators see what a round needs."))
    session = db.session()
    round_ = require_round(session, round_code)
    plan = reads.published_plan(session, round_.id)
    return () if plan is None else tuple(_changes_since(session, round_, plan))


def describe_clash(actor: Actor, run_id: int) -> ClashStory:
    """The clash that a run found, and its ways out. Raises NotFound for a run that found none, and as
    `find_run`.
    """
    run = find_run(actor, run_id)
    if run.result is None or run.outcome != "clashing_pins":
        raise NotFound(sentence("Run %(run)s found no clash.", run=str(run_id)))
    problem, clash, session = json.loads(run.problem), run.result["clash"], db.session()
    return ClashStory(
        run=run,
        short_sessions=find_short_sessions(problem, clash),
        pins=tuple(clash["pins"]),
        limits=tuple(clash["limits"]),
        pairs=_describe_pairs(session, run, pairs_in_clash(problem, clash)),
        ways_out=tuple(_ways_out(session, run)),
        labels=run.labels,
    )


def _describe_pairs(session: Session, run: Run, pairs: Collection[PairCodes]) -> tuple[PinnedPair, ...]:
    matches = [match for match in reads.list_matches(session, run.round_id) if pair_of(match) in pairs]
    described = [
        PinnedPair(
            match.need_reference,
            match.session_code,
            match.id,
            match.seats,
            match.state,
            tuple(
                side
                for side in DECISION_SIDES
                if any((row.side, row.answer) == (side, "confirmed") for row in match.decisions)
            ),
        )
        for match in matches
    ]
    order = {"asked": 0, "proposed": 1, "agreed": 2}
    return tuple(sorted(described, key=lambda one: (order.get(one.state, 3), len(one.confirmed_by))))


def _ways_out(session: Session, run: Run) -> Iterator[WayOut]:
    """Each way out, followed through further clashes to its last run."""
    for follow in reads.list_follow_ups(session, run.id):
        further = list(_ways_out(session, follow)) if follow.outcome == "clashing_pins" else []
        if further:
            yield from further
        else:
            plan = reads.plan_of_run(session, follow.id)
            yield WayOut(Choice.from_document(follow.choice), follow, plan)


def _changes_since(session: Session, round_: Round, plan: Plan) -> Iterator[Attention]:
    matches = reads.list_matches(session, round_.id)
    for match in matches:
        if match.plan_id == plan.id and match.state in ("declined", "released", "lapsed"):
            need, code = pair_of(match)
            yield Attention(f"{match.state}_pair", need=need, session=code)
    yield from _reduced_pairs(matches, plan)
    yield from _unanswered_parts(session, matches, plan)
    yield from _moved_sessions(session, round_, plan)
    records = gather_records(session, round_)
    yield from _restated_sessions(records, plan)
    yield from _refused_pairs(session, records)
    yield from _short_supports(records)
    asked = json.loads(plan.problem)
    for kind, now in (
        ("need", {need.reference for need in records.needs}),
        ("session", set(records.codes_of_sessions)),
        ("support", {support.reference for support in records.supports}),
    ):
        then = {row["id"] for row in asked[f"{kind}s"]}
        yield from (
            Attention(f"withdrawn_{kind}", record=one) for one in sorted(then - now - records.trained)
        )
        if kind != "session":
            yield from (Attention(f"late_{kind}", record=one) for one in sorted(now - then))
    known_offers = {row["id"] for row in asked["offers"]}
    late_offers = {offer.reference for offer in records.offers} - known_offers
    yield from (Attention("late_offer", record=one) for one in sorted(late_offers))


def _reduced_pairs(matches: Sequence[Match], plan: Plan) -> Iterator[Attention]:
    """Matches of which a side accepted fewer seats than the plan gives them: the rest is free for others, but
    where the course was held.
    """
    planned = {(row["need"], row["session"]): row["seats"] for row in plan.document["assignments"]}
    for match in matches:
        is_live = match.plan_id == plan.id and match.state in LIVE_MATCH_STATES and not is_delivered(match)
        if is_live and match.seats < planned.get(pair_of(match), 0):
            yield Attention("reduced_pair", need=match.need_reference, session=match.session_code)


def _moved_sessions(session: Session, round_: Round, plan: Plan) -> Iterator[Attention]:
    """Sessions on other days than the plan has: a repair sees to what that means for others."""
    for code, days in sorted(date_reads.moved_sessions(session, round_.id).items()):
        label = plan.labels["sessions"].get(code)
        if label is not None and not is_on(label, days):
            yield Attention("moved_session", record=code)


def _restated_sessions(records: RoundRecords, plan: Plan) -> Iterator[Attention]:
    """Sessions in which somebody stands and of which the offer states other days or another place than the
    plan has; of those that all have moved the days are named as such.
    """
    moved = {match.session_code for match in records.pins if match.moved_days is not None}
    standing = {match.session_code for match in records.pins}
    for row in records.sessions:
        label = plan.labels["sessions"].get(row.code)
        if label is None or row.code not in standing or row.code in records.over:
            continue
        one, planned = row.candidate, session_as_planned(label)
        days = (one.start, one.end, one.not_before, one.not_after)
        if row.place_code != planned.place or (row.code not in moved and days != planned.days):
            yield Attention("restated_session", record=row.code)


def _unanswered_parts(session: Session, matches: Sequence[Match], plan: Plan) -> Iterator[Attention]:
    """Parts that the plan counts on and that their owners did not give, while a match there needs them."""
    live = [one for one in matches if one.state in LIVE_MATCH_STATES]
    held = {match.session_code for match in live}
    waiting = {match.session_code for match in live if match.awaits_parties}
    for part in part_reads.list_parts(session, plan.round_id):
        code, is_whole = part.session_code, part.state in ("declined", "lapsed")
        is_withdrawn = part.reason == "withdrawn" and part.state == "declined"
        if part.plan_id != plan.id or is_withdrawn or not (is_whole or part.refuses_more):
            continue
        if code in (held if is_whole else waiting):
            state = "lapsed" if part.state == "lapsed" or part.reason is None else "declined"
            yield Attention(f"{state}_support", session=code, record=part.support_reference)


def _short_supports(records: RoundRecords) -> Iterator[Attention]:
    """Supports of which the sessions that are to come draw on more than their owners say they have."""
    drawn = Counter[str]()
    for (support, _), quantity in records.drawn.items():
        drawn[support] += quantity
    for one in records.supports:
        left = (one.quantity or 0) - records.spent.get(one.reference, 0)
        if drawn[one.reference] > max(0, left):
            yield Attention("short_support", record=one.reference)


def _refused_pairs(session: Session, records: RoundRecords) -> Iterator[Attention]:
    """Live matches that what was revised or recognised since speaks against; of a course that was held
    nothing does.
    """
    to_come = [match for match in records.pins if not is_delivered(match)]
    try:
        judged = judge_pairs(session, records, to_come)
    except NotValid as faulty:
        yield from (Attention("faulty_records", record=line) for line in faulty.faults["problem"])
        return
    for (need, code), now in judged.items():
        if now.refusals:
            yield Attention("refused_pair", need=need, session=code, rules=now.refusals)
    yield from _unasked_pairs(session, records, to_come, judged)


def _unasked_pairs(
    session: Session, records: RoundRecords, to_come: Sequence[Match], judged: Mapping[PairCodes, PairNow]
) -> Iterator[Attention]:
    """Live matches that no side can confirm any more, as they depend on what no question asks: a field that
    was said when the plan was made, and is not said any more.
    """
    rows = reads.list_questions(session, records.round.id)
    open_now = {(row.record_kind, row.record_reference, row.field) for row in rows if row.state == "open"}
    asks = {need.reference: need.seats_asked for need in records.needs}
    for match in to_come:
        now, labels = judged[pair_of(match)], match.plan.labels
        asked = {asked_now(asked_of(labels, *one), asks[match.need_reference]) for one in now.questions}
        if not now.refusals and asked - open_now:
            yield Attention("unasked_pair", need=match.need_reference, session=match.session_code)
