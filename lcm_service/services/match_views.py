"""A match as its reader may see it: what was put to the two sides, and what each has answered.

A provider is shown of a need only what it must know to answer: who, how many, in which subject, level and
language, and that only once the recipient has agreed to be put to it. The need's own title, basis, detail and
priority stay with the participant that has it and with coordinators. What is shown is read from the labels of
the plan that put the match to its reader: a provider reads nothing by a plan of which its recipient is still
asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from lcm_service.domain.assumptions import are_seats_assumed
from lcm_service.domain.lives import whose_turn
from lcm_service.domain.permissions import (
    Actor,
    may_coordinate,
    may_decide_as,
    may_see_match,
    may_see_need,
)
from lcm_service.domain.vocabulary import DECISION_SIDES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import (
    Decision,
    Match,
    Participant,
    Person,
    Plan,
    Question,
)
from lcm_service.services.delivery_states import is_delivered
from lcm_service.services.delivery_views import DeliveryOfMatch, people_of_delivery, view_delivery
from lcm_service.services.match_parties import CoRecipient, PartiesOfMatches, PartyOfMatch
from lcm_service.services.match_turns import (
    agreed_seats,
    as_it_is,
    as_known,
    confirmed_sides,
    is_put,
    known_seats,
    side_awaited_as_known,
    takes_part,
)
from lcm_service.services.plan_questions import RECOGNITION, Asked, asked_of
from lcm_service.services.session_views import SessionOfMatch, session_now, session_of_match

# What a provider reads of a need, and no more: the page that asks the recipient lists these before the
# button.
NEED_FIELDS_FOR_PROVIDERS: Final = ("recipient", "areas", "level", "personnel", "languages", "women")


@dataclass(frozen=True, slots=True)
class NeedOfMatch:
    """The need's side; ``title`` only for those who may see the need."""

    reference: str
    participant_id: int
    recipient: str
    names: Mapping[str, str]
    title: str | None
    areas: Sequence[str] | None
    level: str | None
    personnel: Sequence[str] | None
    languages: Sequence[str] | None
    women: int | None


@dataclass(frozen=True, slots=True)
class OfferOfMatch:
    """The offer's side."""

    reference: str
    participant_id: int
    provider: str
    names: Mapping[str, str]
    title: str


@dataclass(frozen=True, slots=True)
class DecisionOfMatch:
    """The present answer of one side, for the seats that it was made for.

    ``reason`` of a confirmed answer says why no more than these seats. Reason, note and name are shown to
    the side itself and to coordinators.
    """

    side: str
    answer: str
    seats: int
    reason: str | None
    note: str | None
    decided_at: datetime
    by: str | None
    is_on_behalf: bool


@dataclass(frozen=True, slots=True)
class ConsentOfMatch:
    """The recipient's agreement to be put to the provider: for how many seats, and when.

    ``reason``: why no more seats than these. Reason, note and name are shown to the recipient and to
    coordinators. ``is_recorded`` is False for a match that both sides saw from its publication on, before
    recipients were asked first.
    """

    seats: int
    at: datetime
    is_recorded: bool
    is_on_behalf: bool
    reason: str | None
    note: str | None
    by: str | None


