"""What of a round takes part in its matching: which records, which sessions, what is agreed and what
declined.

Shared by the snapshot that the optimizer is asked and by the labels that put names back to its answer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lcm_service.domain import windows
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES, LIVE_RECORD_STATES
from lcm_service.persistence import date_reads, part_reads
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Need, Offer, Part, Plan, Round, SessionDays, Support
from lcm_service.services.courses_held import TakenBeside, spent_on_courses, still_asks, taken_beside
from lcm_service.services.delivery_states import is_delivered, sessions_held
from lcm_service.services.match_turns import as_known, is_known_live
from lcm_service.services.run_out import (
    closed_by_ends,
    closed_to_supports,
    drawn_on,
    has_run_out,
    references_run_out,
)
from lcm_service.services.session_views import session_as_planned

type PairCodes = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A candidate session with the offer that it is cut from, and what differs from the offer."""

    code: str
    offer: Offer
    candidate: windows.Candidate
    seats: int | None
    place_code: str | None


@dataclass(frozen=True)
class RoundRecords:
    """The records of a round that take part, in the order of their references.

    ``pins`` are the live matches whose seats are held. ``released`` are the pairs that the coordinator would
    release as a way out of a clash; ``held`` the sessions that may run below their least, by that choice or
    by the published plan's, or whose course is over. ``over`` are those in which a match was delivered: they
    draw on no support any more, for ``spent`` is what each support gave to them. ``taken`` is what delivered
    matches took that are no pins; a need of which all was trained is not among ``needs`` but among
    ``trained``. ``declined_supports`` are (support, session) that the support's owner declined, or that has
    run out and gives nothing there. ``run_out`` are the records that go on under what stands on them, and are
    asked nothing more; ``drawn`` is what each (support, session) that is not over has by the published plan.
    """

    round: Round
    needs: tuple[Need, ...]
    offers: tuple[Offer, ...]
    sessions: tuple[SessionRow, ...]
    supports: tuple[Support, ...]
    pins: tuple[Match, ...]
    banned: frozenset[PairCodes]
    published: Plan | None
    ended: frozenset[PairCodes]
    released: frozenset[PairCodes] = frozenset()
    held: frozenset[str] = frozenset()
    codes_of_sessions: frozenset[str] = field(default_factory=frozenset)
    declined_supports: frozenset[PairCodes] = frozenset()
    over: frozenset[str] = frozenset()
    spent: Mapping[str, int] = field(default_factory=dict)
    taken: TakenBeside = field(default_factory=TakenBeside)
    trained: frozenset[str] = frozenset()
    run_out: frozenset[str] = frozenset()
    drawn: Mapping[PairCodes, int] = field(default_factory=dict)


def gather_records(
    session: Session,
    round_: Round,
    *,
    release: Iterable[PairCodes] = (),
    hold: Iterable[str] = (),
    barred: Mapping[PairCodes, str | None] | None = None,
    today: date | None = None,
    about: PairCodes | None = None,
) -> RoundRecords:
    """Read everything that the next plan of the round depends on; or of needs and offers those alone on which
    the seats ``about`` a pair depend: its own, and those of live matches that share its need or its session.
    """
    today = today or utc_now().date()
    matches = reads.list_matches(session, round_.id)
    live = [match for match in matches if match.state in LIVE_MATCH_STATES]
    own_needs, own_offers = (None, None) if about is None else _records_beside(live, about)
    parts, published = part_reads.list_parts(session, round_.id), reads.published_plan(session, round_.id)
    drawn = drawn_on(published, parts, {match.session_code for match in live})
    in_use = references_in_use(live, drawn)
    stated = [
        need
        for need in reads.list_needs(session, round_.id, own_needs)
        if _takes_part(need, today, in_use) and need.seats_recognised != 0
    ]
    offers = [
        offer
        for offer in reads.list_offers(session, round_.id, own_offers)
        if _takes_part(offer, today, in_use)
    ]
    supports = [one for one in reads.list_supports(session, round_.id) if _takes_part(one, today, in_use)]
    # Days to which nobody is bound by a live match are no days for a new plan: what lapsed ends with it.
    moved = {
        code: days
        for code, days in date_reads.moved_sessions(session, round_.id).items()
        if any(match.session_code == code for match in live)
    }
    held = defaultdict[str, list[Match]](list)
    for match in live:
        held[match.offer_reference].append(match)
    sessions = [row for offer in offers for row in sessions_of(offer, round_, held[offer.reference], moved)]
    known_needs, known_sessions = {need.reference for need in stated}, {row.code for row in sessions}
    released, planned = frozenset(release), _pairs_of(published)
    # What was delivered and once left out of a published plan, to end a clash, clashes at no later repair.
    pins = [
        match
        for match in live
        if match.need_reference in known_needs
        and match.session_code in known_sessions
        and pair_of(match) not in released
        and (pair_of(match) in planned or not is_delivered(match))
    ]
    taken, pinned_needs = taken_beside(live, pins), {match.need_reference for match in pins}
    needs = [need for need in stated if still_asks(need, taken, pinned_needs)]
    trained = known_needs - {need.reference for need in needs}
    known_needs -= trained
    over, known_supports = sessions_held(live), {one.reference for one in supports}
    run_out = references_run_out((*needs, *offers, *supports), today)
    offers_by_session = {row.code: row.offer.reference for row in sessions}
    return RoundRecords(
        round=round_,
        needs=tuple(needs),
        offers=tuple(offers),
        sessions=tuple(sessions),
        supports=tuple(supports),
        pins=tuple(pins),
        banned=_banned_pairs(matches, sessions, known_needs)
        | _closed_pairs(live, pins, known_needs, over & known_sessions)
        | _barred_pairs(barred or {}, sessions, known_needs, {pair_of(match) for match in pins})
        | closed_by_ends(run_out, known_needs, offers_by_session, {pair_of(match) for match in live}),
        published=published,
        ended=frozenset(pair_of(match) for match in matches if match.state not in LIVE_MATCH_STATES),
        released=released,
        held=(frozenset(hold) & known_sessions) | _still_held(published, pins, sessions, over),
        codes_of_sessions=frozenset(known_sessions),
        declined_supports=_declined_supports(parts, sessions, known_supports)
        | closed_to_supports(run_out, known_supports, known_sessions, drawn),
        over=over,
        spent=spent_on_courses(live, parts),
        taken=taken,
        trained=frozenset(trained),
        run_out=run_out,
        drawn={pair: quantity for pair, quantity in drawn.items() if pair[1] not in over},
    )


