"""Rows that follow from the limits: no plan breaks them, but a relaxation would.

A solver bounds a round by its relaxation, in which a session may run by half. There, money that is closed to
a recipient pays for it all the same, in the other half; a team that goes to one recipient is filled by
several. What whole plans owe to each other is stated here in rows of its own, so that the bound comes near
what plans can reach (docs/benchmarks.md tells by how much). They hold where no limit is left out and every
pin is held; they change no plan and no objective.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer.model.limits import Model, most_recipients
from optimizer.model.program import LARGE_COEFFICIENT, Sense, Term
from optimizer.model.supply import required_units
from optimizer.model.supports import SupplyColumns
from optimizer.problem import Session, Support
from optimizer.rules.facts import INTERPRETATION


def add_consequences(model: Model, supply: SupplyColumns) -> None:
    """Add what follows from the limits of the whole contract to its program."""
    close_hopeless_pairs(model)
    _add_fewest_of_whole_needs(model)
    for session_id in sorted(model.running):
        session = model.facts.problem.session_by_id[session_id]
        _add_company(model, session)
        _add_admission(model, supply, session)
        _add_admission_by_language(model, supply, session)


def _add_row(
    model: Model, name: str, terms: Sequence[Term], sense: Sense, bound: int, scale: int = 1
) -> None:
    """Add a row that can be spared: none whose numbers a solver would blur by its tolerance."""
    if max(abs(coefficient) for _, coefficient in terms) <= LARGE_COEFFICIENT * scale:
        model.add_definition(name, terms, sense, bound, scale)


# -- groups that no plan can send ---------------------------------------------------------------------------


def close_hopeless_pairs(model: Model) -> None:
    """Hold pairs at nothing that no plan uses.

    A pair is hopeless where the session's min_seats are out of reach with the recipients that may come along
    (C1, C5), or where the need takes all its seats or none and not enough others can hold the rest (C3, C4).
    Closing one may make others hopeless, so it goes on until none is.
    """
    while hopeless := [*_hopeless_of_needs(model), *_hopeless_of_sessions(model)]:
        for position in hopeless:
            columns = model.columns[position]
            columns.most = 0
            for column in (columns.seats, columns.group):
                model.program.columns[column] = replace(model.program.columns[column], upper=0)


def _hopeless_of_needs(model: Model) -> Iterator[int]:
    for need_id in model.wholes:
        for position, fewest in _fewest_of_whole(model, need_id):
            if model.columns[position].most < fewest:
                yield position


def _hopeless_of_sessions(model: Model) -> Iterator[int]:
    for session_id in model.running:
        session = model.facts.problem.session_by_id[session_id]
        for recipient, most, fewest in _company(model, session):
            if most < fewest:
                yield from _open(model, model.recipients_of_session[session_id][recipient])


def _open(model: Model, positions: Sequence[int]) -> list[int]:
    return [position for position in positions if model.columns[position].most > 0]


def _fewest_of_whole(model: Model, need_id: str) -> Iterator[tuple[int, int]]:
    """For each open pair of a `whole` need, the seats that its other groups leave to it at their most."""
    need = model.facts.problem.need_by_id[need_id]
    positions = _open(model, model.pairs_of_need[need_id])
    groups = len(positions) if need.max_groups is None else min(need.max_groups, len(positions))
    largest = sorted((model.columns[position].most for position in positions), reverse=True)
    for position in positions:
        most = model.columns[position].most
        # Itself among the largest, it leaves the others one more.
        others = sum(largest[:groups]) - most if most >= largest[groups - 1] else sum(largest[: groups - 1])
        yield position, model.facts.seats_of_need(need) - others


def _company(model: Model, session: Session) -> list[tuple[str, int, int]]:
    """For each recipient with an open pair in a session: its most seats there, and the fewest that
    min_seats asks of it in the best company.
    """
    room = [model.facts.seats_of_session(session)]
    if session.max_per_recipient is not None:
        room.append(session.max_per_recipient)
    most_of: dict[str, int] = {}
    for recipient, positions in sorted(model.recipients_of_session[session.id].items()):
        most = min(*room, sum(model.columns[position].most for position in positions))
        if most > 0:
            most_of[recipient] = most
    ranked = sorted(most_of.values(), reverse=True)
    count = min(most_recipients(session) or len(ranked), len(ranked))
    rows = []
    for recipient, most in most_of.items():
        is_among = most >= ranked[count - 1]
        others = sum(ranked[:count]) - most if is_among else sum(ranked[: count - 1])
        rows.append((recipient, most, session.min_seats - others))
    return rows


# -- what a group owes to its session and its need ----------------------------------------------------------


def _add_fewest_of_whole_needs(model: Model) -> None:
    """A group of a need that takes all its seats or none holds what the others cannot."""
    for need_id in sorted(model.wholes):
        for position, fewest in _fewest_of_whole(model, need_id):
            pair, columns = model.pairs[position], model.columns[position]
            if fewest > model.need(pair).min_group:
                terms = [(columns.seats, 1), (columns.group, -fewest)]
                _add_row(model, model.name("rest", pair), terms, ">=", 0)


def _add_company(model: Model, session: Session) -> None:
    """A recipient brings what its company lacks of min_seats, and no more than there is room for."""
    number = model.session_number[session.id]
    for recipient, most, fewest in _company(model, session):
        positions = _open(model, model.recipients_of_session[session.id][recipient])
        name = f"s{number}_q{model.recipient_number[recipient]}"
        seats = model.seat_terms(positions)
        if fewest > max(model.need(model.pairs[position]).min_group for position in positions):
            present = model.presence_of(session.id, recipient)
            _add_row(model, f"bring_{name}", [*seats, (present, -fewest)], ">=", 0)
        # Where the limit of a recipient is what binds, C5 has the row.
        is_limited = session.max_per_recipient is not None and session.max_per_recipient <= most
        if most < sum(model.columns[position].most for position in positions) and not is_limited:
            present = model.presence_of(session.id, recipient)
            _add_row(model, f"hold_{name}", [*seats, (present, -most)], "<=", 0)


# -- who may be paid for by whom ----------------------------------------------------------------------------


def _add_admission(model: Model, supply: SupplyColumns, session: Session) -> None:
    """Where a recipient is placed, supports that admit it give all that the session requires (C9, `only`).

    That is at least the fixed quantity and what its own seats take; the rows say it for every recipient that
    a support of the kind leaves out.
    """
    number = model.session_number[session.id]
    for kind_number, (kind, (quantity, per_seat)) in enumerate(sorted(required_units(session).items())):
        if quantity == per_seat == 0:
            continue
        givers = supply.givers(session, kind)
        for recipient, positions in sorted(model.recipients_of_session[session.id].items()):
            admitting = [giver for giver in givers if _admits(model, giver, session, recipient)]
            if len(admitting) == len(givers) or not _open(model, positions):
                continue
            units = [(supply.uses[giver.id, session.id, None], 1) for giver in admitting]
            present = (model.presence_of(session.id, recipient), -quantity)
            terms: list[Term] = [*units, present, *model.seat_terms(positions, -per_seat)]
            name = f"admit_s{number}_k{kind_number}_q{model.recipient_number[recipient]}"
            _add_row(model, name, terms, ">=", 0, supply.scale_of(kind))


def _add_admission_by_language(model: Model, supply: SupplyColumns, session: Session) -> None:
    """A group that is bridged is so by interpreters that admit its recipient (C10, `only`)."""
    for position in model.pairs_of_session[session.id]:
        pair, columns = model.pairs[position], model.columns[position]
        recipient = model.need(pair).recipient
        for rank, (language, column) in enumerate(sorted(columns.bridges.items())):
            givers = [
                giver
                for giver in supply.givers(session, INTERPRETATION)
                if (giver.id, session.id, language) in supply.uses
            ]
            admitting = [giver for giver in givers if _admits(model, giver, session, recipient)]
            if len(admitting) < len(givers):
                units = [(supply.uses[giver.id, session.id, language], 1) for giver in admitting]
                name = f"{model.name('heard', pair)}_l{rank}"
                scale = supply.scale_of(INTERPRETATION)
                _add_row(model, name, [*units, (column, -1)], ">=", 0, scale)


def _admits(model: Model, support: Support, session: Session, recipient: str) -> bool:
    facts = model.facts
    return facts.support_is_open_to(support, session) or facts.support_admits(support, recipient)
