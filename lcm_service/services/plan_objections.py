"""Why a plan that was made before can no longer be published: what was decided or changed since then."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from lcm_service.domain.sentences import Coded, Sentence, counted, sentence
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.domain.windows import Candidate
from lcm_service.persistence import date_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Plan, Round
from lcm_service.services.delivery_states import is_delivered, sessions_held
from lcm_service.services.match_turns import is_known_live
from lcm_service.services.repair_choices import Choice, find_lacking_reasons
from lcm_service.services.snapshot_records import PairCodes, gather_records, may_grow, pair_of
from lcm_service.services.snapshots import find_contradictions


def list_objections(session: Session, round_: Round, plan: Plan) -> list[dict[str, Any]]:
    """What was decided, withdrawn, revised or moved since the plan was made, and pairs that it would lose
    unasked.
    """
    choice = Choice.from_document(plan.run.choice)
    # The round as it was when the plan was asked for.
    asked: dict[str, Any] = json.loads(plan.problem)
    matches = reads.list_matches(session, round_.id)
    planned = {(row["need"], row["session"]): row["seats"] for row in plan.document["assignments"]}
    found = [
        {"code": one.code, "need": one.need, "session": one.session, "message": one.message}
        for one in find_contradictions(session, round_, plan, release=choice.release, hold=choice.hold)
    ]
    pinned = {(pin["need"], pin["session"]) for pin in asked["pinned"]}
    for match in matches:
        pair = pair_of(match)
        message = _objection_to(match, planned.get(pair, 0), pair in pinned, pair in choice.release)
        if message:
            found.append({"code": "match", "need": pair[0], "session": pair[1], "message": message})
    found += _objections_of_held(asked, matches, planned, choice.release)
    stands = {one.session_code for one in matches if is_known_live(one) and not is_delivered(one)}
    found += _objections_of_days(session, round_, asked, {code for _, code in planned}, stands)
    return found + [
        {
            "code": "correction",
            "need": need,
            "session": code,
            "message": sentence(
                "Need %(need)s in session %(session)s was answered since it was to be withdrawn: say why.",
                need=need,
                session=code,
            ),
        }
        for need, code in find_lacking_reasons(choice, matches)
    ]


def _objection_to(match: Match, seats: int, was_pinned: bool, is_released: bool) -> Sentence | None:
    need, session = match.need_reference, match.session_code
    if is_delivered(match):
        # Where its records have changed since, the plan is without the pair, and the match stands as it is.
        if seats not in (0, match.seats):
            return counted(
                "Need %(need)s in session %(session)s was delivered with %(num)s seat, and the plan has "
                "%(planned)s.",
                "Need %(need)s in session %(session)s was delivered with %(num)s seats, and the plan has "
                "%(planned)s.",
                match.seats,
                need=need,
                session=session,
                planned=seats,
            )
    elif match.state in LIVE_MATCH_STATES:
        if seats < match.seats and not is_released:
            return counted(
                "Need %(need)s in session %(session)s has %(num)s seat that the plan does not keep, and it "
                "was not to be released.",
                "Need %(need)s in session %(session)s has %(num)s seats that the plan does not keep, and it "
                "was not to be released.",
                match.seats,
                need=need,
                session=session,
            )
        if seats > match.seats and not may_grow(match):
            return counted(
                "Need %(need)s in session %(session)s would grow to %(num)s seat, and a side has declined "
                "more than %(present)s.",
                "Need %(need)s in session %(session)s would grow to %(num)s seats, and a side has declined "
                "more than %(present)s.",
                seats,
                need=need,
                session=session,
                present=match.seats,
            )
    elif seats and was_pinned:
        return sentence(
            "Need %(need)s in session %(session)s was %(state)s since the plan was asked for.",
            need=need,
            session=session,
            state=Coded("match_state", match.state),
        )
    return None


def _objections_of_held(
    asked: Mapping[str, Any],
    matches: Sequence[Match],
    planned: Mapping[PairCodes, int],
    released: Collection[PairCodes],
) -> list[dict[str, Any]]:
    """What a plan gives in a course that was held since it was asked for, or takes from it."""
    over = sessions_held(matches)
    live = {pair_of(one): one for one in matches if one.state in LIVE_MATCH_STATES}
    # The plan was asked to hold what was delivered by then no more, nor a need of which all was trained.
    forbidden = {(one["need"], one["session"]) for one in asked["forbidden"]}
    needs = {one["id"] for one in asked["needs"]}
    taken = {
        pair
        for pair in set(released) - set(planned) - forbidden
        if pair in live and is_delivered(live[pair]) and pair[0] in needs
    }
    given = {
        pair
        for pair, seats in planned.items()
        if pair[1] in over and (pair not in live or seats > live[pair].seats)
    }
    return [
        {
            "code": "match",
            "need": need,
            "session": code,
            "message": sentence(
                "The course of session %(session)s was delivered since the plan was asked for, which has "
                "other seats for need %(need)s there.",
                session=code,
                need=need,
            ),
        }
        for need, code in sorted(taken | given)
    ]


def _objections_of_days(
    session: Session,
    round_: Round,
    asked: Mapping[str, Any],
    planned: Collection[str],
    stands: Collection[str],
) -> list[dict[str, Any]]:
    """Sessions that the plan has on other days than they are on: all who take part there have moved them
    since it was asked for, or their days are those of the offer again; and ``stands``: on whose days somebody
    stands whom the provider knows, so that no plan changes them.
    """
    codes = {*date_reads.sessions_ever_moved(session, round_.id), *stands} & set(planned)
    if not codes:
        return []
    days = {row.code: row.candidate for row in gather_records(session, round_).sessions}
    then = {row["id"]: (row["start"], row["end"]) for row in asked["sessions"]}
    return [
        {
            "code": "dates",
            "need": None,
            "session": code,
            "message": sentence(
                "Session %(session)s is on other days than when the plan was asked for.", session=code
            ),
        }
        for code in sorted(codes & set(days))
        if then[code] != tuple(None if day is None else day.isoformat() for day in _days_of(days[code]))
    ]


def _days_of(candidate: Candidate) -> tuple[date | None, date | None]:
    return candidate.start, candidate.end
