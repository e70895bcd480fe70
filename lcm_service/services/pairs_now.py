"""What the records say now of pairs that hold seats: rules that refuse them, limits they break, questions.

A match lives on while its need and its offer are revised and recognised anew. What was put to the sides is
confirmed only while it still fits, and a round in which something no longer fits needs a repair.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Round
from lcm_service.services.match_turns import is_known_live, known_seats
from lcm_service.services.snapshot_records import PairCodes, RoundRecords, gather_records, pair_of
from lcm_service.services.snapshots import NeedsAsPut, read_as_problem
from optimizer import Problem, judge_pair


@dataclass(frozen=True, slots=True)
class PairNow:
    """What the records say today of one pair.

    ``refusals``: the pair rules that say no, and the limits (C1..C5, C12) that its seats break together with
    the other live matches of its need and its session. ``questions``: what is still to be asked, as (record,
    field) in the optimizer's words.
    """

    refusals: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]


def judge_pair_now(
    session: Session,
    round_: Round,
    pair: PairCodes,
    *,
    seats: int | None = None,
    as_put: Mapping[str, Any] | None = None,
) -> PairNow | None:
    """Judge the pair of a live match before a side answers; None where its need or its session no longer
    takes part.

    Of the session's seats only those count against it that were put to the provider: by a refusal for others
    a provider that changes its own seats would learn how many its session has in secret. ``seats``: those of
    the pair itself that are answered for, where these are not all. ``as_put``: the need as it was asked about
    in an earlier plan, to be judged by that instead of by what it says now.
    """
    records = gather_records(session, round_, about=pair)
    judged = [one for one in records.pins if pair_of(one) == pair]
    put = {pair_of(one): known_seats(one) if is_known_live(one) else 0 for one in records.pins}
    for one in judged:
        put[pair] = one.seats if seats is None else seats
    as_put_by_need = {} if as_put is None else {pair[0]: as_put}
    return judge_pairs(session, records, judged, seats_in_session=put, as_put=as_put_by_need).get(pair)


def judge_pairs(
    session: Session,
    records: RoundRecords,
    matches: Iterable[Match] | None = None,
    *,
    seats_in_session: Mapping[PairCodes, int] | None = None,
    as_put: NeedsAsPut | None = None,
) -> dict[PairCodes, PairNow]:
    """Judge live matches, all of the round or those given, by one reading of the records.

    Only records that hold one of these matches are read as a problem, so that a fault elsewhere keeps nobody
    from answering. A match whose need or session is gone has no row. ``seats_in_session``: how many of each
    match count in its session, where these are not all. ``as_put``: needs as an earlier plan asked about
    them, to be judged by that. Raises NotValid where the records of these matches contradict themselves.
    """
    judged = list(records.pins if matches is None else matches)
    needs, codes = {one.need_reference for one in judged}, {one.session_code for one in judged}
    related = [one for one in records.pins if one.need_reference in needs or one.session_code in codes]
    problem = _read_alone(session, records, related, as_put or {})
    counted = seats_in_session or {pair_of(one): one.seats for one in related}
    by_session, by_need = defaultdict[str, list[Match]](list), defaultdict[str, list[Match]](list)
    for one in related:
        by_session[one.session_code].append(one)
        by_need[one.need_reference].append(one)
    broken = {
        pair_of(match): _broken_limits(
            problem, match, by_session[match.session_code], by_need[match.need_reference], counted
        )
        for match in judged
    }
    return {pair: _judge(problem, pair, limits) for pair, limits in broken.items()}


def _read_alone(
    session: Session, records: RoundRecords, matches: Sequence[Match], as_put: NeedsAsPut
) -> Problem:
    pairs = {pair_of(match) for match in matches}
    needs, codes = {need for need, _ in pairs}, {code for _, code in pairs}
    sessions = tuple(row for row in records.sessions if row.code in codes)
    offers = {row.offer.reference for row in sessions}
    alone = replace(
        records,
        needs=tuple(need for need in records.needs if need.reference in needs),
        sessions=sessions,
        offers=tuple(offer for offer in records.offers if offer.reference in offers),
        pins=(),
        banned=records.banned & pairs,
        declined_supports=frozenset(one for one in records.declined_supports if one[1] in codes),
        published=None,
    )
    return read_as_problem(session, alone, as_put)


def _judge(problem: Problem, pair: PairCodes, broken: Sequence[str]) -> PairNow:
    need, session = problem.need_by_id[pair[0]], problem.session_by_id[pair[1]]
    verdict = judge_pair(problem, need, session)
    questions = tuple((question.record, question.field) for question in verdict.questions)
    return PairNow((*verdict.refusals, *broken), questions)


def _broken_limits(
    problem: Problem,
    match: Match,
    in_session: Sequence[Match],
    of_need: Sequence[Match],
    seats_in_session: Mapping[PairCodes, int],
) -> tuple[str, ...]:
    """The limits that the match breaks, by the seats of all live matches of its session and of its need."""
    seats_by_need = {
        one.need_reference: seats_in_session[pair_of(one)]
        for one in in_session
        if seats_in_session[pair_of(one)]
    }
    found = {*_limits_of_session(problem, match, seats_by_need), *_limits_of_need(problem, match, of_need)}
    return tuple(sorted(found, key=lambda code: int(code.removeprefix("C"))))


def _limits_of_session(problem: Problem, match: Match, seats_by_need: Mapping[str, int]) -> Iterator[str]:
    """C1 and C5. That a session reaches its least is for a repair to see to: others may still come."""
    session = problem.session_by_id[match.session_code]
    if session.seats is not None and sum(seats_by_need.values()) > session.seats:
        yield "C1"
    recipients = Counter[str]()
    for need, seats in seats_by_need.items():
        recipients[problem.need_by_id[need].recipient] += seats
    own = problem.need_by_id[match.need_reference].recipient
    takes_one = session.mode == "mobile_team" and session.place is None
    most_recipients = 1 if takes_one else session.max_recipients
    if session.max_per_recipient is not None and recipients[own] > session.max_per_recipient:
        yield "C5"
    if most_recipients is not None and len(recipients) > most_recipients:
        yield "C5"


def _limits_of_need(problem: Problem, match: Match, live: Sequence[Match]) -> Iterator[str]:
    """C2, C3, C4 and C12. While the need's seats are unknown, a question stands for C3."""
    need, sessions = problem.need_by_id[match.need_reference], problem.session_by_id
    placed = sum(one.seats for one in live)
    if match.seats < need.min_group:
        yield "C2"
    if need.seats is not None and (placed > need.seats or (need.whole and placed < need.seats)):
        yield "C3"
    if need.max_groups is not None and len(live) > need.max_groups:
        yield "C4"
    for_women = sum(one.seats for one in live if sessions[one.session_code].women_only)
    if need.women is not None and sessions[match.session_code].women_only and for_women > need.women:
        yield "C12"
