"""Supports: funds, venues, equipment, interpretation and other parts of a course."""

from collections.abc import Mapping
from typing import Any

from lcm_service.domain.permissions import Actor
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Support
from lcm_service.services import records
from lcm_service.services.parties import end_parts_of


def submit_support(
    actor: Actor,
    participant_code: str,
    round_code: str,
    data: Mapping[str, Any],
    *,
    as_draft: bool = False,
) -> Support:
    """Submit a support, complete or not; ``as_draft`` as in `drafts.save_draft`.

    Raises NotAllowed, NotFound (round), Conflict (closed round) and NotValid.
    """
    values = records.accepted_values("support", actor, data)
    with transaction() as session:
        return records.submit_record(
            session, actor, Support, participant_code, round_code, values, as_draft=as_draft
        )


def revise_support(
    actor: Actor, reference: str, data: Mapping[str, Any], version: int, *, step: str | None = None
) -> Support:
    """Change the given fields and no others; a field given as None becomes unknown. ``step`` names the step
    of a draft's form in which they were asked.

    Raises NotFound, NotAllowed, Stale (who changed what), Conflict and NotValid.
    """
    values = records.accepted_values("support", actor, data)
    with transaction() as session:
        support = records.begin_change(session, actor, Support, reference, version)
        whole = records.values_of("support", support) | values
        records.check_values(session, "support", whole, support.participant)
        changed = records.write_values(support, values)
        if records.mark_step(support, step) or changed:
            records.end_change(session, actor, support, "revise", changed)
        return support


def withdraw_support(actor: Actor, reference: str, version: int, reason: str | None = None) -> Support:
    """Withdraw a support. The matches that counted on it stay until the coordinator repairs the plan."""
    with transaction() as session:
        support = records.begin_withdrawal(session, actor, Support, reference, version)
        records.withdraw_record(session, actor, support, reason)
        end_parts_of(session, actor, support)
        return support


def find_support(actor: Actor, reference: str) -> Support:
    """The support, or NotFound."""
    return records.find_record(actor, Support, reference)


def list_supports(actor: Actor, round_code: str | None = None, **choice: Any) -> list[Support]:
    """The supports that the actor may see; ``choice`` as in `records.list_records`."""
    return records.list_records(actor, Support, round_code, **choice)
