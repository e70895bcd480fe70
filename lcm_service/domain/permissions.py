"""Who may see and do what: predicates in one place, denied unless a sentence here allows it.

Services enforce them; pages call the same predicates to decide which buttons to show. A predicate takes the
actor and plain values (participant ids), never a request.
"""

from collections.abc import Collection
from dataclasses import dataclass

SYSTEM_ROLE = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: the person, the role, and the participant for whom a focal point answers.

    ``is_lead``: the lead focal point of its participant, or whoever stands in for it today.
    """

    person_id: int | None
    role: str
    participant_id: int | None = None
    participant_code: str | None = None
    name: str = ""
    language: str = "en"
    is_lead: bool = False

    @property
    def is_coordinator(self) -> bool:
        return self.role == "coordinator"

    @property
    def is_system(self) -> bool:
        return self.role == SYSTEM_ROLE

    def answers_for(self, participant_id: int) -> bool:
        """A focal point answers for its own participant and for no other."""
        return self.role == "focal_point" and self.participant_id == participant_id

    def leads(self, participant_id: int | None) -> bool:
        """A lead focal point leads its own participant and no other."""
        return self.is_lead and participant_id is not None and self.answers_for(participant_id)


# Jobs and loaders act in the mechanism's own name; no web request ever carries this actor.
SYSTEM = Actor(person_id=None, role=SYSTEM_ROLE, name="system")


def may_submit_for(actor: Actor, participant_id: int) -> bool:
    """A focal point submits for its own participant; a coordinator records what arrived by letter."""
    return actor.answers_for(participant_id) or actor.is_coordinator or actor.is_system


def may_see_need(actor: Actor, participant_id: int) -> bool:
    """A need is seen by the participant that has it and by coordinators."""
    return actor.answers_for(participant_id) or actor.is_coordinator or actor.is_system


def may_see_draft(actor: Actor, participant_id: int) -> bool:
    """What a participant has not sent yet is its own, offers as needs: not even coordinators see it."""
    return actor.answers_for(participant_id)


def may_see_offers(actor: Actor) -> bool:
    """Offers and supports are open to everyone who takes part."""
    return actor.role in {"focal_point", "coordinator", "observer", SYSTEM_ROLE}


def may_see_offer(actor: Actor, may_be_shown_outside: bool | None) -> bool:
    """An observer has no part of its own in the mechanism: it does not see an offer or a support whose owner
    has said that it may not be shown outside.
    """
    return may_see_offers(actor) and not (actor.role == "observer" and may_be_shown_outside is False)


def may_see_return(actor: Actor, participant_id: int) -> bool:
    """That a record was given back with questions is for its owner and coordinators: to others it would say
    that something is wrong with it.
    """
    return actor.answers_for(participant_id) or actor.is_coordinator or actor.is_system


def may_see_circulated_needs(actor: Actor) -> bool:
    """What a participant has agreed to be told of its need is told to everyone who takes part."""
    return may_see_offers(actor)


def may_change_record(actor: Actor, participant_id: int) -> bool:
    """The owner revises and withdraws its records; a coordinator does so on its behalf, marked so."""
    return may_submit_for(actor, participant_id)


def may_coordinate(actor: Actor) -> bool:
    """Rounds, recognition, matching, whole plans, the problem file and publication are for coordinators."""
    return actor.is_coordinator or actor.is_system


def may_look_after_intake(actor: Actor) -> bool:
    """What came in to a round is looked through as a whole, and acknowledged, by coordinators."""
    return may_coordinate(actor)


def may_see_match(actor: Actor, recipient_id: int, provider_id: int, *, is_put: bool) -> bool:
    """A published match is seen by its recipient and by coordinators; by its provider only once the recipient
    has agreed to be put to it (``is_put``).
    """
    is_of_provider = is_put and actor.answers_for(provider_id)
    return may_coordinate(actor) or actor.answers_for(recipient_id) or is_of_provider


def may_decide_as(actor: Actor, side: str, recipient_id: int, provider_id: int) -> bool:
    """Each side decides for itself; a coordinator for the secretariat, and for who answered by letter."""
    if side == "recipient":
        return actor.answers_for(recipient_id) or actor.is_coordinator
    if side == "provider":
        return actor.answers_for(provider_id) or actor.is_coordinator
    return side == "secretariat" and actor.is_coordinator


def may_read_assessment(actor: Actor, side: str, recipient_id: int, provider_id: int) -> bool:
    """What a side says of a course afterwards is read by that side and by coordinators. That a gap was not
    closed shows a weakness, so the provider reads no single answer, only its course's record.
    """
    owner = {"recipient": recipient_id, "provider": provider_id}.get(side)
    return may_coordinate(actor) or (owner is not None and actor.answers_for(owner))


def may_see_course_record(actor: Actor, provider_id: int) -> bool:
    """What recipients say of a course in sum is seen by its provider and by coordinators."""
    return may_coordinate(actor) or actor.answers_for(provider_id)


def may_see_part(actor: Actor, owner_id: int, *, is_put: bool) -> bool:
    """What a support gives to a session is seen by coordinators, and by the support's owner once a recipient
    there has agreed to be put (``is_put``).
    """
    return may_coordinate(actor) or (is_put and actor.answers_for(owner_id))


def may_answer_part(actor: Actor, owner_id: int) -> bool:
    """The owner of a support answers for its part; a coordinator for one that answered by letter."""
    return actor.answers_for(owner_id) or actor.is_coordinator


def may_see_dates(actor: Actor, asked_ids: Collection[int]) -> bool:
    """Other days that are proposed for a session are seen by who proposed them and who was asked, and by
    coordinators. Who else is asked, and what it said, is for coordinators alone.
    """
    return may_coordinate(actor) or any(actor.answers_for(one) for one in asked_ids)


def may_answer_dates(actor: Actor, participant_id: int) -> bool:
    """Whoever is asked about other days answers for itself; a coordinator for one that answered by letter."""
    return actor.answers_for(participant_id) or actor.is_coordinator


def may_manage_people(actor: Actor) -> bool:
    """Administrators make accounts; they see no record by that."""
    return actor.role == "administrator" or actor.is_system


def may_look_after_people_of(actor: Actor, participant_id: int | None) -> bool:
    """A lead focal point invites the colleagues of its participant and ends their access; an administrator
    does so for everybody.
    """
    return may_manage_people(actor) or actor.leads(participant_id)


def must_prove_twice(role: str) -> bool:
    """Whoever can read a restricted record, answer for a participant or make accounts shows a second factor
    when signing in; an observer, who reads what is open to all, need not.
    """
    return role != "observer"


def may_verify_audit(actor: Actor) -> bool:
    """Administrators learn whether the chain of events is whole; they read no event by that."""
    return actor.role == "administrator" or actor.is_system


def may_keep_guidance(actor: Actor) -> bool:
    """Which documents of the United Nations guide a training area is said by coordinators."""
    return may_coordinate(actor)


def may_correct_wordings(actor: Actor) -> bool:
    """What the pages say in another language is put right by coordinators, who answer for it."""
    return may_coordinate(actor)


def may_see_activities(actor: Actor) -> bool:
    """What was delivered outside a round is open to everyone who takes part."""
    return may_see_offers(actor)
