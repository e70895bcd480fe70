"""Draft plans become the published one, whole or not at all; and who may read what of a plan.

Publishing is one transaction: the plan, the one it supersedes, every match that begins, grows or is
released, and the messages. A stored plan is read as it was stored; nothing is computed again for a page.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from lcm_service.domain.errors import Conflict, NotAllowed, NotFound
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db, transaction, utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Plan, Round
from lcm_service.services.date_turns import return_unheld_days
from lcm_service.services.delivery_states import call_off, is_delivered, sessions_held
from lcm_service.services.delivery_views import days_of_match
from lcm_service.services.figures import freeze_plan_figures
from lcm_service.services.held_matches import give_days, record_match_event
from lcm_service.services.match_turns import (
    as_known,
    end_known,
    forget_known,
    is_known_live,
    is_secret,
    keep_known,
)
from lcm_service.services.match_views import NEED_FIELDS_FOR_PROVIDERS
from lcm_service.services.plan_excerpts import excerpt_of_plan
from lcm_service.services.plan_objections import list_objections
from lcm_service.services.plan_questions import renew_questions
from lcm_service.services.plan_studies import explanation_with_changes
from lcm_service.services.repair_choices import Choice, Correction
from lcm_service.services.require import require_round
from lcm_service.services.session_turns import plan_parts, settle_sessions
from lcm_service.services.snapshot_records import PairCodes, pair_of
from lcm_service.services.trail import check_version, enqueue_message, record_event

# What a problem says of a need beside its owner's words: how much of it is left and how urgent it is held.
COUNTED_ANEW: Final = frozenset(("seats", "women", "min_group", "max_groups", "priority"))


def list_plans(actor: Actor, round_code: str) -> Sequence[Plan]:
    """The plans of a round, the newest first: all of them for a coordinator, none for others.

    Raises NotFound for a round that is not there.
    """
    session = db.session()
    round_ = require_round(session, round_code)
    return reads.list_plans(session, round_.id) if may_coordinate(actor) else []


def latest_useful_draft(actor: Actor, round_code: str) -> Plan | None:
    """The newest draft that could follow what is published now, for coordinators; drafts made on top of an
    earlier publication are of no use any more.

    Raises NotAllowed, NotFound.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Whole plans are for coordinators."))
    session = db.session()
    round_ = require_round(session, round_code)
    published = reads.published_plan(session, round_.id)
    return reads.latest_draft(session, round_.id, None if published is None else published.id)


def find_plan(actor: Actor, plan_id: int) -> Plan:
    """A plan with its document, explanation, labels and difference. Raises NotAllowed for all but
    coordinators.
    """
    if not may_coordinate(actor):
        raise NotAllowed(
            sentence("Whole plans are for coordinators. Your own part of it is on the page of the round.")
        )
    plan = reads.find_plan(db.session(), plan_id)
    if plan is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    return plan


def difference(actor: Actor, plan_id: int) -> dict[str, Any] | None:
    """What the plan kept, added, lost and changed against the plan published when it was asked for."""
    return find_plan(actor, plan_id).difference


def published_plan(actor: Actor, round_code: str) -> Plan | None:
    """The plan of the round that is published now, for coordinators."""
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Whole plans are for coordinators."))
    session = db.session()
    return reads.published_plan(session, require_round(session, round_code).id)


def plan_for_participant(actor: Actor, round_code: str) -> dict[str, Any] | None:
    """The actor's own rows of the published plan of a round, or nothing where none is published.

    ``{"plan_id", "number", "published_at", "assignments", "sessions", "unmet", "questions", "labels"}``:
    places given to its needs and in its sessions, its unmet needs with their reasons, the questions on its
    records. Raises NotAllowed for all but focal points, NotFound.
    """
    if actor.role != "focal_point" or actor.participant_code is None:
        raise NotAllowed(sentence("Only a participant has rows of its own in a plan."))
    session = db.session()
    plan = reads.published_plan(session, require_round(session, round_code).id)
    if plan is None:
        return None
    return {
        "plan_id": plan.id,
        "number": plan.number,
        "published_at": plan.published_at,
        **excerpt_of_plan(
            plan,
            actor.participant_code,
            explanation_with_changes(session, plan.id, plan.explanation),
            reads.list_matches(session, plan.round_id),
        ),
    }


