"""A round as the optimizer is asked: the one place where records become an `lcm-problem/1` document.

Only codes cross: references, participant, place and area codes. No title, no detail and no name of a person
does; `snapshot_labels` puts names back when a plan is shown. This module, `pairs_now`, `days_now`, `matching`
and `scenarios` are the only ones that know the optimizer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lcm_service.domain import windows
from lcm_service.domain.errors import NotValid
from lcm_service.domain.sentences import sentence
from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Need, Offer, Participant, Plan, Round, Support
from lcm_service.services.courses_held import TakenBeside
from lcm_service.services.snapshot_labels import build_labels
from lcm_service.services.snapshot_needs import day, listed, matched_areas, write_need
from lcm_service.services.snapshot_records import (
    PairCodes,
    RoundRecords,
    SessionRow,
    days_of,
    gather_records,
    may_grow,
)
from optimizer import (
    InvalidFile,
    Policy,
    Problem,
    canonical_bytes,
    problem_sha256,
    problem_to_document,
    read_plan,
    read_problem,
    verify,
)

# Needs as the problem of an earlier plan has them, by their references.
type NeedsAsPut = Mapping[str, Mapping[str, Any]]

PROBLEM_FORMAT: Final = "lcm-problem/1"
# A course that was held draws on no support any more, nor on interpreters: what it took is spent.
NOTHING_DRAWN: Final = {"requires": [], "languages": [ANY]}

# Beside the constraints C1..C12: what makes a plan impossible, rather than its description out of date.
_CONTRADICTING_CODES: Final = frozenset(
    (
        "unknown_id",
        *("area", "level", "personnel", "dates", "language", "mode", "place", "eligible", "women"),
        *("self", "group", "seats", "requires", "forbidden"),
    )
)


@dataclass(frozen=True)
class Snapshot:
    """A round as it is asked: the canonical `lcm-problem/1` document and its text, its hash, and the labels
    for its codes.
    """

    problem: dict[str, Any]
    text: str
    sha256: str
    labels: dict[str, Any]

    @property
    def size(self) -> dict[str, int]:
        """How many needs, sessions and pins are in it."""
        return {
            "needs": len(self.problem["needs"]),
            "sessions": len(self.problem["sessions"]),
            "pins": len(self.problem["pinned"]),
        }


def build_snapshot(
    session: Session,
    round_: Round,
    *,
    release: Iterable[PairCodes] = (),
    hold: Iterable[str] = (),
    barred: Mapping[PairCodes, str | None] | None = None,
    today: date | None = None,
) -> Snapshot:
    """Read a round and write it as a problem.

    ``release``: pairs whose seats are not pinned this time. ``hold``: sessions that may run with the seats
    pinned in them, although these are fewer than its least. Both are noted in the labels. ``barred``: pairs
    that are withdrawn and not planned again this time, each with the reason for it. ``today`` decides what
    has expired. Raises NotValid where the records contradict themselves, with a line for each fault.
    """
    records = gather_records(session, round_, release=release, hold=hold, barred=barred, today=today)
    problem = read_as_problem(session, records)
    return Snapshot(
        problem=problem_to_document(problem),
        text=canonical_bytes(problem).decode("utf-8"),
        sha256=problem_sha256(problem),
        labels=build_labels(session, records),
    )


def read_as_problem(session: Session, records: RoundRecords, as_put: NeedsAsPut | None = None) -> Problem:
    """The records as a problem, needs by their references as ``as_put`` has them. Raises NotValid with the
    optimizer's own lines where they contradict themselves.
    """
    return read_written(write_document(session, records, as_put))


def read_written(document: dict[str, Any]) -> Problem:
    """What `write_document` wrote, as a problem. Raises as `read_as_problem`."""
    try:
        return read_problem(document)
    except InvalidFile as error:
        raise NotValid(
            sentence(
                "Some records of this round contradict themselves. Correct them and run the matching again."
            ),
            faults={"problem": list(error.faults)},
        ) from error


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why a plan can no longer be published: a rule's or constraint's code, whom it concerns, and a
    sentence.
    """

    code: str
    need: str | None
    session: str | None
    message: str


def find_contradictions(
    session: Session,
    round_: Round,
    plan: Plan,
    *,
    release: Iterable[PairCodes] = (),
    hold: Iterable[str] = (),
) -> tuple[Contradiction, ...]:
    """What the round as it is now says against a plan that was made before.

    Withdrawals, declines, revisions and pairs agreed since are looked at by the independent checker; records
    that came later contradict nothing.
    """
    records = gather_records(session, round_, release=release, hold=hold)
    document = _without_what_is_spent(plan.document, records.over)
    found = verify(read_as_problem(session, records), read_plan(document)).violations
    return tuple(
        Contradiction(one.code, one.need, one.session, one.message)
        for one in found
        if one.code in _CONTRADICTING_CODES or one.code[:1] == "C"
    )


