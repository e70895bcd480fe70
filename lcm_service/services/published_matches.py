"""What a plan that is published does to the matches of its round: pairs begin, go on, grow, or end."""

import json
from typing import Any, Final

from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Plan
from lcm_service.services.date_turns import return_unheld_days
from lcm_service.services.delivery_states import call_off, is_delivered, sessions_held
from lcm_service.services.delivery_views import days_of_match
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
from lcm_service.services.repair_choices import Choice, Correction
from lcm_service.services.session_turns import plan_parts, settle_sessions
from lcm_service.services.snapshot_records import PairCodes, pair_of
from lcm_service.services.trail import enqueue_message

# What a problem says of a need beside its owner's words: how much of it is left and how urgent it is held.
COUNTED_ANEW: Final = frozenset(("seats", "women", "min_group", "max_groups", "priority"))


def publish_matches(session: Session, actor: Actor, plan: Plan) -> None:
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
