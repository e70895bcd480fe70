"""A side whose turn it is accepts fewer seats than are proposed: those are its answer, the rest is free.

What other sides and parties confirmed for more covers fewer. Nobody else is moved; a repair gives the freed
seats to others, and asks this side for no more.
"""

from lcm_service.domain.errors import Conflict, NotAllowed, NotValid
from lcm_service.domain.permissions import Actor
from lcm_service.domain.sentences import Coded, sentence
from lcm_service.domain.vocabulary import DECLINE_REASONS, PARTIES
from lcm_service.persistence.database import transaction
from lcm_service.persistence.matching_reads import Session
from lcm_service.services.decisions import put_to_provider, require_answered, require_not_refused
from lcm_service.services.delivery_states import require_not_delivered
from lcm_service.services.held_matches import (
    HeldMatch,
    agree_if_all_confirmed,
    answer,
    hold_match,
    pass_turn,
    record_match_event,
    trace,
)
from lcm_service.services.match_turns import covers, fall_back_to_known, is_known_live, side_awaited
from lcm_service.services.match_views import MatchView
from lcm_service.services.session_turns import is_match_supported, settle_sessions


def accept_fewer_seats(
    actor: Actor,
    match_id: int,
    side: str,
    seats: int,
    reason: str,
    version: int,
    note: str | None = None,
    *,
    on_behalf: bool = False,
) -> MatchView:
    """Accept some of the proposed seats for one side, with a reason: the match goes on with these alone.

    For a recipient that is asked it is its agreement to be put to the provider, which hears of no more; for a
    side that confirms, its confirmation. A recipient that waits for other parties of the session may accept
    as many as these have confirmed for. A session that so falls below its least is for a repair to see to,
    as after a decline. Raises NotFound, NotAllowed, NotValid for a reason that is not listed or a number that
    is not below what is proposed and above what the side has accepted before, Stale, and Conflict where it is
    not its turn or where fewer cannot stand (``details["rules"]``: smallest group, all or none, and others).
    """
    if reason not in DECLINE_REASONS:
        raise NotValid(
            sentence("Say why, by one of the listed reasons."),
            faults={"reason": [sentence("Choose a reason.")]},
        )
    if side == "secretariat":
        raise NotAllowed(
            sentence("The secretariat records what the sides accept; it accepts no seats itself.")
        )
    with transaction() as session:
        held = hold_match(session, actor, match_id, side, on_behalf)
        held.check_version(session, version)
        held.require_asked()
        held.require_open("accept_fewer")
        require_not_delivered(held.match)
        if held.is_as_known:
            fall_back_to_known(held.match)
        if side_awaited(held.match) != side and not _waits_for_parties(held):
            raise Conflict(
                sentence(
                    "It is not the turn of the %(side)s. Fewer seats are accepted by the side that is to "
                    "answer.",
                    side=Coded("side", side),
                ),
                waiting_for=side_awaited(held.match),
            )
        _require_between(held, seats)
        before, held.match.seats = held.match.seats, seats
        session.flush()
        facts = {"seats": seats, "seats_before": before, "reason": reason}
        if held.match.state == "asked":
            require_not_refused(session, held)
            own = {"side": side, "on_behalf": held.is_on_behalf, "version": held.match.version}
            record_match_event(
                session, actor, held.match, "accept_fewer", ["seats"], {**own, **facts}, secret=True
            )
            put_to_provider(session, held, reason, note)
        else:
            _confirm(session, held, reason, note, facts)
        return held.view(session)


def _confirm(
    session: Session, held: HeldMatch, reason: str, note: str | None, facts: dict[str, object]
) -> None:
    require_answered(session, held)
    if held.match.awaits_parties:
        held.match.awaits_parties = not is_match_supported(session, held.round, held.match)
    held.require_turn()
    answer(held, "confirmed", reason=reason, note=note)
    pass_turn(session, held)
    session.flush()
    trace(session, held, "accept_fewer", facts)
    agree_if_all_confirmed(session, held.actor, held.match, (held.recipient, held.provider))
    settle_sessions(session, held.actor, held.round, [held.match.session_code])


def _waits_for_parties(held: HeldMatch) -> bool:
    """Whether the recipient would confirm next if the other parties had: it need not wait for what they gave
    already.
    """
    is_theirs = held.side == "recipient" and side_awaited(held.match) == PARTIES
    return is_theirs and not covers(held.decision, held.match.seats)


def _require_between(held: HeldMatch, seats: int) -> None:
    """More than the side has accepted already: for that it declines what is more, and what it said stands."""
    match, own = held.match, held.decision
    least = own.seats + 1 if own is not None and own.answer == "confirmed" else 1
    if match.state == "asked" and is_known_live(match):
        least = match.seats_put + 1
    if not least <= seats < match.seats:
        raise NotValid(
            sentence(
                "Name fewer seats than the %(seats)s that are proposed, and at least %(least)s. To "
                "accept all, confirm; to accept none, decline.",
                seats=match.seats,
                least=least,
            ),
            faults={
                "seats": [sentence("Between %(least)s and %(most)s.", least=least, most=match.seats - 1)]
            },
        )