@dataclass(frozen=True, slots=True)
class KnownToProvider:
    """How the provider goes on to see a match whose recipient is asked for more: for coordinators, who record
    what it answers by letter.
    """

    state: str
    seats: int
    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class MatchView:
    """A match with its two sides, its answers, and what the reader may do.

    ``waiting_for``: the side whose turn it is. ``consent``: the recipient's agreement to be put to the
    provider. A provider reads state and seats as they were put to it.
    ``asks_more_of``: sides that confirmed fewer seats than are proposed now. ``open_questions``: (kind of
    record, reference, field) that must be answered before a side can confirm; the field ``seats_recognised``
    waits for a coordinator. ``parties``: who gives supports to the session; ``co_recipients``: who else is
    taught there, once all are agreed. ``my_sides``: for whom the reader may answer. ``answer_by``: until when
    that side is waited for. ``are_seats_assumed``: the plan counted with seats that nobody has stated.
    ``correction_notice``: what coordinators wrote to the sides when a correcting plan withdrew it.
    ``delivery``: what came of it once it was agreed, for ``agreed_seats``, of which sides may be asked for
    more.
    """

    id: int
    version: int
    round_code: str
    standing: str
    plan_id: int
    state: str
    seats: int
    are_seats_assumed: bool
    is_firm: bool
    waiting_for: str | None
    consent: ConsentOfMatch | None
    answer_by: datetime | None
    lapsed_at: datetime | None
    need_reference: str
    offer_reference: str
    session_code: str
    need: NeedOfMatch
    offer: OfferOfMatch
    session: SessionOfMatch
    decisions: tuple[DecisionOfMatch, ...]
    asks_more_of: tuple[str, ...]
    open_questions: tuple[Asked, ...]
    parties: tuple[PartyOfMatch, ...]
    co_recipients: tuple[CoRecipient, ...]
    my_sides: tuple[str, ...]
    delivery: DeliveryOfMatch | None
    agreed_seats: int
    correction_notice: str | None = None
    known_to_provider: KnownToProvider | None = None

    @property
    def waits_for_recognition(self) -> bool:
        """Whether a coordinator has yet to say how many of the need's seats count; no side is asked that."""
        return any(field == RECOGNITION for _, _, field in self.open_questions)

    @property
    def questions_to_owners(self) -> tuple[Asked, ...]:
        """The open questions that the two sides can answer."""
        return tuple(asked for asked in self.open_questions if asked[2] != RECOGNITION)


type MatchSides = tuple[Match, Participant, Participant]


def view_matches(session: Session, actor: Actor, rows: Sequence[MatchSides]) -> list[MatchView]:
    """The matches among ``rows`` that the actor may see, in their order."""
    seen = [row for row in rows if may_see_match(actor, row[1].id, row[2].id, is_put=is_put(row[0]))]
    deciders = {one.decided_by_id for match, _, _ in seen for one in match.decisions if one.decided_by_id}
    deciders |= {match.put_by_id for match, _, _ in seen if match.put_by_id}
    for match, _, _ in seen:
        deciders |= people_of_delivery(match)
    people = reads.list_people(session, deciders)
    open_rows = {
        (row.round_id, row.record_kind, row.record_reference, row.field)
        for round_id in {match.round_id for match, _, _ in seen}
        for row in _open_questions(session, round_id)
    }
    parties = PartiesOfMatches(session, actor, [match for match, _, _ in seen])
    return [_view(actor, row, people, open_rows, parties) for row in seen]


def _view(
    actor: Actor,
    row: MatchSides,
    people: Mapping[int, Person],
    open_rows: set[tuple[int, str, str, str]],
    parties: PartiesOfMatches,
) -> MatchView:
    match, recipient, provider = row
    is_of_provider = actor.answers_for(provider.id)
    standing = as_known(match) if is_of_provider else as_it_is(match)
    state, seats, answers = standing.state, standing.seats, list(match.decisions)
    asked = questions_of(match, standing.plan)
    if is_of_provider and state in ("released", "lapsed"):
        # A pair that is planned anew has no answers yet; that it has none any more would tell of that, and so
        # would a question that a later plan asks again.
        answers, asked = [], ()
    labels, round_ = standing.plan.labels, match.plan.round
    own_sides = {"recipient": recipient.id, "provider": provider.id}
    is_waiting = state in ("asked", "proposed")
    return MatchView(
        id=match.id,
        version=match.version,
        round_code=round_.code,
        standing=round_.standing,
        plan_id=match.plan_id,
        state=state,
        seats=seats,
        are_seats_assumed=are_seats_assumed(row_of(match, standing.plan)),
        is_firm=standing.is_firm,
        waiting_for=whose_turn(state, confirmed_sides(match, seats), awaits_parties=match.awaits_parties),
        consent=_consent_of(actor, match, recipient, people),
        answer_by=standing.answer_by if is_waiting else None,
        lapsed_at=standing.lapsed_at,
        need_reference=match.need_reference,
        offer_reference=match.offer_reference,
        session_code=match.session_code,
        need=_need_of(actor, match, recipient, labels),
        offer=OfferOfMatch(
            match.offer_reference,
            provider.id,
            provider.code,
            provider.names,
            labels["offers"][match.offer_reference]["title"],
        ),
        session=_session_of(match, labels, is_of_provider=is_of_provider),
        decisions=tuple(
            _decision_of(actor, one, own_sides, people)
            for one in sorted(answers, key=lambda one: DECISION_SIDES.index(one.side))
        ),
        asks_more_of=tuple(
            one.side for one in answers if is_waiting and one.answer == "confirmed" and one.seats < seats
        ),
        open_questions=tuple(one for one in asked if (match.round_id, *one) in open_rows),
        parties=parties.parties_of(match),
        co_recipients=parties.co_recipients_of(match),
        my_sides=tuple(
            side for side in DECISION_SIDES if may_decide_as(actor, side, recipient.id, provider.id)
        ),
        correction_notice=match.known_notice if is_of_provider else match.correction_notice,
        delivery=view_delivery(actor, match, recipient, provider, people),
        agreed_seats=agreed_seats(match),
        known_to_provider=_known_to_provider(match) if may_coordinate(actor) else None,
    )