def _records_beside(live: Iterable[Match], pair: PairCodes) -> tuple[set[str], set[str]]:
    need, code = pair
    beside = [one for one in live if one.need_reference == need or one.session_code == code]
    return {one.need_reference for one in beside}, {one.offer_reference for one in beside}


def pair_of(match: Match) -> PairCodes:
    return match.need_reference, match.session_code


def days_of(offer: Offer) -> windows.OfferDays:
    """What the offer says about its days, in the words of `windows`."""
    return windows.OfferDays(
        sessions=tuple(
            windows.DatedSession(row.key, row.starts_on, row.ends_on, row.is_withdrawn)
            for row in offer.sessions
        ),
        not_before=offer.not_before,
        not_after=offer.not_after,
        duration_days=offer.duration_days,
        max_sessions=offer.max_sessions,
    )


def sessions_of(
    offer: Offer, round_: Round, live: Iterable[Match] = (), moved: Mapping[str, SessionDays] | None = None
) -> list[SessionRow]:
    """The candidate sessions of one offer; those that its ``live`` matches hold are among them. What was
    ``moved`` is on the days to which it was, and what was cut from a window on those under which it was put
    to its provider: an offer that is longer now makes no course longer on which others stand.
    """
    kept = {windows.key_of_session(offer.reference, match.session_code) for match in live}
    stated, agreed = {row.key: row for row in offer.sessions}, _labels_as_put(offer, live)
    rows = []
    for candidate in windows.candidates_of(days_of(offer), opens_on=round_.opens_on, kept=kept):
        own, code = stated.get(candidate.key), windows.session_code(offer.reference, candidate.key)
        if moved and code in moved:
            candidate = windows.moved_to(candidate, moved[code].starts_on, moved[code].ends_on)
        elif code in agreed:
            candidate = windows.as_agreed(candidate, *session_as_planned(agreed[code]).days)
        rows.append(
            SessionRow(
                code=code,
                offer=offer,
                candidate=candidate,
                seats=offer.seats if own is None or own.seats is None else own.seats,
                place_code=offer.place_code if own is None or own.place_code is None else own.place_code,
            )
        )
    return rows


