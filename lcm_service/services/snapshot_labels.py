"""The labels of a plan: what pages and exports show for the codes that crossed the optimizer's wall.

They are stored with the run and the plan, so that a plan reads the same years later. What they hold of a
need is restricted; `publication` and `exports` cut it to the reader.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Need, Offer, Support
from lcm_service.services.snapshot_records import RoundRecords, SessionRow


def build_labels(session: Session, records: RoundRecords) -> dict[str, Any]:
    """Labels by kind and code: round, needs, offers, sessions, supports, participants, places, regions,
    areas.

    ``held`` lists sessions that may run below their least, ``released`` pairs that are not pinned.
    """
    offers, supports = records.offers, records.supports
    given: tuple[Offer | Support, ...] = (*offers, *supports)
    owners = {need.participant for need in records.needs} | {record.participant for record in given}
    partners = {code for offer in offers for code in offer.partners}
    audiences = {code for record in given for code in record.only or ()}
    audiences |= {code for offer in offers for code in offer.except_}
    owners |= set(reads.list_participants(session, partners | audiences))
    places = reads.list_places(session, _place_codes(records) | audiences)
    regions = {code for place in places for code in place.regions} | audiences
    return {
        "round": {
            "code": records.round.code,
            "title": records.round.title,
            "standing": records.round.standing,
        },
        "needs": {need.reference: _label_need(need) for need in records.needs},
        "offers": {offer.reference: _label_offer(offer) for offer in offers},
        "sessions": {row.code: _label_session(row) for row in records.sessions},
        "supports": {support.reference: _label_support(support) for support in supports},
        "participants": {one.code: one.names for one in sorted(owners, key=lambda one: one.code)},
        "places": {place.code: place.names for place in places},
        "regions": {region.code: region.names for region in reads.list_regions(session, regions)},
        "areas": _label_areas(session, records),
        "held": sorted(records.held),
        "released": [list(pair) for pair in sorted(records.released)],
    }


def _label_need(need: Need) -> dict[str, Any]:
    return {
        "recipient": need.participant.code,
        "title": need.title,
        "areas": need.areas,
        "level": need.level,
        "personnel": need.personnel,
        "languages": need.languages,
        "seats": need.seats_recognised,
        "seats_asked": need.seats_asked,
        "women": need.women,
        "priority": need.priority_recognised,
        "earliest": _day(need.earliest),
        "latest": _day(need.latest),
        "place": need.trainees_place or need.participant.place_code,
    }


def _label_offer(offer: Offer) -> dict[str, Any]:
    return {
        "provider": offer.participant.code,
        "partners": offer.partners,
        "title": offer.title,
        "implementer": offer.implementer,
    }


def _label_session(row: SessionRow) -> dict[str, Any]:
    candidate, offer = row.candidate, row.offer
    return {
        "offer": offer.reference,
        "provider": offer.participant.code,
        "title": offer.title,
        "areas": offer.areas,
        "level": offer.level,
        "languages": offer.languages,
        "mode": offer.mode,
        "place": row.place_code,
        "seats": row.seats,
        "min_seats": offer.min_seats,
        "start": _day(candidate.start),
        "end": _day(candidate.end),
        "not_before": _day(candidate.not_before),
        "not_after": _day(candidate.not_after),
    }


def _label_support(support: Support) -> dict[str, Any]:
    return {"provider": support.participant.code, "title": support.title, "kind": support.kind}


def _label_areas(session: Session, records: RoundRecords) -> dict[str, dict[str, str]]:
    stated: Iterable[Need | Offer | Support] = (*records.needs, *records.offers, *records.supports)
    used = {code for record in stated for code in record.areas or ()}
    return {area.code: area.names for area in reads.list_areas(session) if area.code in used}


def _place_codes(records: RoundRecords) -> set[str]:
    codes = {need.participant.place_code for need in records.needs}
    codes |= {need.trainees_place for need in records.needs}
    codes |= {row.place_code for row in records.sessions}
    return {code for code in codes if code is not None}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
