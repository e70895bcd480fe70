"""The catalogue of open offers: what a round has for a subject, a language, a month, a region."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lcm_service.domain.catalogue import Course, Wish, open_questions
from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import ANY
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Offer
from lcm_service.services.offer_records import list_offers

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
    codes = {code for offer in offers for code in _place_codes(offer)}
    regions = {place.code: place.regions for place in reads.list_places(db.session(), codes)}
    found = []
    for offer in offers:
        is_open = open_questions(_course_of(offer, regions), wish)
        if is_open is not None:
            found.append(Found(offer, is_open))
    return sorted(found, key=lambda one: len(one.open))


def _course_of(offer: Offer, regions: Mapping[str, list[str]]) -> Course:
    dated = [(one.starts_on, one.ends_on or one.starts_on) for one in offer.sessions if not one.is_withdrawn]
    if not dated:
        has_window = offer.not_before is not None or offer.not_after is not None
        spans = [(offer.not_before, offer.not_after)] if has_window else None
        return Course(offer.areas, offer.languages, spans, _regions(offer, regions))
    known = [span for span in dated if span[0] is not None]
    may_be_later = len(known) < len(dated)
    return Course(offer.areas, offer.languages, known, _regions(offer, regions), may_be_later)


def _place_codes(offer: Offer) -> set[str]:
    sessions = {one.place_code for one in offer.sessions if not one.is_withdrawn}
    return {code for code in (*sessions, offer.place_code) if code}


def _regions(offer: Offer, regions: Mapping[str, list[str]]) -> Collection[str] | None:
    if offer.mode in COMES_TO_TRAINEES:
        return {ANY}
    codes = _place_codes(offer)
    return {region for code in codes for region in regions.get(code, ())} if codes else None