def _labels_as_put(offer: Offer, live: Iterable[Match]) -> dict[str, Mapping[str, Any]]:
    """The sessions of an offer that name no days of their own and in which a match stands that the provider
    knows, by the plan that put it; of several the first match that was there.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for match in sorted(live, key=lambda one: one.id):
        code = match.session_code
        if is_known_live(match) and windows.is_generated(windows.key_of_session(offer.reference, code)):
            found.setdefault(code, as_known(match).plan.labels["sessions"][code])
    return found


def _pairs_of(plan: Plan | None) -> set[PairCodes]:
    return set() if plan is None else {(row["need"], row["session"]) for row in plan.document["assignments"]}


def _closed_pairs(
    live: Iterable[Match], pins: Iterable[Match], needs: Collection[str], over: Iterable[str]
) -> set[PairCodes]:
    """Pairs that no plan holds as the course of their session is over: all but those that live there already.
    What was delivered stands as it is: where it need not be held any more, it is not planned otherwise.
    """
    held = {pair_of(match) for match in pins}
    standing = held | {pair_of(match) for match in live if not is_delivered(match)}
    return {(need, code) for code in over for need in needs} - standing


def _still_held(
    published: Plan | None, pins: Iterable[Match], sessions: Iterable[SessionRow], over: Collection[str]
) -> frozenset[str]:
    """Sessions that the published plan holds below their least, while matches in them live that are still too
    few: what a coordinator decided once is not asked again at every repair. So are those whose course is
    over: some of their matches may be planned no more.
    """
    held = set(over) | (set() if published is None else set(published.labels.get("held", ())))
    pinned = Counter[str]()
    for match in pins:
        pinned[match.session_code] += match.seats
    return frozenset(
        row.code for row in sessions if row.code in held and 0 < pinned[row.code] < (row.offer.min_seats or 1)
    )


def may_grow(match: Match) -> bool:
    """Whether a repair may propose more seats for a pair: not once a side that confirmed has declined more,
    nor a recipient that agreed to be put for fewer, nor once its course was delivered.
    """
    if is_delivered(match):
        return False
    declined_more = any(row.answer == "confirmed" and row.reason is not None for row in match.decisions)
    return not declined_more and match.put_reason is None


def references_in_use(live: Iterable[Match], drawn: Iterable[PairCodes]) -> frozenset[str]:
    """The needs and offers on which a live match stands, and the supports on which its session draws."""
    of_matches = (code for match in live for code in (match.need_reference, match.offer_reference))
    return frozenset((*of_matches, *(support for support, _ in drawn)))


def _takes_part(record: Need | Offer | Support, today: date, in_use: Collection[str]) -> bool:
    """Live training records that have not run out, and those that have while a live match or a part holds
    them. One that was given back or withdrawn takes no part.
    """
    if record.subject != "training":
        return False
    if record.reference in in_use:
        return record.state in (*LIVE_RECORD_STATES, "expired")
    return record.state in LIVE_RECORD_STATES and not has_run_out(record, today)


def _banned_pairs(
    matches: Iterable[Match], sessions: Iterable[SessionRow], known_needs: set[str]
) -> frozenset[PairCodes]:
    """Declined pairs whose need and session are still there.

    Candidates without days are one course under several keys, and those cut from one window differ by their
    days alone. So a decline of the former, and one of the latter for another reason than its days, is a
    decline of all of them, except where the pair holds a live match.
    """
    matches = list(matches)
    live = {pair_of(match) for match in matches if match.state in LIVE_MATCH_STATES}
    codes_by_offer = _codes_by_offer(sessions)
    banned: set[PairCodes] = set()
    for match in matches:
        if match.state != "declined" or match.need_reference not in known_needs:
            continue
        codes = codes_by_offer.get(match.offer_reference, {})
        declined = windows.key_of_session(match.offer_reference, match.session_code)
        keys = {declined, *_keys_of_same_course(declined, codes, _is_about_days(match))}
        banned |= {(match.need_reference, codes[key]) for key in keys if key in codes}
    return frozenset(banned - live)


def _barred_pairs(
    barred: Mapping[PairCodes, str | None],
    sessions: Iterable[SessionRow],
    known_needs: Collection[str],
    pinned: Collection[PairCodes],
) -> set[PairCodes]:
    """Pairs that a correction withdraws, with the same course on its other days, as of a decline."""
    codes_by_offer, found = _codes_by_offer(sessions), set[PairCodes]()
    offers = {code: offer for offer, codes in codes_by_offer.items() for code in codes.values()}
    for (need, code), reason in barred.items():
        if need in known_needs and code in offers:
            codes, key = codes_by_offer[offers[code]], windows.key_of_session(offers[code], code)
            keys = {key, *_keys_of_same_course(key, codes, reason == "dates")}
            found |= {(need, codes[one]) for one in keys}
    return found - set(pinned)


def _declined_supports(
    parts: Iterable[Part], sessions: Iterable[SessionRow], known_supports: set[str]
) -> frozenset[PairCodes]:
    """Supports with the sessions for which their owners declined to give them: for the same course on all its
    days, as with pairs, but where the same support stands.
    """
    parts, codes_by_offer = list(parts), _codes_by_offer(sessions)
    standing = {
        (part.support_reference, part.session_code) for part in parts if part.state in ("asked", "confirmed")
    }
    declined: set[PairCodes] = set()
    for part in parts:
        if part.state != "declined" or part.support_reference not in known_supports:
            continue
        offer = part.session_code.rpartition("-")[0]
        codes, key = codes_by_offer.get(offer, {}), windows.key_of_session(offer, part.session_code)
        keys = {key, *_keys_of_same_course(key, codes, part.reason == "dates")}
        declined |= {(part.support_reference, codes[one]) for one in keys if one in codes}
    return frozenset(declined - standing)


def _codes_by_offer(sessions: Iterable[SessionRow]) -> dict[str, dict[str, str]]:
    """Offer -> key of a candidate session -> its code."""
    codes: dict[str, dict[str, str]] = {}
    for row in sessions:
        codes.setdefault(row.offer.reference, {})[row.candidate.key] = row.code
    return codes


def _keys_of_same_course(declined: str, keys: Iterable[str], is_about_days: bool) -> set[str]:
    if windows.has_unknown_days(declined):
        return {key for key in keys if windows.has_unknown_days(key)}
    if windows.is_generated(declined) and not is_about_days:
        return {key for key in keys if windows.is_generated(key)}
    return set()


def _is_about_days(match: Match) -> bool:
    return any(row.answer == "declined" and row.reason == "dates" for row in match.decisions)