def _without_what_is_spent(document: Mapping[str, Any], over: Collection[str]) -> dict[str, Any]:
    """A plan without what it sets aside for courses that were held since: what these took is spent, and the
    others of the plan have to do with the rest.
    """
    sessions = [row | {"supports": []} if row["id"] in over else row for row in document["sessions"]]
    assignments = [
        row | {"bridged_by": None} if row["session"] in over else row for row in document["assignments"]
    ]
    return {**document, "sessions": sessions, "assignments": assignments}


def check_policy(policy: Mapping[str, Any]) -> None:
    """Raise NotValid where the optimizer would refuse the policy of a round."""
    try:
        read_problem(_empty_document() | {"policy": dict(policy)})
    except InvalidFile as error:
        raise NotValid(
            sentence("The policy cannot be used."), faults={"policy": list(error.faults)}
        ) from error


def planning_seats(policy: Mapping[str, Any]) -> tuple[int, int]:
    """Seats planned for a need and for a session of which nobody has said how many."""
    stated = policy.get("planning_seats")
    if stated is not None:
        return int(stated["need"]), int(stated["session"])
    default = Policy().planning_seats
    return default.need, default.session


def fit_weights(policy: Mapping[str, Any] | None) -> dict[str, int]:
    """What counts how much of 100 in the fit of a session, by this policy."""
    stated = (policy or {}).get("fit")
    return dict(Policy().fit if stated is None else stated)


def weighs_record(policy: Mapping[str, Any]) -> bool:
    """Whether a policy lets the records of courses count in the fit; they do not unless a coordinator says
    so.
    """
    return bool((policy.get("fit") or {}).get("record"))


def _course_shares(session: Session, records: RoundRecords) -> dict[str, int]:
    """The share of gaps that the course of each offer has closed, where it has a record."""
    known = reads.course_shares(session, records.round.standing)
    of_offer = {offer.reference: (offer.participant_id, offer.title) for offer in records.offers}
    return {reference: known[course] for reference, course in of_offer.items() if course in known}


def write_document(
    session: Session, records: RoundRecords, as_put: NeedsAsPut | None = None
) -> dict[str, Any]:
    """The records as an `lcm-problem/1` document that has yet to be read and put in its canonical form; needs
    by their references as ``as_put`` has them.
    """
    policy = records.round.policy or {}
    seats_of_need, seats_of_session = planning_seats(policy)
    areas = frozenset(area.code for area in reads.list_areas(session) if not area.is_area)
    needs = [write_need(need, areas, seats_of_need, records.taken) for need in records.needs]
    needs = [dict((as_put or {}).get(need["id"], need)) for need in needs]
    pinned_seats = Counter[str]()
    for match in records.pins:
        pinned_seats[match.session_code] += match.seats
    least_if_held = {code: pinned_seats[code] for code in records.held if pinned_seats[code]}
    sessions = [
        _write_session(row, areas, seats_of_session, least_if_held.get(row.code))
        | (NOTHING_DRAWN if row.code in records.over else {})
        for row in records.sessions
    ]
    declined = defaultdict[str, list[str]](list)
    for support, code in records.declined_supports:
        declined[support].append(code)
    supports = [
        _write_support(one, areas, declined[one.reference], _quantity_left(one, records))
        for one in records.supports
    ]
    shares = _course_shares(session, records) if weighs_record(policy) else {}
    document = _empty_document() | {
        "recipients": _write_recipients(records.needs),
        "providers": _write_providers(session, records),
        "substitutions": _write_substitutions(session, needs, sessions),
        "needs": needs,
        "offers": [
            _write_offer(offer, shares.get(offer.reference), records.taken) for offer in records.offers
        ],
        "sessions": sessions,
        "supports": supports,
        "pinned": [_write_pin(match, records) for match in records.pins],
        "forbidden": [{"need": need, "session": code} for need, code in sorted(records.banned)],
        "previous": _write_previous(records),
        "policy": policy or None,
    }
    document["places"] = _write_places(session, document)
    return document


def _empty_document() -> dict[str, Any]:
    lists = ("recipients", "providers", "needs", "offers", "sessions")
    return {"format": PROBLEM_FORMAT} | {name: [] for name in lists}


def _write_session(
    row: SessionRow, not_areas: frozenset[str], planned_seats: int, least_if_held: int | None
) -> dict[str, Any]:
    offer, candidate = row.offer, row.candidate
    least = offer.min_seats
    if least is not None:
        least = min(least, planned_seats if row.seats is None else row.seats)
        least = least if least_if_held is None else min(least, least_if_held)
    return {
        "id": row.code,
        "offer": offer.reference,
        "areas": matched_areas(offer.areas, not_areas),
        "level": offer.level,
        "personnel": listed(offer.personnel),
        "women_only": offer.women_only,
        "seats": row.seats,
        "min_seats": least,
        "max_recipients": offer.max_recipients,
        "max_per_recipient": offer.max_per_recipient,
        "start": day(candidate.start),
        "end": day(candidate.end),
        "not_before": day(candidate.not_before),
        "not_after": day(candidate.not_after),
        "languages": listed(offer.languages),
        "mode": offer.mode,
        "place": row.place_code,
        "only": listed(offer.only),
        "except": sorted(offer.except_),
        "team": offer.occupies_team,
        "requires": None if offer.requires is None else [_write_requirement(one) for one in offer.requires],
    }


