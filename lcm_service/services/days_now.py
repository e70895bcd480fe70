"""What speaks against other days for a session, by the records of now: `check`, asked of what stands there.

Only matches that the provider knows of are looked at. A recipient that has not agreed to be put to it yet
must not be found out by proposing days: whether it can come on the new ones is for a repair to see to. What
days do not touch (numbers of seats, groups, the least of a session) is not judged anew.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from lcm_service.domain.errors import NotValid
from lcm_service.domain.vocabulary import LIVE_PART_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Need, Part, Participant, Round, Support
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.match_turns import is_known_live, known_seats
from lcm_service.services.match_views import MatchSides
from lcm_service.services.snapshot_records import PairCodes, RoundRecords, gather_records, pair_of
from lcm_service.services.snapshots import read_written, write_document
from optimizer import NoPlanFound, Pin, Problem, check, judge_pair

# Limits that a session meets by its days: the teams of its provider, and the supports that fit it.
TEAMS: Final = "C7"
MISSION: Final = "mission"
SUPPORT: Final = "support"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What speaks against the days: a pair rule, a limit (C1..C12), ``mission`` (it ends before the course
    does), ``support`` (it cannot be used then) or ``unknown`` (it cannot be judged); the record that it is
    about, and whose record that is: it may hear of it. Of what is nobody's own, coordinators alone do.
    """

    code: str
    record: str
    owner_id: int | None


def find_obstacles(
    session: Session, round_: Round, code: str, starts_on: date, ends_on: date
) -> tuple[Obstacle, ...]:
    """What would speak against these days for a session, and does not against those that it has now.

    Where it cannot be judged, as records of what stands beside it contradict themselves, that is an obstacle.
    """
    try:
        return tuple(_find_obstacles(session, round_, code, starts_on, ends_on))
    except NotValid as faulty:
        return tuple(Obstacle(UNKNOWN, line, None) for line in faulty.faults["problem"])
    except NoPlanFound:
        return (Obstacle(UNKNOWN, code, None),)


def _find_obstacles(
    session: Session, round_: Round, code: str, starts_on: date, ends_on: date
) -> Iterator[Obstacle]:
    records = gather_records(session, round_)
    rows = [
        row
        for row in reads.list_match_sides(session, round_id=round_.id)
        if is_known_live(row[0]) and not is_delivered(row[0])
    ]
    parts = [part for part in part_reads.list_parts(session, round_.id) if part.state in LIVE_PART_STATES]
    there = [row for row in rows if row[0].session_code == code]
    document = _write_what_stands(session, records, rows, _codes_beside(code, rows, parts))
    now = next((one for one in document["sessions"] if one["id"] == code), None)
    if now is None or not there:
        return
    days = {"start": starts_on.isoformat(), "end": ends_on.isoformat()}
    moved = document | {
        "sessions": [one | days if one is now else one for one in document["sessions"]],
    }
    before, after = read_written(document), read_written(moved)
    end_before = None if now["end"] is None else date.fromisoformat(now["end"])
    needs = {need.reference: need for need in records.needs}
    whatever_supports = read_written(moved | {"supports": [_at_any_time(one) for one in moved["supports"]]})
    yield from _refused_pairs(before, after, whatever_supports, there)
    yield from _ended_missions(needs, there, end_before, ends_on)
    supports = _supports_of(records, there[0][2], code, parts)
    yield from _unusable_supports(supports, starts_on, ends_on)
    yield from _clashes(before, after, code, there[0][2].id)


def _codes_beside(code: str, rows: Sequence[MatchSides], parts: Sequence[Part]) -> set[str]:
    """The session and those that share its provider's teams or a support with it."""
    provider = {row[2].id for row in rows if row[0].session_code == code}
    supports = {part.support_reference for part in parts if part.session_code == code}
    return {
        code,
        *(row[0].session_code for row in rows if row[2].id in provider),
        *(part.session_code for part in parts if part.support_reference in supports),
    }


def _write_what_stands(
    session: Session, records: RoundRecords, rows: Sequence[MatchSides], codes: Collection[str]
) -> dict[str, Any]:
    """The problem of what stands in these sessions, as providers know it, without the limits that no days
    touch.
    """
    standing = {pair_of(match): known_seats(match) for match, _, _ in rows if match.session_code in codes}
    alone = _only(records, standing)
    document = write_document(session, alone)
    known = {row["id"] for row in document["needs"]}, {row["id"] for row in document["sessions"]}
    document["pinned"] = [
        {"need": need, "session": code, "seats": seats, "rule": "at_least"}
        for (need, code), seats in sorted(standing.items())
        if need in known[0] and code in known[1]
    ]
    free = {"seats": None, "min_group": None, "max_groups": None, "whole": False, "women": None}
    document["needs"] = [row | free for row in document["needs"]]
    free = {"seats": None, "min_seats": None, "max_recipients": None, "max_per_recipient": None}
    document["sessions"] = [row | free for row in document["sessions"]]
    document["offers"] = [row | {"max_sessions": None} for row in document["offers"]]
    document["providers"] = [row | {"seats": None} for row in document["providers"]]
    # Nobody's seats are counted here, so as many are planned as the largest pin asks.
    most = sum(standing.values()) or 1
    document["policy"] = (document["policy"] or {}) | {"planning_seats": {"need": most, "session": most}}
    return document


