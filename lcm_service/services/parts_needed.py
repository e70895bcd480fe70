"""How much of each support a session draws on for so many seats, and whether that is confirmed.

A plan sets supports aside for all seats that it fills in a session. Where fewer stand, those that a seat
costs are needed no more: they are taken off the supports of their kind, the last by reference first.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lcm_service.domain.vocabulary import LIVE_MATCH_STATES
from lcm_service.persistence.tables import Match, Part, Plan
from lcm_service.services.match_turns import known_seats


def quantities_needed(parts: Iterable[Part], seats: int) -> dict[int, int]:
    """What is drawn on of each part, by its number, if the session holds so many seats: nothing for none, and
    what the plan set aside for as many as it planned or more.
    """
    of_kind = defaultdict[str, list[Part]](list)
    for part in parts:
        of_kind[part.kind].append(part)
    needed: dict[int, int] = {}
    for group in of_kind.values():
        spared = max(0, group[0].seats - seats) * group[0].per_seat
        for part in sorted(group, key=lambda one: one.support_reference, reverse=True):
            taken_off = min(spared, part.quantity)
            spared -= taken_off
            needed[part.id] = part.quantity - taken_off if seats else 0
    return needed


def kinds_covered(parts: Sequence[Part], seats: int) -> set[str]:
    """The kinds of support of which the owners have confirmed as much as a session draws on for so many
    seats.
    """
    needed, confirmed = Counter[str](), Counter[str]()
    for part_id, quantity in quantities_needed(parts, seats).items():
        part = next(one for one in parts if one.id == part_id)
        needed[part.kind] += quantity
        confirmed[part.kind] += part.quantity_confirmed
    return {kind for kind in {part.kind for part in parts} if confirmed[kind] >= needed[kind]}


def per_seat_by_session(plan: Plan) -> dict[tuple[str, str], int]:
    """What a seat of a session takes of each kind, as the plan was asked."""
    problem: dict[str, Any] = json.loads(plan.problem)
    found = Counter[tuple[str, str]]()
    for row in problem["sessions"]:
        for one in row["requires"] or ():
            found[row["id"], one["kind"]] += one["per_seat"] or 0
    return dict(found)


def supports_for_fewer(
    row: Mapping[str, Any], seats: int, per_seat: Mapping[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """The supports of a session's row in a plan, as far as they are drawn on for so many of its seats."""
    spared = {
        kind: (row["seats_filled"] - seats) * per_seat.get((row["id"], kind), 0)
        for kind in {use["kind"] for use in row["supports"]}
    }
    drawn_on = []
    for use in sorted(row["supports"], key=lambda one: str(one["support"]), reverse=True):
        taken_off = min(spared[use["kind"]], use["quantity"])
        spared[use["kind"]] -= taken_off
        if not taken_off or taken_off < use["quantity"]:
            drawn_on.append({**use, "quantity": use["quantity"] - taken_off})
    order = [use["support"] for use in row["supports"]]
    return sorted(drawn_on, key=lambda one: order.index(one["support"]))


def is_supported(match: Match, parts: Sequence[Part], matches: Iterable[Match]) -> bool:
    """Whether the owners of the parts have confirmed what the session draws on for the seats of this match,
    together with those to which other recipients there have said their last word.
    """
    seats = _seats_proposed(match) + sum(_seats_spoken_for(one) for one in matches if one.id != match.id)
    needed = quantities_needed(parts, seats)
    return all(part.quantity_confirmed >= needed[part.id] for part in parts)


def _seats_proposed(match: Match) -> int:
    """Those for which the parties are waited for: where the recipient is asked for more, those known
    before.
    """
    return match.seats if match.known_state is None else known_seats(match)


def _seats_spoken_for(match: Match) -> int:
    if match.state not in LIVE_MATCH_STATES:
        return 0
    own = next((one for one in match.decisions if one.side == "recipient"), None)
    return 0 if own is None or own.answer != "confirmed" else min(own.seats, match.seats)