def _session_of(match: Match, labels: Mapping[str, Any], *, is_of_provider: bool) -> SessionOfMatch:
    code = match.session_code
    label, now = labels["sessions"][code], None
    if takes_part(match, is_of_provider=is_of_provider):
        now = session_now(match.offer, code, label, match.moved_days)
        if match.delivery is not None and is_delivered(match):
            # Where courses to come will be says nothing of one that was held.
            now = replace(now, place=match.delivery.place_code or label["place"])
    return session_of_match(code, label, now)


def _known_to_provider(match: Match) -> KnownToProvider | None:
    if match.known_state is None:
        return None
    known = as_known(match)
    return KnownToProvider(known.state, known.seats, side_awaited_as_known(match))


def questions_of(match: Match, plan: Plan) -> tuple[Asked, ...]:
    """What had to be asked about the pair when the plan was made, answered since or not."""
    labels = plan.labels
    asked = [asked_of(labels, one["record"], one["field"]) for one in row_of(match, plan)["questions"]]
    # Once its owner has said how many seats it asks, the same question waits for recognition.
    later = [
        (kind, reference, RECOGNITION)
        for kind, reference, field in asked
        if (kind, field) == ("need", "seats")
    ]
    return tuple(dict.fromkeys([*asked, *later]))


def row_of(match: Match, plan: Plan) -> Mapping[str, Any]:
    """The pair's row in a plan; a released pair may have none in a later plan."""
    return plan.rows_by_pair.get((match.need_reference, match.session_code), {"questions": ()})


def _need_of(actor: Actor, match: Match, recipient: Participant, labels: Mapping[str, Any]) -> NeedOfMatch:
    label = labels["needs"][match.need_reference]
    return NeedOfMatch(
        reference=match.need_reference,
        participant_id=recipient.id,
        recipient=recipient.code,
        names=recipient.names,
        title=label["title"] if may_see_need(actor, recipient.id) else None,
        areas=label["areas"],
        level=label["level"],
        personnel=label["personnel"],
        languages=label["languages"],
        women=label["women"],
    )


def _decision_of(
    actor: Actor, decision: Decision, own_sides: Mapping[str, int], people: Mapping[int, Person]
) -> DecisionOfMatch:
    person = None if decision.decided_by_id is None else people.get(decision.decided_by_id)
    owner = own_sides.get(decision.side)
    sees_why = actor.is_coordinator or actor.is_system or (owner is not None and actor.answers_for(owner))
    return DecisionOfMatch(
        side=decision.side,
        answer=decision.answer,
        seats=decision.seats,
        reason=decision.reason if sees_why else None,
        note=decision.note if sees_why else None,
        decided_at=decision.decided_at,
        by=person.name if person is not None and sees_why else None,
        is_on_behalf=owner is not None and (person is None or person.participant_id != owner),
    )


def _consent_of(
    actor: Actor, match: Match, recipient: Participant, people: Mapping[int, Person]
) -> ConsentOfMatch | None:
    if match.put_to_provider_at is None:
        return None
    person = None if match.put_by_id is None else people.get(match.put_by_id)
    sees_why = may_see_need(actor, recipient.id)
    return ConsentOfMatch(
        # For the provider those that it reads now: how many more there were is not kept for all its states.
        seats=match.seats_put if sees_why else known_seats(match),
        at=match.put_to_provider_at,
        is_recorded=match.put_by_id is not None,
        is_on_behalf=person is not None and person.participant_id != recipient.id,
        reason=match.put_reason if sees_why else None,
        note=match.put_note if sees_why else None,
        by=person.name if person is not None and sees_why else None,
    )


def _open_questions(session: Session, round_id: int) -> list[Question]:
    return [row for row in reads.list_questions(session, round_id) if row.state == "open"]