def _only(records: RoundRecords, standing: Collection[PairCodes]) -> RoundRecords:
    needs, codes = {need for need, _ in standing}, {code for _, code in standing}
    sessions = tuple(row for row in records.sessions if row.code in codes)
    offers = {row.offer.reference for row in sessions}
    return replace(
        records,
        needs=tuple(need for need in records.needs if need.reference in needs),
        sessions=sessions,
        offers=tuple(offer for offer in records.offers if offer.reference in offers),
        pins=(),
        banned=frozenset(),
        declined_supports=frozenset(one for one in records.declined_supports if one[1] in codes),
        published=None,
    )


def _refusals(problem: Problem, pair: PairCodes) -> set[str]:
    if pair[0] not in problem.need_by_id:
        return set()
    found = judge_pair(problem, problem.need_by_id[pair[0]], problem.session_by_id[pair[1]])
    return set(found.refusals)


def _refused_pairs(
    before: Problem, after: Problem, whatever_supports: Problem, there: Sequence[MatchSides]
) -> Iterator[Obstacle]:
    """What a recipient's own need says, it may hear. What speaks against the days only because a support
    cannot be used then (interpreters) is not its record: that support's owner hears of it.
    """
    for match, recipient, _ in there:
        pair = pair_of(match)
        own = _refusals(whatever_supports, pair)
        for code in sorted(_refusals(after, pair) - _refusals(before, pair)):
            yield Obstacle(code, match.need_reference, recipient.id if code in own else None)


def _ended_missions(
    needs: dict[str, Need], there: Sequence[MatchSides], end_before: date | None, ends_on: date
) -> Iterator[Obstacle]:
    for match, recipient, _ in there:
        need = needs.get(match.need_reference)
        last = None if need is None or need.mission is None else need.mission.ends_on
        if last is not None and ends_on > last and not (end_before is not None and end_before > last):
            yield Obstacle(MISSION, match.need_reference, recipient.id)


def _at_any_time(support: dict[str, Any]) -> dict[str, Any]:
    return support | {"from": None, "to": None}


def _supports_of(
    records: RoundRecords, provider: Participant, code: str, parts: Sequence[Part]
) -> list[Support]:
    """What the session is counted to draw on: the supports whose owners have a part there, and those of the
    provider itself, which the published plan sets aside without asking anybody.
    """
    found = {part.support_reference: part.support for part in parts if part.session_code == code}
    rows = [] if records.published is None else records.published.document["sessions"]
    used = {use["support"] for row in rows if row["id"] == code for use in row["supports"] if use["quantity"]}
    own = [one for one in records.supports if one.participant_id == provider.id and one.reference in used]
    return [*found.values(), *(one for one in own if one.reference not in found)]


def _unusable_supports(supports: Sequence[Support], starts_on: date, ends_on: date) -> Iterator[Obstacle]:
    """Another support may fit the new days, but its owner was asked for nothing, and this one is counted
    on.
    """
    for one in supports:
        first, last = one.usable_from, one.usable_to
        if (first is not None and starts_on < first) or (last is not None and ends_on > last):
            yield Obstacle(SUPPORT, one.reference, one.participant_id)


def _clashes(before: Problem, after: Problem, code: str, provider_id: int) -> Iterator[Obstacle]:
    """Limits that what stands in the session meets on the new days together with what stands elsewhere."""
    old = {(limit, record) for limit, record in _limits_met(before, code)}
    for limit, record in sorted(_limits_met(after, code) - old):
        yield Obstacle(limit, record, provider_id if limit == TEAMS else None)


def _limits_met(problem: Problem, code: str) -> set[tuple[str, str]]:
    """The limits in the clash of pins that the session is part of; others' clashes are put aside."""
    pins = [pin for pin in problem.pinned if not _refusals(problem, (pin.need, pin.session))]
    while pins:
        clash = check(replace(problem, pinned=tuple(pins))).clash
        if clash is None:
            return set()
        if any(pin.session == code for pin in clash.pins):
            return {(limit.code, limit.record) for limit in clash.limits}
        pins = _without(pins, clash.pins)
    return set()


def _without(pins: Sequence[Pin], clashing: Collection[Pin]) -> list[Pin]:
    gone = {(pin.need, pin.session) for pin in clashing}
    return [pin for pin in pins if (pin.need, pin.session) not in gone]
