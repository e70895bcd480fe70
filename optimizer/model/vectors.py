"""From a solver's values to a draft plan in whole numbers, and from a draft to a full vector of the program.

A draft is what a plan decides: seats, bridging languages and shared supports. Everything else in the
program follows from it, so a vector is always rebuilt from the draft and checked against every row exactly.
A solver's floats are only ever a suggestion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.model.consequences import add_consequences
from optimizer.model.limits import Model
from optimizer.model.objective_columns import ObjectiveOfModel, ObjectiveTerms
from optimizer.model.program import Limit, Row, find_common_scale
from optimizer.model.supply import PairKey, UseKey, share_supports
from optimizer.model.supports import SupplyColumns
from optimizer.rules.compatibility import Pair
from optimizer.rules.facts import Facts

WHOLE_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Draft:
    """Seats of each pair that has any, the language each bridged pair uses (case folded), and units of
    supports.
    """

    seats: Mapping[PairKey, int]
    bridges: Mapping[PairKey, str]
    uses: Mapping[UseKey, int]


EMPTY_DRAFT = Draft({}, {}, {})


class RoundModel:
    """The whole program of a round: limits, supports, and the objectives added so far.

    ``as_stated``: every limit and support by itself and nothing that follows from them, for who means to ease
    a limit or asks about one support. Always so where limits are left out or pins are optional.
    """

    def __init__(
        self,
        facts: Facts,
        pairs: Sequence[Pair],
        *,
        without: frozenset[Limit] = frozenset(),
        pins_are_optional: bool = False,
        as_stated: bool = False,
    ) -> None:
        self.facts = facts
        self.model = Model(facts, pairs, without=without, pins_are_optional=pins_are_optional)
        as_stated = as_stated or bool(without) or pins_are_optional
        self.supply = SupplyColumns(self.model, as_stated=as_stated)
        if not as_stated:
            add_consequences(self.model, self.supply)
        self.program = self.model.program
        self.objectives: list[ObjectiveTerms] = []

    def add_objective(self, objective: ObjectiveOfModel) -> ObjectiveTerms:
        """Add an objective's columns and rows and return its terms."""
        terms = objective.add_to_program()
        self.objectives.append(terms)
        return terms

    def find_spread(self) -> int:
        """How far apart the numbers of the program's rows are (`spread_of`), money with what gives it."""
        return max(self.program.find_spread(), self.supply.find_spread())

    def hold(self, objective: ObjectiveTerms, value: int) -> None:
        """Hold an objective at a value: no later plan may have less."""
        name = f"hold_{objective.name.replace('.', '_')}"
        scale = find_common_scale(objective.terms)
        bound = value - objective.constant
        row = Row(name, tuple(objective.terms), ">=", bound, scale=scale, is_lock=True)
        self.program.rows.append(row)

    # -- reading a solver's values --------------------------------------------------------------------------

    def read_draft(self, values: Sequence[float | None]) -> Draft | None:
        """Return the draft that a solver's values suggest, or ``None`` where they are no plan.

        Seats must be whole within a tolerance, a language is chosen for each bridged group, and supports are
        shared again, exactly. Whether every row holds is `find_violation`'s question.
        """
        seats: dict[PairKey, int] = {}
        bridges: dict[PairKey, str] = {}
        for position, pair in enumerate(self.model.pairs):
            columns = self.model.columns[position]
            value = values[columns.seats]
            if value is None or abs(value - round(value)) > WHOLE_TOLERANCE:
                return None
            if round(value) > 0:
                seats[pair.need, pair.session] = round(value)
                if columns.bridges:
                    bridges[pair.need, pair.session] = _likeliest(columns.bridges, values)
        return self.make_draft(seats, bridges)

    def make_draft(self, seats: Mapping[PairKey, int], bridges: Mapping[PairKey, str]) -> Draft | None:
        """Return the draft of these seats with supports shared exactly, or ``None`` where they do not
        suffice.
        """
        uses = share_supports(self.facts, seats, bridges)
        return None if uses is None else Draft(seats, bridges, uses)

    def knows_uses(self, draft: Draft) -> bool:
        """Whether every support that the draft draws on has a column: not so where a limit was left out."""
        return all(self.supply.column_of(use) is not None for use in draft.uses)

    # -- filling a full vector ------------------------------------------------------------------------------

    def vector_of(self, draft: Draft) -> list[int]:
        """Return a whole value for every column of the program as it is now."""
        vector = [0] * len(self.program.columns)
        seats = [draft.seats.get((pair.need, pair.session), 0) for pair in self.model.pairs]
        self._fill_groups(vector, seats, draft)
        self._fill_supplies(vector, draft)
        for objective in self.objectives:
            for column, fill in objective.fillers:
                vector[column] = fill(seats)
        return vector

    def _fill_groups(self, vector: list[int], seats: Sequence[int], draft: Draft) -> None:
        model, facts = self.model, self.facts
        for position, pair in enumerate(model.pairs):
            if seats[position] == 0:
                continue
            columns = model.columns[position]
            vector[columns.seats], vector[columns.group] = seats[position], 1
            vector[model.running[pair.session]] = 1
            presence = model.presence.get((pair.session, model.need(pair).recipient))
            if presence is not None:
                vector[presence] = 1
            if columns.bridges:
                vector[columns.bridges[draft.bridges[pair.need, pair.session]]] = 1
            pin = facts.pin_by_pair.get((pair.need, pair.session))
            if pin is not None and (pair.need, pair.session) in model.pins:
                is_met = (
                    seats[position] == pin.seats if pin.rule == "exactly" else seats[position] >= pin.seats
                )
                vector[model.pins[pair.need, pair.session]] = int(is_met)
        for need_id, column in model.wholes.items():
            vector[column] = int(any(seats[position] for position in model.pairs_of_need[need_id]))

    def _fill_supplies(self, vector: list[int], draft: Draft) -> None:
        for use, units in draft.uses.items():
            column = self.supply.column_of(use)
            if column is None:
                raise KeyError(f"no column for the use {use}")
            vector[column] += units
        needs = self.facts.problem.need_by_id
        here = {(session, needs[need].recipient) for need, session in draft.seats}
        for (session_id, left_out), column in self.supply.usable.items():
            vector[column] = int(all((session_id, recipient) not in here for recipient in left_out))
        used = {(session, language) for (_, session), language in draft.bridges.items()}
        for key in used & self.supply.own_in_use:
            vector[self.supply.in_use[key]] = 1

    def find_violation(self, draft: Draft) -> str | None:
        """Return the name of the first row (or column) that the draft breaks, exactly, or ``None``."""
        return self.program.find_violation(self.vector_of(draft))


def _likeliest(bridges: Mapping[str, int], values: Sequence[float | None]) -> str:
    """The language with the largest value; among equals the first in the need's order."""
    return max(bridges, key=lambda language: values[bridges[language]] or 0.0)