def find_objections(actor: Actor, plan_id: int) -> list[dict[str, Any]]:
    """Why a draft could not be published now, as (code, need, session, message) rows; none where it could."""
    plan = find_plan(actor, plan_id)
    session = db.session()
    return list_objections(session, plan.round, plan)


def publish_held(session: Session, actor: Actor, plan: Plan, round_: Round) -> None:
    """Put an approved plan to the recipients: its pairs become matches that they are asked about, those of
    its choice are released, nobody else moves. A provider learns of a match once the recipient agrees to
    that. The other drafts of the round were made on top of what is published no longer: they are superseded.
    What everybody may read of a round is worked out with its first plan, and never again.

    Part of the caller's transaction, which holds the round and has asked `require_publishable`.
    """
    before = reads.published_plan(session, round_.id)
    if before is not None:
        before.state = "superseded"
        session.flush()
    plan.state, plan.published_at, plan.published_by_id = "published", utc_now(), plan.approved_by_id
    session.flush()
    if before is None:
        freeze_plan_figures(session, actor, plan, round_, utc_now().date())
    _publish_matches(session, actor, plan)
    _supersede_drafts(session, actor, round_)
    renew_questions(session, round_.id)
    record_plan_event(session, actor, "publish", plan)


def require_publishable(session: Session, round_: Round, plan: Plan) -> None:
    """Raise Conflict where another plan was published since the plan was asked for, or where decisions,
    withdrawals or revisions since then contradict it (``details["objections"]``).
    """
    require_same_base(session, round_, plan)
    objections = list_objections(session, round_, plan)
    if objections:
        raise Conflict(
            sentence(
                "Plan %(plan)s no longer fits what was decided since it was made. Ask for a repair.",
                plan=plan.number,
            ),
            objections=objections,
        )


def discard_plan(actor: Actor, plan_id: int, version: int) -> Plan:
    """Put a draft aside for good; what only it asked is asked no more. Pressed twice it changes nothing;
    raises Conflict for a plan that is no draft.
    """
    require_coordinator(actor)
    with transaction() as session:
        plan, _ = hold_plan(session, plan_id)
        if plan.state == "discarded":
            return plan
        check_plan_version(session, actor, plan, version)
        if plan.state != "draft":
            raise Conflict(
                sentence(
                    "Plan %(plan)s is %(state)s and cannot be discarded.",
                    plan=plan.number,
                    state=Coded("plan_state", plan.state),
                )
            )
        plan.state = "discarded"
        renew_questions(session, plan.round_id)
        record_plan_event(session, actor, "discard", plan)
        return plan


class _Numbered:
    """A plan under the reference that its events carry."""

    def __init__(self, plan: Plan) -> None:
        self.reference = str(plan.id)
        self.version = plan.version


def check_plan_version(session: Session, actor: Actor, plan: Plan, version: int) -> None:
    """Raise Stale, saying who changed what, unless ``version`` is the plan's present one."""
    check_version(session, actor, "plan", _Numbered(plan), version)


def record_plan_event(session: Session, actor: Actor, action: str, plan: Plan, **facts: Any) -> None:
    """Leave the event of a step of a plan's life."""
    facts = {"version": plan.version, **facts}
    record_event(session, actor, action, "plan", str(plan.id), ["state"], facts)


def hold_plan(session: Session, plan_id: int) -> tuple[Plan, Round]:
    """The plan as it is now, with its round, held until the transaction ends. Raises NotFound."""
    plan = reads.find_plan(session, plan_id)
    if plan is None:
        raise NotFound(sentence("There is no plan %(plan)s.", plan=str(plan_id)))
    round_ = reads.lock_round(session, plan.round_id)
    session.refresh(plan)
    return plan, round_


