"""Every restricted word of the world, and who may read it."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from sqlalchemy import select

from lcm_service.persistence.database import db
from lcm_service.persistence.tables import Match, Need, Offer, Round
from tests.walk.names import (
    CO_RECIPIENTS,
    KINDS,
    OTHER_MATCH,
    OWNERS,
    PARTICIPANT_OF,
    ROUND,
    SCENES,
    TABLES,
    reference_of,
    seats_of,
)
from tests.walk.words import COORDINATORS, FOCAL_POINTS, READERS, texts_of_need, word

type Readers = frozenset[str]

TAKE_PART: Final = frozenset((*FOCAL_POINTS, *COORDINATORS, "observer"))
# To these matches all sides have agreed.
AGREED: Final = ("agreed", "scheduled", "delivered", "not_delivered", "grown", "met")


def of(code: str) -> Readers:
    """The people of a participant."""
    return frozenset(role for role in FOCAL_POINTS if PARTICIPANT_OF[role] == code)


def and_coordinators(readers: Iterable[str]) -> Readers:
    return frozenset(readers) | frozenset(COORDINATORS)


def all_words() -> dict[str, Readers]:
    """Word -> who may read it; needs an open context, as do all of these."""
    return _of_needs() | _of_lives() | _of_matches() | _of_courses() | _of_people()


def beyond_the_walk() -> set[str]:
    """Words of needs in rounds of which the walk reads no needs."""
    needs = db.session.scalars(select(Need).join(Need.round).where(Round.code != ROUND))
    return {text for need in needs for text in texts_of_need(need.reference).values()}


def references() -> dict[str, Readers]:
    """Needs and drafts by their references -> who may know that there is such a one; and seats by number."""
    put_to: dict[str, set[str]] = {}
    rows = select(Match.need_reference, Offer).join(Offer, Match.offer_reference == Offer.reference)
    for reference, offer in db.session.execute(rows.where(Match.put_to_provider_at.is_not(None))):
        put_to.setdefault(reference, set()).update(of(offer.participant.code))
    found: dict[str, Readers] = {}
    for need in db.session.scalars(select(Need)):
        owners, provider = of(need.participant.code), put_to.get(need.reference, set())
        is_draft, is_circulated = need.state == "draft", need.state == "circulated"
        readers = owners if is_draft else and_coordinators(owners | provider)
        found[need.reference] = TAKE_PART if is_circulated else readers
        found |= dict.fromkeys(_numbers(need), _who_reads_seats(need, readers))
    for kind in ("offer", "support"):
        table = TABLES[kind]
        for record in db.session.scalars(select(table).where(table.state == "draft")):
            found[record.reference] = of(record.participant.code)
    return found


def _numbers(need: Need) -> set[str]:
    """How many seats it asks for, as pages and programs write it, where no other need asks for so many."""
    seats = seats_of(need.reference) if need.state != "draft" else 0
    return {f"{seats}", f"{seats:,}"} if seats > 8_000 else set()


def _who_reads_seats(need: Need, readers: Readers) -> Readers:
    """A provider knows for how many seats a match was put to it, and not for how many it has grown since."""
    return readers - of("XPA") if need.reference == SCENES["grown"] else readers


def _of_needs() -> dict[str, Readers]:
    return {
        text: and_coordinators(of(need.participant.code))
        for need in db.session.scalars(select(Need).where(Need.state != "draft"))
        for text in texts_of_need(need.reference).values()
    }


def _of_lives() -> dict[str, Readers]:
    """What stands with a record in some state of its life."""
    found = {}
    for kind in KINDS:
        owners = of(OWNERS[kind])
        is_open = kind != "need"
        found[word("note", reference_of(kind, "authenticated"))] = and_coordinators(owners)
        found[word("questions", reference_of(kind, "returned"))] = and_coordinators(owners)
        reason = word("withdrawal", reference_of(kind, "withdrawn"))
        found[reason] = TAKE_PART if is_open else and_coordinators(owners)
        if is_open:
            found[word("title", reference_of(kind, "hidden"))] = TAKE_PART - {"observer"}
        for field in ("title", "detail"):
            found[word(field, f"draft-{kind}")] = owners
    return found


def _of_matches() -> dict[str, Readers]:
    """The notes of the sides: each for that side and coordinators."""
    found = {}
    for need, (recipient, provider) in _sides().items():
        is_agreed = need in {SCENES[state] for state in AGREED} | {CO_RECIPIENTS["met"]}
        notes = {"consent": recipient}
        if is_agreed or need == SCENES["confirmed"]:
            notes["provider-note"] = provider
        if is_agreed:
            notes |= {"recipient-note": recipient, "secretariat-note": "nobody"}
        found |= {word(note, need): and_coordinators(of(code)) for note, code in notes.items()}
    found[word("decline", SCENES["declined"])] = and_coordinators(of("XRA"))
    found[word("notice", SCENES["corrected"])] = and_coordinators(of("XRA") | of("XPA"))
    return found


def _sides() -> dict[str, tuple[str, str]]:
    """The needs whose recipients agreed to be put, with both sides of their matches."""
    put = set(SCENES) - {"asked", "uncertain", "planned"}
    sides = {need: ("XRA", "XPA") for state, need in SCENES.items() if state in put}
    return sides | {need: ("XRB", "XPA") for need in CO_RECIPIENTS.values()} | {OTHER_MATCH: ("XUN", "XPB")}


def _of_courses() -> dict[str, Readers]:
    recipient, provider = and_coordinators(of("XRA")), and_coordinators(of("XPA"))
    return {
        word("venue", SCENES["scheduled"]): recipient | provider,
        word("not-held", SCENES["not_delivered"]): provider,
        word("recipient-assessment", SCENES["delivered"]): recipient,
        word("provider-assessment", SCENES["delivered"]): provider,
        word("other-days", SCENES["moving"]): recipient | provider,
        # Another recipient there is asked as well, and is not told who proposes them and why.
        word("other-days", SCENES["shared"]): recipient | provider,
        word("part", "funder"): and_coordinators(of("XFA")),
        word("part", "host"): and_coordinators(of("XFB")),
    }


def _of_people() -> dict[str, Readers]:
    """Names are read by colleagues, coordinators and administrators; what a token is called, by its owner."""
    found = {word("name", "invited"): frozenset({"recipient", "administrator"})}
    for role in READERS:
        colleagues = of(PARTICIPANT_OF[role]) if role in PARTICIPANT_OF else frozenset({role})
        found[word("name", role)] = and_coordinators(colleagues | {"administrator"})
        for scope in ("act", "read"):
            found[word("label", f"{role}-{scope}")] = frozenset({role})
    return found


def words_in(text: str, words: Iterable[str]) -> set[str]:
    """Which of these words stand in a text."""
    return {one for one in words if one in text}


@cache
def _named(reference: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(reference)}(?![\w])")


def leaks_in(text: str, role: str, known: Mapping[str, Readers], named: Mapping[str, Readers]) -> set[str]:
    """What stands in a text and is not for this reader."""
    found = {one for one, readers in known.items() if role not in readers and one in text}
    return found | {
        one
        for one, readers in named.items()
        if role not in readers and one in text and _named(one).search(text)
    }
