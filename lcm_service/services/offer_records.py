"""Offers and their dated sessions. A session's key is given once and never used again."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lcm_service.domain.errors import Conflict, NotFound, NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.domain.record_fields import SESSION_FIELDS
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Offer, OfferSession
from lcm_service.services import records
from lcm_service.services.decisions import release_matches_of
from lcm_service.services.restated_sessions import FIELDS_OF_SESSIONS, restate_sessions, sessions_stated
from lcm_service.services.stated_days import require_sessions_stay

NAMED_TWICE = sentence("Name each session once.")
NO_SUCH_SESSION = sentence("This offer has no such session, or it was withdrawn.")


def submit_offer(
    actor: Actor,
    participant_code: str,
    round_code: str,
    data: Mapping[str, Any],
    *,
    as_draft: bool = False,
) -> Offer:
    """Submit an offer, complete or not; the dated sessions in ``data["sessions"]`` get the keys S1, S2...;
    ``as_draft`` as in `drafts.save_draft`.

    Raises NotAllowed, NotFound (round), Conflict (closed round) and NotValid.
    """
    values = records.accepted_values("offer", actor, data)
    given = values.pop("sessions", None) or []
    with transaction() as session:
        draft = Offer()
        merge_sessions(draft, given)
        rows = [session_values(row) for row in draft.sessions]
        sessions = [OfferSession(**row) for row in rows]
        return records.submit_record(
            session,
            actor,
            Offer,
            participant_code,
            round_code,
            values | ({"sessions": rows} if rows else {}),
            as_draft=as_draft,
            sessions=sessions,
        )


def revise_offer(
    actor: Actor, reference: str, data: Mapping[str, Any], version: int, *, step: str | None = None
) -> Offer:
    """Change the given fields and no others; a field given as None becomes unknown. ``step`` names the step
    of a draft's form in which they were asked.

    Sessions given with a key are revised, those without one are added, and those not named stay: a session is
    taken away by `withdraw_session`. Raises NotFound, NotAllowed, Stale (who changed what), NotValid, also
    for other days or another place of a session that others have a match in (`stated_days`), and Conflict.
    """
    values = records.accepted_values("offer", actor, data)
    given = values.pop("sessions", None) or []
    with transaction() as session:
        # The round first where sessions change, so that nobody is put to the provider meanwhile.
        is_about_sessions = given or FIELDS_OF_SESSIONS & set(values)
        begin = records.begin_withdrawal if is_about_sessions else records.begin_change
        offer = begin(session, actor, Offer, reference, version)
        before = sessions_stated(session, offer) if is_about_sessions else {}
        require_sessions_stay(session, actor, offer, values, given)
        with session.no_autoflush:
            changed = records.write_values(offer, values)
            if merge_sessions(offer, given):
                changed.append("sessions")
            whole = records.values_of("offer", offer)
            whole["sessions"] = [session_values(row) for row in offer.sessions]
            records.check_values(session, "offer", whole, offer.participant)
        if records.mark_step(offer, step) or changed:
            records.end_change(session, actor, offer, "revise", changed)
            if is_about_sessions:
                restate_sessions(session, actor, offer, before)
        return offer


def withdraw_offer(actor: Actor, reference: str, version: int, reason: str | None = None) -> Offer:
    """Withdraw an offer; its matches are released in the same moment. Raises as `revise_offer`."""
    with transaction() as session:
        offer = records.begin_withdrawal(session, actor, Offer, reference, version)
        release_matches_of(session, actor, offer_reference=reference, round_id=offer.round_id)
        records.withdraw_record(session, actor, offer, reason)
        return offer


def withdraw_session(actor: Actor, session_code: str, version: int, reason: str | None = None) -> Offer:
    """Withdraw one dated session of an offer, named as ``O-0001-S2``; ``version`` is the offer's.

    Its matches are released in the same moment. Raises as `revise_offer`.
    """
    reference, _, key = session_code.rpartition("-")
    with transaction() as session:
        offer = records.begin_withdrawal(session, actor, Offer, reference, version)
        row = next((row for row in offer.sessions if row.key == key), None)
        if row is None:
            raise NotFound(sentence("There is no dated session %(session)s.", session=session_code))
        if row.is_withdrawn:
            raise Conflict(sentence("%(session)s is withdrawn already.", session=session_code))
        release_matches_of(session, actor, session_code=session_code, round_id=offer.round_id)
        row.is_withdrawn = True
        fields, facts = ["sessions"], {"session_code": session_code, "reason": reason}
        records.end_change(session, actor, offer, "withdraw_session", fields, **facts)
        return offer


def find_offer(actor: Actor, reference: str) -> Offer:
    """The offer, or NotFound."""
    return records.find_record(actor, Offer, reference)


def list_offers(actor: Actor, round_code: str | None = None, **choice: Any) -> list[Offer]:
    """The offers that the actor may see; ``choice`` as in `records.list_records`."""
    return records.list_records(actor, Offer, round_code, **choice)


def merge_sessions(offer: Offer, given: Sequence[Mapping[str, Any]]) -> bool:
    """Revise the sessions that are named by their key and add the others; tell whether anything changed.

    Raises NotValid where a session is named twice: what was judged before would not be what is written.
    """
    has_changed = False
    keys = [data["key"] for data in given if data.get("key") is not None]
    if len(set(keys)) < len(keys):
        raise NotValid(records.FAULTY, {"sessions": [NAMED_TWICE]})
    for data in given:
        _refuse_strange_fields(data)
        if data.get("key") is None:
            row = OfferSession(key=_next_key(offer), is_withdrawn=False)
            offer.sessions.append(row)
            has_changed = True
        else:
            row = _live_session(offer, data["key"])
        for field, value in data.items():
            if field != "key" and getattr(row, field) != value:
                setattr(row, field, value)
                has_changed = True
    return has_changed


def _next_key(offer: Offer) -> str:
    """One more than the highest number ever given: withdrawn sessions keep their rows, so their numbers."""
    given = [int(row.key[1:]) for row in offer.sessions if re.fullmatch(r"S[0-9]{1,9}", row.key)]
    return f"S{max(given, default=0) + 1}"


def _live_session(offer: Offer, key: str) -> OfferSession:
    for row in offer.sessions:
        if row.key == key and not row.is_withdrawn:
            return row
    raise NotValid(records.FAULTY, {"sessions": [NO_SUCH_SESSION]})


def _refuse_strange_fields(data: Mapping[str, Any]) -> None:
    if not set(data) <= set(SESSION_FIELDS):
        raise NotValid(records.FAULTY, {"sessions": [records.UNKNOWN_FIELD]})


def session_values(row: OfferSession) -> dict[str, Any]:
    """What a session says: its key, its days, and what differs from the offer."""
    fields = ("key", "starts_on", "ends_on", "seats", "place_code", "is_withdrawn")
    return {field: getattr(row, field) for field in fields}