def _write_requirement(stated: Mapping[str, Any]) -> dict[str, Any]:
    return {key: stated.get(key) for key in ("kind", "quantity", "per_seat")}


def _write_offer(offer: Offer, record: int | None, taken: TakenBeside) -> dict[str, Any]:
    may_run = windows.sessions_that_may_run(days_of(offer))
    return {
        "id": offer.reference,
        "record": record,
        "provider": offer.participant.code,
        "partners": sorted(offer.partners),
        "max_sessions": None if may_run is None else max(0, may_run - taken.sessions[offer.reference]),
    }


def _quantity_left(support: Support, records: RoundRecords) -> int | None:
    """What a support has beside what courses that were held took of it; one that has run out, no more than
    sessions have of it.
    """
    if support.quantity is None:
        return None
    left = max(0, support.quantity - records.spent.get(support.reference, 0))
    if support.reference not in records.run_out:
        return left
    return min(left, sum(units for (one, _), units in records.drawn.items() if one == support.reference))


def _write_support(
    support: Support, not_areas: frozenset[str], declined: Sequence[str], left: int | None
) -> dict[str, Any]:
    return {
        "id": support.reference,
        "provider": support.participant.code,
        "kind": support.kind,
        "quantity": left,
        "per_session": support.per_session,
        "from": day(support.usable_from),
        "to": day(support.usable_to),
        "only": listed(support.only),
        "areas": matched_areas(support.areas, not_areas),
        "places": listed(support.places),
        "languages": listed(support.languages),
        "not_for": sorted(declined),
    }


def _write_recipients(needs: Iterable[Need]) -> list[dict[str, Any]]:
    recipients = {need.participant.code: need.participant for need in needs}
    return [
        {"id": code, "place": recipient.place_code, "groups": sorted(recipient.groups)}
        for code, recipient in sorted(recipients.items())
    ]


def _write_providers(session: Session, records: RoundRecords) -> list[dict[str, Any]]:
    """Those who offer or support, with their limits, and the partners of their offers."""
    given: tuple[Offer | Support, ...] = (*records.offers, *records.supports)
    providers = {record.participant.code: record.participant for record in given}
    partners = {code for offer in records.offers for code in offer.partners}
    providers |= {one.code: one for one in reads.list_participants(session, partners - set(providers))}
    return [
        {"id": code, "teams": providers[code].teams, "seats": _seats_left(providers[code], records.taken)}
        if code in providers
        else {"id": code}
        for code in sorted({*providers, *partners})
    ]


def _seats_left(provider: Participant, taken: TakenBeside) -> int | None:
    return None if provider.seats is None else max(0, provider.seats - taken.seats_given[provider.code])


def _write_substitutions(
    session: Session, needs: Sequence[Mapping[str, Any]], sessions: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The substitutes that can matter here, so that other areas' lists do not change this problem's hash."""
    needed = {area for need in needs for area in need["areas"] or ()}
    taught = {area for one in sessions for area in one["areas"] or ()}
    return [
        {"need_area": one.need_area, "session_area": one.session_area, "fit": one.fit}
        for one in reads.list_substitutes(session)
        if one.need_area in needed and one.session_area in taught
    ]


def _write_places(session: Session, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    used = {row["place"] for name in ("recipients", "needs", "sessions") for row in document[name]} - {None}
    return [{"id": place.code, "regions": place.regions} for place in reads.list_places(session, used)]


def _write_pin(match: Match, records: RoundRecords) -> dict[str, Any]:
    """What is agreed may grow into freed seats, unless a side that confirmed has declined more, the course is
    over, or one of its records has run out.
    """
    grows = may_grow(match) and match.session_code not in records.over
    grows = grows and records.run_out.isdisjoint((match.need_reference, match.offer_reference))
    return {
        "need": match.need_reference,
        "session": match.session_code,
        "seats": match.seats,
        "rule": "at_least" if grows else "exactly",
    }


def _write_previous(records: RoundRecords) -> list[dict[str, Any]]:
    """The plan last published, without what has been withdrawn, declined or released since."""
    if records.published is None:
        return []
    needs = {need.reference for need in records.needs}
    return [
        {"need": row["need"], "session": row["session"], "seats": row["seats"]}
        for row in records.published.document["assignments"]
        if row["need"] in needs
        and row["session"] in records.codes_of_sessions
        and (row["need"], row["session"]) not in records.ended
    ]
