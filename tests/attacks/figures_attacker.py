"""Who tries to work out from all published tables what is not told: by linear programming, with everything
that is known beside them.

The attacker knows the subjects with their paragraphs, the regions of all States, the rules by which cells are
merged, and perhaps the records of a State of its own. What it does not know is how many records each State
has for each subject, language and month: these are the unknowns, and every published line is an equation.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple

import highspy
import numpy as np

from lcm_service.domain.disclosure import Entry, Path
from tests.domain.made_up_figures import LANGUAGES, LEAVES, LEAVES_OF, MONTHS, REGION_OF, STATES

type Holds = Callable[["Unknown"], bool]


class Unknown(NamedTuple):
    """How many records a State has for a subject, a language and a month."""

    state: str
    area: Path
    language: str
    month: str

    def path(self, dimension: str) -> Path:
        of = {"area": self.area, "region": (REGION_OF[self.state],)}
        return of.get(dimension) or ({"language": self.language, "month": self.month}[dimension],)


UNKNOWNS = [Unknown(*one) for one in product(STATES, LEAVES, LANGUAGES, MONTHS)]


def unknown_of(entry: Entry) -> Unknown:
    """The unknown in which a record is counted."""
    paths = entry.paths
    return Unknown(entry.participant, paths["area"], paths["language"][0], paths["month"][0])


def lines_of(table: dict[str, Any]) -> list[tuple[frozenset[Path], int]]:
    """Every line of a table as the leaves that it may stand for, and its number of records. What is told
    nowhere and cannot be in a merged line is known to be nothing.
    """
    leaves = frozenset(LEAVES_OF[table["dimension"]])
    lines, named = [(leaves, table["total"]["records"])], set[Path]()
    for group in table["groups"]:
        members = frozenset(leaf for leaf in leaves if leaf[0] == group["code"])
        if group["code"] is None:
            told = {one["code"] for one in table["groups"]}
            members = frozenset(leaf for leaf in leaves if leaf[0] not in told)
        lines.append((members, group["records"]))
        named |= members
        alone = frozenset((group["code"], cell["code"]) for cell in group["cells"] if cell["code"])
        for cell in group["cells"]:
            held = members - alone if cell["code"] is None else frozenset([(group["code"], cell["code"])])
            lines.append((held, cell["records"]))
        if group["cells"] and all(cell["code"] for cell in group["cells"]):
            lines.append((members - alone, 0))
    lines.append((leaves - named, 0))
    return lines


def stands_in(dimension: str, leaves: frozenset[Path]) -> Holds:
    """Tells whether an unknown is counted in one of these leaves."""
    return lambda one: one.path(dimension) in leaves


def is_of(state: str) -> Holds:
    """Tells whether an unknown is this State's."""
    return lambda one: one.state == state


def hidden_leaves(table: dict[str, Any]) -> frozenset[Path]:
    """The leaves that have no line of their own and may hold something."""
    lines = lines_of(table)
    settled = {leaf for held, number in lines if not number or len(held) == 1 for leaf in held}
    return frozenset(LEAVES_OF[table["dimension"]]) - settled


class Attacker:
    """All published tables of one measure as equations, with the records of a State where it is one;
    ``in_whole_numbers``: it minds that records are not divided, which takes longer.
    """

    def __init__(
        self, document: dict[str, Any], own: Iterable[Entry] = (), *, in_whole_numbers: bool = False
    ) -> None:
        own = list(own)
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        known = {one: 0 for one in UNKNOWNS if own and one.state == own[0].participant}
        for entry in own:
            known[unknown_of(entry)] += 1
        most = document["tables"][0]["total"]["records"]
        for one in UNKNOWNS:
            self._solver.addVar(known.get(one, 0), known.get(one, most))
        if in_whole_numbers:
            whole = np.array([highspy.HighsVarType.kInteger] * len(UNKNOWNS))
            self._solver.changeColsIntegrality(len(whole), np.arange(len(whole), dtype=np.int32), whole)
        for table in document["tables"]:
            for leaves, number in lines_of(table):
                self._say(stands_in(table["dimension"], leaves), number)

    def bounds(self, holds: Holds) -> tuple[float, float]:
        """The least and the most records for which ``holds`` may be true."""
        costs = np.array([float(holds(one)) for one in UNKNOWNS])
        self._solver.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
        return self._best(highspy.ObjSense.kMinimize), self._best(highspy.ObjSense.kMaximize)

    def _say(self, holds: Holds, number: int) -> None:
        columns = [place for place, one in enumerate(UNKNOWNS) if holds(one)]
        self._solver.addRow(number, number, len(columns), np.array(columns, np.int32), np.ones(len(columns)))

    def _best(self, sense: Any) -> float:
        self._solver.changeObjectiveSense(sense)
        self._solver.run()
        assert self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return round(self._solver.getInfo().objective_function_value, 6)
