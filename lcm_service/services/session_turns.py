"""After every change of a match: what the other parties of its session are asked, and who waits for them.

The owner of a support is asked once no recipient of the session is still asked itself: then it is asked once,
and what it is asked for tells of nobody who has not agreed to be put to the provider. It goes on to read what
it was asked: numbers that fell with every recipient that leaves would tell how many seats that one had.
"""

from collections.abc import Iterable, Sequence

from lcm_service.domain.permissions import Actor
from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence import matching_reads as reads
from lcm_service.persistence import part_reads
from lcm_service.persistence.database import utc_now
from lcm_service.persistence.matching_reads import Session
from lcm_service.persistence.tables import Match, Part, Plan, Round
from lcm_service.services.date_turns import settle_dates
from lcm_service.services.delivery_states import is_delivered, sessions_held
from lcm_service.services.held_matches import agree_if_all_confirmed, give_days, give_known_days
from lcm_service.services.match_turns import (
    SIDES_WAITED_FOR,
    answer_by,
    is_known_live,
    known_seats,
    side_awaited,
)
from lcm_service.services.match_views import MatchSides
from lcm_service.services.part_turns import trace_part
from lcm_service.services.parts_needed import is_supported, per_seat_by_session, quantities_needed
from lcm_service.services.trail import enqueue_message, record_event


def plan_parts(session: Session, actor: Actor, plan: Plan) -> None:
    """Bring the parts of the round to the plan that is being published; nobody learns of a part by that
    alone.

    What an owner confirmed stands for as much and for less, and what it refused beyond that is asked of it
    only where a plan needs less than it refused. A part that the plan does not draw on is
    released. What a provider gives to its own session is no part. The parts of a course that was held stay as
    they are: what it took is spent, also where its matches are planned no more.
    """
    known = {
        (one.session_code, one.support_reference): one
        for one in part_reads.list_parts(session, plan.round_id)
    }
    per_seat = per_seat_by_session(plan)
    over = sessions_held(reads.list_matches(session, plan.round_id))
    planned = set()
    for row in plan.document["sessions"]:
        if row["id"] in over:
            continue
        code, provider = row["id"], plan.labels["sessions"][row["id"]]["provider"]
        for use in row["supports"]:
            reference = use["support"]
            if use["quantity"] == 0 or plan.labels["supports"][reference]["provider"] == provider:
                continue
            planned.add((code, reference))
            part = known.get((code, reference))
            if part is None:
                part = Part(round_id=plan.round_id, session_code=code, support_reference=reference)
                part.quantity_confirmed = 0
                session.add(part)
            part.refuses_more = _still_refuses(part, use["quantity"])
            part.plan, part.kind = plan, use["kind"]
            part.quantity, part.seats = use["quantity"], row["seats_filled"]
            part.per_seat = per_seat.get((code, use["kind"]), 0)
            if part.state in ("released", "lapsed"):
                part.known_state = part.known_state or part.state
                part.state = "planned"
    for pair, part in known.items():
        if (
            pair not in planned
            and part.session_code not in over
            and part.state in ("planned", "asked", "confirmed")
        ):
            release_part(session, actor, part)
    session.flush()
    settle_sessions(session, actor, plan.round, {code for code, _ in (*planned, *known)})


def _still_refuses(part: Part, quantity: int) -> bool:
    """Whether the owner has declined the rest of so much already, by an answer and not by silence."""
    has_declined = part.state == "confirmed" and part.refuses_more and part.reason is not None
    return has_declined and quantity >= part.quantity


def settle_sessions(
    session: Session, actor: Actor, round_: Round, codes: Iterable[str], *, asks_anew: bool = False
) -> None:
    """To be called after every change of matches or parts of these sessions, in the same transaction.

    Owners of supports are asked, or asked no more; matches wait for them, or go on to the side whose turn it
    is then; recipients whose matches are all agreed meet; other days that are proposed go on, or end.
    ``asks_anew``: a recipient has just agreed to be put or to wait again, or is asked for no more than the
    provider knows of, so who kept silent before, about all or about the rest, is asked again. The round is
    held by the caller.
    """
    session.flush()
    published = reads.published_plan(session, round_.id)
    for code in sorted(set(codes)):
        rows = reads.list_match_sides(session, round_id=round_.id, session_code=code)
        matches = [match for match, _, _ in rows]
        parts = _parts_of(session, round_, published, code, matches)
        for part in parts if asks_anew else ():
            part.refuses_more = part.refuses_more and part.reason is not None
        _ask_parties(session, actor, round_, parts, matches)
        session.flush()
        for row in rows:
            _let_wait(session, actor, round_, row, parts, matches)
        _let_meet(session, actor, matches)
        session.flush()
        settle_dates(session, actor, round_, code, rows, parts)