def require_same_base(session: Session, round_: Round, plan: Plan) -> None:
    """Raise Conflict where another plan was published since this one was asked for."""
    published = reads.published_plan(session, round_.id)
    if plan.base_plan_id != (None if published is None else published.id):
        raise Conflict(
            sentence(
                "Another plan was published since plan %(plan)s was asked for. Run the matching again.",
                plan=plan.number,
            ),
            published_plan=None if published is None else published.number,
        )


def _supersede_drafts(session: Session, actor: Actor, round_: Round) -> None:
    for draft in reads.list_drafts(session, round_.id):
        draft.state = "superseded"
        session.flush()
        record_plan_event(session, actor, "supersede", draft)


def _publish_matches(session: Session, actor: Actor, plan: Plan) -> None:
    """Bring the round's matches to the plan: new pairs begin, kept ones may grow, released ones end. What
    stands in a course that was held goes on under the plan by which it was: that says what the course took.
    """
    correction = Choice.from_document(plan.run.choice).correction
    matches = {pair_of(match): match for match in reads.list_matches(session, plan.round_id)}
    return_unheld_days(session, actor, plan.round, matches.values())
    over = sessions_held(matches.values())
    planned: dict[PairCodes, dict[str, Any]] = {
        (row["need"], row["session"]): row for row in plan.document["assignments"]
    }
    for pair, row in planned.items():
        match = matches.get(pair)
        if match is None:
            match = Match(
                round_id=plan.round_id,
                need_reference=pair[0],
                offer_reference=plan.labels["sessions"][pair[1]]["offer"],
                session_code=pair[1],
                plan=plan,
                seats=row["seats"],
                is_firm=row["firm"],
                state="asked",
            )
            give_days(match, plan.round)
            session.add(match)
            session.flush()
            _trace(session, actor, match, "ask", {"seats": match.seats})
        elif not (pair[1] in over and match.state in LIVE_MATCH_STATES and match.seats == row["seats"]):
            _carry_on(session, actor, plan, match, row, correction)
    for pair, match in matches.items():
        if pair not in planned and match.state in LIVE_MATCH_STATES and not is_delivered(match):
            _leave_notice(correction, match)
            match.state = "released"
            end_known(match)
            call_off(match)
            session.flush()
            facts = {"reason": _reason_for(correction, match), "seats": match.seats}
            _trace(session, actor, match, "release", facts)
    plan_parts(session, actor, plan)
    settle_sessions(session, actor, plan.round, date_reads.sessions_with_dates(session, plan.round_id))


def _carry_on(
    session: Session,
    actor: Actor,
    plan: Plan,
    match: Match,
    row: dict[str, Any],
    correction: Correction | None,
) -> None:
    """A pair that was there before: kept, grown, placed anew after its release, or cut by its release.

    A side that confirmed fewer seats than are proposed now is asked again for the rest, and its answer for
    the seats it confirmed stays. A pair that was released begins anew: nobody has agreed to what it is now;
    so does one that this plan withdraws and gives seats again, be they as many as before. Where the provider
    does not know of what is planned now, or would read of the need what it did not before, the recipient
    alone is asked.
    """
    was_live, before = match.state in LIVE_MATCH_STATES, match.seats
    is_withdrawn = correction is not None and pair_of(match) in correction.pairs
    if was_live and row["seats"] == before and not is_withdrawn:
        days = days_of_match(match).days
        if is_known_live(match) and not is_secret(match):
            _let_read(plan, match)
        match.plan, match.is_firm = plan, row["firm"]
        match.correction_notice = None
        session.flush()
        if days_of_match(match).days != days:
            # Nobody but its recipient knows of it: where others stand, a plan keeps the days.
            _trace(session, actor, match, "restate", {})
        return
    begins_anew = not was_live or row["seats"] < before or is_withdrawn
    match.correction_notice = None
    if was_live and begins_anew:
        _leave_notice(correction, match)
    if begins_anew:
        call_off(match)
        match.decisions.clear()
        match.put_reason = None
    is_cut = was_live and begins_anew and is_known_live(match) and row["seats"] <= match.seats_put
    if is_cut and _says_what_was_put(plan, match):
        action, match.state = "cut", "proposed"
        match.known_plan, match.seats_put = plan, row["seats"]
        forget_known(match)
    else:
        if was_live and begins_anew and is_known_live(match):
            _end_what_is_known(session, actor, correction, match)
        action = "ask" if begins_anew else "grow"
        keep_known(match)
        match.state = "asked"
    match.plan, match.seats, match.is_firm = plan, row["seats"], row["firm"]
    if match.known_state is None:
        match.lapsed_at = None
    give_days(match, plan.round)
    session.flush()
    facts: dict[str, Any] = {"seats": match.seats, "seats_before": before}
    if match.correction_notice is not None:
        facts["reason"] = _reason_for(correction, match)
    _trace(session, actor, match, action, facts)


