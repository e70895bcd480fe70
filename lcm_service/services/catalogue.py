"""The catalogue of open offers: what a round has for a subject, a language, a month, a region."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from lcm_service.domain.catalogue import Course, Sitting, Span, Wish, open_questions
from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Offer, OfferSession
from lcm_service.services.offer_records import list_offers
from lcm_service.services.require import require_round

# Held where the trainees are, wherever that is.
COMES_TO_TRAINEES = frozenset({"mobile_team", "in_country", "online", ANY})


@dataclass(frozen=True, slots=True)
class Found:
    """An offer that suits, or may suit: ``open`` names what of the wish it leaves open."""

    offer: Offer
    open: tuple[str, ...]


def search_offers(actor: Actor, round_code: str, wish: Wish) -> list[Found]:
    """The live offers of a round that suit, or of which nobody has said that they do not; the surest first.

    Raises NotAllowed and NotFound as `offer_records.list_offers`.
    """
    offers = list_offers(actor, round_code, only_live=True)
    opens_on = require_round(db.session(), round_code).opens_on
    codes = {code for offer in offers for code in _place_codes(offer)}
    regions = {place.code: place.regions for place in reads.list_places(db.session(), codes)}
    found = []
    for offer in offers:
        is_open = open_questions(_course_of(offer, opens_on, regions), wish)
        if is_open is not None:
            found.append(Found(offer, is_open))
    return sorted(found, key=lambda one: len(one.open))


def _course_of(offer: Offer, opens_on: date, regions: Mapping[str, list[str]]) -> Course:
    """What the offer says. A session that was over before the round opened is none of it any more."""
    place = offer.place_code
    stated = [one for one in offer.sessions if not one.is_withdrawn]
    held = [(_days_of(one, offer), one.place_code or place) for one in stated] or [(_window_of(offer), place)]
    sittings = [
        _sitting(offer, span, regions.get(code or ""))
        for span, code in held
        if span is None or span[1] is None or span[1] >= opens_on
    ]
    return Course(offer.areas, offer.languages, sittings)


def _days_of(session: OfferSession, offer: Offer) -> Span | None:
    """A session that names no day is held some time in the offer's."""
    first, last = session.starts_on, session.ends_on or session.starts_on
    return _window_of(offer) if last is None else (first or offer.not_before, last)


def _window_of(offer: Offer) -> Span | None:
    has_window = offer.not_before is not None or offer.not_after is not None
    return (offer.not_before, offer.not_after) if has_window else None


def _sitting(offer: Offer, span: Span | None, regions: Collection[str] | None) -> Sitting:
    if offer.mode in COMES_TO_TRAINEES:
        return Sitting(span, {ANY})
    return Sitting(span, regions, may_be_elsewhere=offer.mode is None)


def _place_codes(offer: Offer) -> set[str]:
    sessions = {one.place_code for one in offer.sessions if not one.is_withdrawn}
    return {code for code in (*sessions, offer.place_code) if code}
