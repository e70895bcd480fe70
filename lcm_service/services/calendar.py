"""What is on a participant's days: courses that are agreed, what its supports give, when it has to answer."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import sentence
from lcm_service.services import decisions, other_dates, parties, rounds
from lcm_service.services.date_views import DateProposalView
from lcm_service.services.match_views import MatchView
from lcm_service.services.part_views import PartView
from lcm_service.services.session_views import SessionOfMatch

type Kind = Literal["course", "support", "answer", "answer_part", "answer_dates"]
COURSES: Final = ("course", "support")
OF_PARTICIPANTS: Final = sentence(
    "A calendar is that of a participant: of its courses and of what it has to answer."
)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Something on the days from ``first`` to ``last``, both included.

    ``kind``: a course in which the participant is a side (``side``), one to which its support gives, or the
    last day for an answer to a match, a part or other dates. ``record_id`` is that of the match, the part or
    the proposal.
    """

    kind: Kind
    record_id: int
    round_code: str
    session_code: str
    title: str
    first: date
    last: date
    side: str | None = None
    place: str | None = None


def calendar_of(actor: Actor) -> list[CalendarEntry]:
    """The entries of the actor's own participant in all rounds, by day; only what it may see of each.

    Courses are on the days on which they were held, else on those for which they are scheduled or those of
    their session; one whose days nobody has said is on none.

    Raises NotAllowed for who answers for no participant.
    """
    if actor.participant_id is None:
        raise NotAllowed(OF_PARTICIPANTS)
    found: list[CalendarEntry] = []
    for round_ in rounds.list_rounds(actor):
        for match in decisions.list_matches(actor, round_.code):
            found += _of_match(actor, match)
        for part in parties.list_parts(actor, round_.code):
            found += _of_part(part)
        for proposal in other_dates.list_date_proposals(actor, round_.code):
            found += _of_proposal(proposal)
    return sorted(_once(found), key=lambda one: (one.first, one.last, one.kind, one.record_id))


def _once(entries: Iterable[CalendarEntry]) -> Collection[CalendarEntry]:
    """A session of several matches, or supports, is one course on the same days: it is named once. Every
    answer is one of its own.
    """
    found: dict[tuple[Any, ...], CalendarEntry] = {}
    for one in sorted(entries, key=lambda one: one.record_id):
        course = (one.round_code, one.session_code, one.side, one.first, one.last, one.place)
        found.setdefault((one.kind, *(course if one.kind in COURSES else (one.record_id,))), one)
    return found.values()


def _of_match(actor: Actor, match: MatchView) -> Iterator[CalendarEntry]:
    if match.waiting_for in match.my_sides and match.answer_by is not None:
        last = match.answer_by.date()
        yield _entry("answer", match.id, match.round_code, match.session, last, last, match.waiting_for)
    delivery = match.delivery
    if not match.agreed_seats or (delivery is not None and delivery.state == "not_delivered"):
        return
    first, last_day, place = match.session.start, match.session.end, match.session.place
    if delivery is not None and delivery.held_from is not None:
        first, last_day, place = delivery.held_from, delivery.held_to, delivery.place or place
    elif delivery is not None and delivery.starts_on is not None:
        first, last_day, place = delivery.starts_on, delivery.ends_on, delivery.place or place
    if first is not None:
        side = "recipient" if actor.answers_for(match.need.participant_id) else "provider"
        last = last_day or first
        yield _entry("course", match.id, match.round_code, match.session, first, last, side, place)


def _of_part(part: PartView) -> Iterator[CalendarEntry]:
    if part.may_answer and part.answer_by is not None:
        last = part.answer_by.date()
        yield _entry("answer_part", part.id, part.round_code, part.session, last, last)
    first = part.session.start
    if part.state == "confirmed" and first is not None:
        last = part.session.end or first
        yield _entry("support", part.id, part.round_code, part.session, first, last, None, part.session.place)


def _of_proposal(proposal: DateProposalView) -> Iterator[CalendarEntry]:
    if proposal.may_answer and proposal.answer_by is not None:
        last = proposal.answer_by.date()
        yield _entry("answer_dates", proposal.id, proposal.round_code, proposal.session, last, last)


def _entry(
    kind: Kind,
    record_id: int,
    round_code: str,
    session: SessionOfMatch,
    first: date,
    last: date,
    side: str | None = None,
    place: str | None = None,
) -> CalendarEntry:
    return CalendarEntry(kind, record_id, round_code, session.code, session.title, first, last, side, place)