def _let_read(plan: Plan, match: Match) -> None:
    """The provider goes on to read a kept pair by this plan where that says of the need what was put; else by
    the one that put it, until the recipient agrees to be put anew.
    """
    match.known_notice = None
    if _says_what_was_put(plan, match):
        match.known_plan, match.known_is_firm = plan, None
    else:
        known = as_known(match)
        match.known_plan, match.known_is_firm = known.plan, known.is_firm


def _says_what_was_put(plan: Plan, match: Match) -> bool:
    """Whether the need is in this plan as it was put to the provider, but for what is counted anew each time;
    what was revised since is put by the recipient's own yes alone.
    """
    put, reference = as_known(match).plan, match.need_reference
    labels = [one.labels["needs"][reference] for one in (put, plan)]
    if any(labels[0][field] != labels[1][field] for field in NEED_FIELDS_FOR_PROVIDERS):
        return False
    then, now = (
        {field: value for field, value in row.items() if field not in COUNTED_ANEW}
        for one in (put, plan)
        for row in json.loads(one.problem)["needs"]
        if row["id"] == reference
    )
    return bool(then == now)


def _end_what_is_known(session: Session, actor: Actor, correction: Correction | None, match: Match) -> None:
    """The seats that the provider knows of were released by the coordinator's choice; what is planned in
    their place is the recipient's to hear first.
    """
    end_known(match)
    match.state, match.met_at = "released", None
    session.flush()
    facts = {"reason": _reason_for(correction, match), "seats": match.seats}
    _trace(session, actor, match, "release", facts)


def _leave_notice(correction: Correction | None, match: Match) -> None:
    """What the sides of a live match read that a correcting plan withdraws or cuts: the provider only where
    it knows of its seats. What an earlier correction said is over.
    """
    is_withdrawn = correction is not None and pair_of(match) in correction.pairs
    match.correction_notice = correction.notice if correction is not None and is_withdrawn else None
    if is_known_live(match):
        match.known_notice = match.correction_notice


def _reason_for(correction: Correction | None, match: Match) -> str:
    """Why a match ends by a plan: for the reason that was given, or to correct, or to repair the plan."""
    if correction is None or pair_of(match) not in correction.pairs:
        return "repair"
    return correction.reason_of(pair_of(match)) or "correction"


def _trace(session: Session, actor: Actor, match: Match, action: str, facts: dict[str, Any]) -> None:
    facts = {"plan": match.plan.number, "version": match.version, **facts}
    secret = is_secret(match)
    record_match_event(session, actor, match, action, ["state", "seats"], facts, secret=secret)
    recipient, provider = reads.side_ids(session, match)
    for side in (recipient,) if secret else (recipient, provider):
        enqueue_message(session, f"match.{action}", participant_id=side, facts={"match": match.id})
    if action == "cut":
        enqueue_message(session, "match.turn", participant_id=provider, facts={"match": match.id})


def require_coordinator(actor: Actor) -> None:
    """Raise NotAllowed for all but coordinators."""
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators publish and discard plans."))
