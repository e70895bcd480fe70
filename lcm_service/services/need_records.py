"""Needs: restricted records, whose seats and priority count as a coordinator recognised them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from lcm_service.domain.errors import NotAllowed, NotFound, NotValid
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.record_rules import may_be_critical, recognition_faults
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import LIVE_RECORD_STATES, PRIORITIES
from lcm_service.persistence.database import transaction, utc_now
from lcm_service.persistence.tables import Need
from lcm_service.services import records
from lcm_service.services.decisions import release_matches_of
from lcm_service.services.require import require_round

AS_ASKED = "As asked."


def submit_need(
    actor: Actor,
    participant_code: str,
    round_code: str,
    data: Mapping[str, Any],
    *,
    as_draft: bool = False,
) -> Need:
    """Submit a need, complete or not; ``as_draft`` as in `drafts.save_draft`.

    Raises NotAllowed, NotFound (round), Conflict (closed round) and NotValid.
    """
    values = records.accepted_values("need", actor, data)
    with transaction() as session:
        return records.submit_record(
            session, actor, Need, participant_code, round_code, values, as_draft=as_draft
        )


def revise_need(
    actor: Actor, reference: str, data: Mapping[str, Any], version: int, *, step: str | None = None
) -> Need:
    """Change the given fields and no others; a field given as None becomes unknown. ``step`` names the step
    of a draft's form in which they were asked.

    Raises NotFound, Stale (who changed what), Conflict and NotValid.
    """
    values = records.accepted_values("need", actor, data)
    with transaction() as session:
        need = records.begin_change(session, actor, Need, reference, version)
        records.check_values(session, "need", records.values_of("need", need) | values, need.participant)
        changed = records.write_values(need, values)
        if records.mark_step(need, step) or changed:
            changed += _keep_recognition_within_the_asked(need)
            changed += _end_circulation_without_consent(need)
            records.end_change(session, actor, need, "revise", changed)
        return need


def withdraw_need(actor: Actor, reference: str, version: int, reason: str | None = None) -> Need:
    """Withdraw a need; its matches are released in the same moment. Raises as `revise_need`."""
    with transaction() as session:
        need = records.begin_withdrawal(session, actor, Need, reference, version)
        release_matches_of(session, actor, need_reference=reference, round_id=need.round_id)
        records.withdraw_record(session, actor, need, reason)
        return need


def recognise_need(
    actor: Actor,
    reference: str,
    *,
    seats: int | None,
    priority: str,
    version: int,
    reason: str | None = None,
) -> Need:
    """Say how many seats and what priority the mechanism recognises; the owner reads it with its reason.

    Raises NotAllowed unless a coordinator asks, NotValid where it may not be recognised so
    (`record_rules.recognition_faults`), and as `revise_need`.
    """
    _require_coordinator(actor)
    with transaction() as session:
        need = records.begin_change(session, actor, Need, reference, version)
        _recognise(need, seats, priority, reason)
        fields = ["seats_recognised", "priority_recognised", "recognition_reason"]
        records.end_change(session, actor, need, "recognise", fields, seats=seats, priority=priority)
        return need


def recognise_as_asked(actor: Actor, round_code: str, references: Iterable[str]) -> list[Need]:
    """Recognise what each of these needs of a round asks; unknown seats stay unknown. All of them or none.

    Raises as `recognise_need`; of one that asks for what may not be recognised, its reference is told.
    """
    _require_coordinator(actor)
    with transaction() as session:
        round = require_round(session, round_code)
        wanted = list(dict.fromkeys(references))
        query = select(Need).where(Need.round_id == round.id, Need.state.in_(LIVE_RECORD_STATES))
        rows = session.scalars(query.where(Need.reference.in_(wanted)).with_for_update(of=Need))
        needs = {need.reference: need for need in rows}
        for reference in wanted:
            if reference not in needs:
                raise NotFound(
                    sentence(
                        "There is no need %(reference)s that takes part in %(round)s.",
                        reference=reference,
                        round=round_code,
                    )
                )
            need = needs[reference]
            try:
                _recognise(need, need.seats_asked, need.priority_asked or "routine", AS_ASKED)
            except NotValid as error:
                raise NotValid(
                    sentence("%(reference)s cannot be recognised as asked.", reference=reference),
                    error.faults,
                ) from error
            records.end_change(session, actor, need, "recognise", ["seats_recognised", "priority_recognised"])
        return [needs[reference] for reference in wanted]


def find_need(actor: Actor, reference: str) -> Need:
    """The need, or NotFound: the same answer for one that does not exist and one that is another State's."""
    return records.find_record(actor, Need, reference)


def list_needs(actor: Actor, round_code: str | None = None, **choice: Any) -> list[Need]:
    """The needs that the actor may see; ``choice`` as in `records.list_records`."""
    return records.list_records(actor, Need, round_code, **choice)


def _recognise(need: Need, seats: int | None, priority: str, reason: str | None) -> None:
    faults = recognition_faults(records.values_of("need", need), seats, priority, reason)
    if priority not in PRIORITIES:
        faults["priority"] = [
            sentence("It may be %(priorities)s.", priorities=[Coded("priority", one) for one in PRIORITIES])
        ]
    if faults:
        raise NotValid(records.FAULTY, faults)
    need.seats_recognised = seats
    need.priority_recognised = priority
    need.recognition_reason = reason
    need.changed_at = utc_now()


def _keep_recognition_within_the_asked(need: Need) -> list[str]:
    """Whoever asks for less than was recognised gets no more than it asks; asking for more raises nothing.
    A need that loses what made it critical counts as high until it is recognised anew.

    Gives what of the recognition changed.
    """
    changed = []
    asked, recognised = need.seats_asked, need.seats_recognised
    if asked is not None and recognised is not None and asked < recognised:
        need.seats_recognised = asked
        changed.append("seats_recognised")
    if need.priority_recognised == "critical" and not may_be_critical(records.values_of("need", need)):
        need.priority_recognised = "high"
        changed.append("priority_recognised")
    return changed


def _end_circulation_without_consent(need: Need) -> list[str]:
    """Whoever takes back its consent to be named is named no more, from this moment on."""
    if need.state != "circulated" or need.visibility_consent is True:
        return []
    need.state = "acknowledged" if need.authenticated_at is None else "authenticated"
    need.circulated_at = None
    return ["state"]


def _require_coordinator(actor: Actor) -> None:
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Seats and priority are recognised by coordinators."))