def is_match_supported(session: Session, round_: Round, match: Match) -> bool:
    """Whether the other parties of its session have confirmed what the match draws on now."""
    published = reads.published_plan(session, round_.id)
    rows = reads.list_match_sides(session, round_id=round_.id, session_code=match.session_code)
    matches = [one for one, _, _ in rows]
    return is_supported(match, _parts_of(session, round_, published, match.session_code, matches), matches)


def quantity_drawn_on(session: Session, round_: Round, part: Part) -> int:
    """What its session draws on of a part for the seats that the provider knows of now."""
    published, code = reads.published_plan(session, round_.id), part.session_code
    rows = reads.list_match_sides(session, round_id=round_.id, session_code=code)
    matches = [match for match, _, _ in rows]
    seats = sum(known_seats(match) for match in matches if is_known_live(match))
    needed = quantities_needed(_parts_of(session, round_, published, code, matches), seats)
    return needed.get(part.id, 0)


def _parts_of(
    session: Session, round_: Round, published: Plan | None, code: str, matches: Iterable[Match]
) -> list[Part]:
    """The parts of a session that the published plan draws on, or the one under which its course was held."""
    plan_ids = set() if published is None else {published.id}
    plan_ids |= {match.plan_id for match in matches if is_delivered(match)}
    parts = part_reads.list_parts(session, round_.id, session_codes=[code])
    return [part for part in parts if part.plan_id in plan_ids]


def _ask_parties(
    session: Session, actor: Actor, round_: Round, parts: Sequence[Part], matches: Sequence[Match]
) -> None:
    seats = sum(known_seats(match) for match in matches if is_known_live(match))
    needed = quantities_needed(parts, seats)
    is_open = any(match.state == "asked" for match in matches)
    for part in parts:
        quantity = needed[part.id]
        if part.state == "declined":
            continue
        if quantity == 0:
            if part.state in ("asked", "confirmed"):
                release_part(session, actor, part)
        elif part.quantity_confirmed >= quantity:
            if part.state == "asked":
                part.state, part.answer_by = "confirmed", None
                trace_part(session, actor, part, "stand", {"quantity": part.quantity_confirmed})
        elif not is_open and not part.refuses_more and quantity > _asked_now(part):
            _ask(session, actor, round_, part, quantity, seats)


def _asked_now(part: Part) -> int:
    return part.quantity_asked if part.state == "asked" else part.quantity_confirmed


def _ask(session: Session, actor: Actor, round_: Round, part: Part, quantity: int, seats: int) -> None:
    part.state, part.known_state = "asked", None
    part.quantity_asked, part.seats_asked = quantity, seats
    part.put_at = part.put_at or utc_now()
    part.answer_by, part.reminded_at = answer_by(round_), None
    trace_part(session, actor, part, "ask_part", {"quantity": quantity, "seats": seats})


def release_part(session: Session, actor: Actor, part: Part) -> None:
    """Nothing is drawn on any more: whoever was asked is told."""
    was_known = part.state != "planned"
    part.state, part.quantity_confirmed, part.answer_by = "released", 0, None
    if was_known:
        trace_part(session, actor, part, "release", {})


def _let_wait(
    session: Session,
    actor: Actor,
    round_: Round,
    row: MatchSides,
    parts: Sequence[Part],
    matches: Sequence[Match],
) -> None:
    """Let a match wait for the parties of its session, or let the side whose turn it is then answer."""
    match, recipient, provider = row
    awaits = "proposed" in (match.state, match.known_state) and not is_supported(match, parts, matches)
    if awaits == match.awaits_parties:
        return
    before = side_awaited(match)
    match.awaits_parties = awaits
    if match.known_state is not None:
        give_known_days(match, round_)
    if side_awaited(match) == before:
        return
    awaited = give_days(match, round_)
    session.flush()
    if awaited in SIDES_WAITED_FOR:
        side = (recipient, provider)[SIDES_WAITED_FOR.index(awaited)]
        enqueue_message(session, "match.turn", participant_id=side.id, facts={"match": match.id})
    agree_if_all_confirmed(session, actor, match, (recipient, provider))


def _let_meet(session: Session, actor: Actor, matches: Sequence[Match]) -> None:
    """Once all that stands in a session is agreed, its recipients see each other, and go on doing so whoever
    is asked about a seat there later: that they no longer did would tell of it.
    """
    standing = [match for match in matches if match.state in LIVE_MATCH_STATES]
    for match in matches:
        if match.met_at is not None and not is_known_live(match):
            match.met_at = None
    if len({match.need_reference for match in standing}) < 2 or any(
        one.state != "agreed" for one in standing
    ):
        return
    for match in standing:
        if match.met_at is None:
            match.met_at = utc_now()
            session.flush()
            record_event(session, actor, "meet", "match", str(match.id), [], {"version": match.version})
