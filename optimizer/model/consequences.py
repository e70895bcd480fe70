"""Rows that follow from the limits: no plan breaks them, but a relaxation would.

A solver bounds a round by its relaxation, in which a session may run by half. There, money that is closed to
a recipient pays for it all the same, in the other half; a team that goes to one recipient is filled by
several. What whole plans owe to each other is stated here in rows of its own, so that the bound comes near
what plans can reach (docs/benchmarks.md tells by how much). They hold where no limit is left out and every
pin is held; they change no plan and no objective.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.model.limits import Model, most_recipients
from optimizer.model.program import LARGE_COEFFICIENT, Sense, Term
from optimizer.model.supply import UseKey, required_units
from optimizer.model.supports import SupplyColumns
from optimizer.problem import Session
from optimizer.rules.facts import INTERPRETATION


def add_consequences(model: Model, supply: SupplyColumns) -> None:
    """Add what follows from the limits of the whole contract to its program."""
    close_hopeless_pairs(model)
    _add_fewest_of_whole_needs(model)
    for session_id in sorted(model.running):
        session = model.facts.problem.session_by_id[session_id]
        _add_company(model, session)
    add_admission(model, supply)


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


def add_admission(model: Model, supply: SupplyColumns) -> None:
    """State the `only` of supports by recipient (C9, C10): whoever is placed in a session, supports that
    leave it out give nothing, and those that admit it give at least what its own seats take.
    """
    admitted: dict[tuple[str, str], bool] = {}
    for asked in _find_asked(model, supply):
        closed_to_some = [id_ for id_ in sorted(asked.uses) if not _is_open(model, id_, asked.session)]
        if not closed_to_some:
            continue
        for recipient, positions in sorted(model.recipients_of_session[asked.session.id].items()):
            left_out = set()
            for id_ in closed_to_some:
                if (id_, recipient) not in admitted:
                    admitted[id_, recipient] = _admits(model, id_, recipient)
                if not admitted[id_, recipient]:
                    left_out.add(id_)
            if left_out and _open(model, positions):
                closed = [use for id_ in sorted(left_out) for use in asked.uses[id_]]
                _leave_out(model, supply, asked, recipient, closed)
                admitting = [id_ for id_ in sorted(asked.uses) if id_ not in left_out]
                _pay_own_seats(model, supply, asked, recipient, admitting)
                if asked.kind == INTERPRETATION:
                    _bridge_by_admitting(model, supply, asked.session, positions, admitting)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a session asks of supports of a kind: ``uses`` by support; units for the session and a seat;
    ``most_seats``: what all its pairs together could hold.
    """

    session: Session
    kind: str
    name: str
    uses: dict[str, list[UseKey]]
    quantity: int
    per_seat: int
    most_seats: int

    def name_for(self, what: str, model: Model, recipient: str) -> str:
        return f"{what}_{self.name}_q{model.recipient_number[recipient]}"


def _find_asked(model: Model, supply: SupplyColumns) -> Iterator[_Asked]:
    uses_of: dict[tuple[str, str], dict[str, list[UseKey]]] = {}
    for use in supply.uses:
        kind = model.facts.problem.support_by_id[use[0]].kind
        uses_of.setdefault((use[1], kind), {}).setdefault(use[0], []).append(use)
    numbers = {kind: number for number, kind in enumerate(sorted(model.facts.supports_by_kind))}
    for (session_id, kind), uses in sorted(uses_of.items()):
        session = model.facts.problem.session_by_id[session_id]
        quantity, per_seat = required_units(session).get(kind, (0, 0))
        most_seats = sum(
            model.columns[position].most
            for positions in model.recipients_of_session[session_id].values()
            for position in positions
        )
        name = f"s{model.session_number[session_id]}_k{numbers[kind]}"
        yield _Asked(session, kind, name, uses, quantity, per_seat, most_seats)


def _leave_out(
    model: Model, supply: SupplyColumns, asked: _Asked, recipient: str, closed: Sequence[UseKey]
) -> None:
    own = model.recipients_of_session[asked.session.id][recipient]
    others = asked.most_seats - sum(model.columns[position].most for position in own)
    seats = min(others, model.facts.seats_of_session(asked.session))
    languages = len({language for _, _, language in closed if language is not None})
    columns = [supply.uses[use] for use in closed]
    bounds = sum(model.program.columns[column].upper for column in columns)
    most = min(bounds, asked.quantity + asked.per_seat * seats + languages)
    terms: list[Term] = [(column, 1) for column in columns]
    present = model.presence_of(asked.session.id, recipient)
    name = asked.name_for("leave", model, recipient)
    model.add_definition(name, [*terms, (present, most)], "<=", most, supply.scale_of(asked.kind))


def _pay_own_seats(
    model: Model, supply: SupplyColumns, asked: _Asked, recipient: str, admitting: Sequence[str]
) -> None:
    if asked.quantity == asked.per_seat == 0:
        return
    uses = [(id_, asked.session.id, None) for id_ in admitting]
    units = [(supply.uses[use], 1) for use in uses if use in supply.uses]
    positions = model.recipients_of_session[asked.session.id][recipient]
    present = (model.presence_of(asked.session.id, recipient), -asked.quantity)
    terms: list[Term] = [*units, present, *model.seat_terms(positions, -asked.per_seat)]
    name = asked.name_for("admit", model, recipient)
    _add_row(model, name, terms, ">=", 0, supply.scale_of(asked.kind))


def _bridge_by_admitting(
    model: Model, supply: SupplyColumns, session: Session, positions: Sequence[int], admitting: Sequence[str]
) -> None:
    """A group that is bridged is so by interpreters that admit its recipient."""
    for position in positions:
        for rank, (language, column) in enumerate(sorted(model.columns[position].bridges.items())):
            uses = [(id_, session.id, language) for id_ in admitting]
            units = [(supply.uses[use], 1) for use in uses if use in supply.uses]
            name = f"{model.name('heard', model.pairs[position])}_l{rank}"
            scale = supply.scale_of(INTERPRETATION)
            model.add_definition(name, [*units, (column, -1)], ">=", 0, scale)


def _is_open(model: Model, support: str, session: Session) -> bool:
    return model.facts.support_is_open_to(model.facts.problem.support_by_id[support], session)


def _admits(model: Model, support: str, recipient: str) -> bool:
    return model.facts.support_admits(model.facts.problem.support_by_id[support], recipient)
