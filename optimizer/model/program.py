"""An integer program in whole numbers: columns, rows, and the exact question whether a vector obeys them.

The model is built here first and handed to PuLP in one place (`to_pulp`), for two reasons. A solver's
values are floats within a tolerance, so every plan is rebuilt in whole numbers and checked against these
rows exactly. And rows carry the limit of the contract that they state (`Limit`), so that pins that clash
can be told by name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Final, Literal, NamedTuple

from optimizer.pulp_alone import pulp

Sense = Literal["<=", ">=", "="]
Term = tuple[int, int]  # column number, whole coefficient

# Coefficients up to this reach the solver as they are. Larger ones come from a policy's large weights, which
# mostly share a divisor, and a solver that works in doubles is spared it.
LARGE_COEFFICIENT: Final = 10**6
# A solver calls a column whole that is off by a tolerance: about 1e-6, or 1e-10 where it is asked to be
# strict. That times the largest coefficient must stay well below the least by which values can differ, or it
# takes rows that are broken for kept, and gives up plans that are none the worse. Past the second a bound
# proves nothing; nor does it where sums come near what a double can hold beside such tolerances.
MAX_SPREAD: Final = 10**5
MAX_SPREAD_STRICT: Final = 10**9
MAX_TOLD_APART: Final = 10**12
# A row that holds an objective is looser by a part of a unit, which is the same for whole numbers. Held to
# the last digit, a solver has called a program infeasible that has a plan; looser still, and the relaxation
# gives away what it may: half of a recipient that is reached counts. Large sums are rounded by more.
SLACK_OF_LOCK: Final = 1 / 32
SLACK_OF_LARGE_LOCK: Final = 1 / 2
LARGE_LOCK: Final = 10**9


def slack_of_lock(value: float) -> float:
    """By what part of a unit a row may be looser that holds something at this value."""
    return SLACK_OF_LOCK if abs(value) < LARGE_LOCK else SLACK_OF_LARGE_LOCK


class Limit(NamedTuple):
    """Which limit of the contract a row states: its code (C1..C12), the record and the field."""

    code: str
    record: str
    field: str


@dataclass(frozen=True, slots=True)
class Column:
    """A variable. ``scale`` is the power of two by which the solver's unit is larger than the one here."""

    name: str
    lower: int
    upper: int
    is_integer: bool
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """``sum of coefficient * column  sense  bound``. A row without a limit defines a variable; it binds no
    plan.
    """

    name: str
    terms: tuple[Term, ...]
    sense: Sense
    bound: int
    limit: Limit | None = None
    scale: int = 1
    is_lock: bool = False  # holds an earlier objective

    def holds(self, vector: Sequence[int]) -> bool:
        """Whether a whole vector obeys the row, exactly."""
        total = sum(coefficient * vector[column] for column, coefficient in self.terms)
        if self.sense == "<=":
            return total <= self.bound
        return total >= self.bound if self.sense == ">=" else total == self.bound


def find_common_scale(terms: Sequence[Term]) -> int:
    """By what large coefficients can all be divided without a remainder; 1 where none is large."""
    if max((abs(coefficient) for _, coefficient in terms), default=0) <= LARGE_COEFFICIENT:
        return 1
    return gcd(*(coefficient for _, coefficient in terms))


def spread_of(coefficients: Iterable[int], *others: int) -> int:
    """How many times the largest of these is what whole multiples of them, and of the others, differ by at
    least; 0 where there is none.
    """
    sizes = [abs(coefficient) for coefficient in coefficients if coefficient]
    return max(sizes) // gcd(*sizes, *others) if sizes else 0


def is_told_apart(terms: Sequence[Term], largest_value: int) -> bool:
    """Whether a solver that works in doubles can tell every two values of these terms apart, up to
    ``largest_value``.
    """
    spread = spread_of(coefficient for _, coefficient in terms)
    return spread <= MAX_SPREAD_STRICT and abs(largest_value) // find_common_scale(terms) < MAX_TOLD_APART


@dataclass(slots=True)
class Program:
    """Columns and rows, in the order in which they were added, which is the order the solver sees."""

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def add_column(
        self, name: str, lower: int, upper: int, *, is_integer: bool = True, scale: int = 1
    ) -> int:
        """Add a variable and return its number."""
        self.columns.append(Column(name, lower, upper, is_integer, scale))
        return len(self.columns) - 1

    def add_row(
        self,
        name: str,
        terms: Sequence[Term],
        sense: Sense,
        bound: int,
        limit: Limit | None = None,
        scale: int = 1,
    ) -> None:
        """Add a row. A row without terms stays: it may be one that nothing can satisfy."""
        self.rows.append(Row(name, tuple(terms), sense, bound, limit, scale))

    def find_spread(self) -> int:
        """The largest spread of any row, over its whole columns."""
        whole = [column.is_integer for column in self.columns]
        most = 0
        for row in self.rows:
            sizes = {abs(coefficient) for at, coefficient in row.terms if whole[at]}
            # Most rows count ones, and their spread is their largest number at most.
            if sizes and max(sizes) > most:
                most = max(most, spread_of(sizes, row.bound))
        return most

    def find_violation(self, vector: Sequence[int]) -> str | None:
        """Return the name of the first column or row that a whole vector breaks, or ``None``."""
        for column, value in zip(self.columns, vector, strict=True):
            if not column.lower <= value <= column.upper:
                return column.name
        return next((row.name for row in self.rows if not row.holds(vector)), None)

    def to_pulp(self) -> "PulpProgram":
        """Build the PuLP model of what is there now; later rows are added through the result."""
        return PulpProgram(self)


class PulpProgram:
    """The PuLP twin of a `Program`: the same columns by number, and one objective at a time."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.problem = pulp.LpProblem("round", pulp.LpMaximize)
        self.variables: list[pulp.LpVariable] = []
        self.is_contradictory = False
        # One unit of what the solver maximises, in units of the objective that was set.
        self.objective_scale = 1
        self._rows_added = 0
        self.extend()

    def extend(self) -> None:
        """Add whatever the program has gained since the last time."""
        for column in self.program.columns[len(self.variables) :]:
            category: Literal["Integer", "Continuous"] = "Integer" if column.is_integer else "Continuous"
            lower, upper = column.lower / column.scale, column.upper / column.scale
            self.variables.append(self.problem.add_variable(column.name, lower, upper, category))
        for row in self.program.rows[self._rows_added :]:
            self._add_row(row)
        self._rows_added = len(self.program.rows)

    def _add_row(self, row: Row) -> None:
        if not row.terms:
            # Solvers do not agree on what to do with an empty row, so it is judged here.
            self.is_contradictory |= not row.holds([])
            return
        expression = self._expression(row.terms, row.scale)
        bound = row.bound / row.scale
        if row.sense == "<=":
            constraint = expression <= bound
        elif row.sense == ">=":
            constraint = expression >= (bound - slack_of_lock(bound) if row.is_lock else bound)
        else:
            constraint = expression == bound
        self.problem.addConstraint(constraint, row.name)

    def set_objective(self, terms: Sequence[Term]) -> None:
        """Maximise these terms, divided by what they have in common where they are large."""
        self.objective_scale = find_common_scale(terms)
        self.problem.setObjective(self._expression(terms, self.objective_scale))

    def set_bounds(self, column: int, lower: int, upper: int) -> None:
        """Change the bounds of a column in its own units."""
        scale = self.program.columns[column].scale
        self.variables[column].bounds(lower / scale, upper / scale)

    def narrow_to(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        """Hold each whole column within these bounds, in its own units."""
        for position, column in enumerate(self.program.columns):
            if column.is_integer:
                self.set_bounds(position, round(lower[position]), round(upper[position]))

    def reset_bounds(self) -> None:
        """Give every column its own bounds again."""
        for position, column in enumerate(self.program.columns):
            self.set_bounds(position, column.lower, column.upper)

    def set_start(self, vector: Sequence[int] | None) -> None:
        """Give every variable its starting value, or none of them: a part of a vector has misled a solver."""
        for position, variable in enumerate(self.variables):
            scale = self.program.columns[position].scale
            variable.varValue = None if vector is None else vector[position] / scale

    def values(self) -> list[float | None]:
        """What the solver left in each column, in the program's own units; ``None`` where it left nothing."""
        return [
            None if variable.varValue is None else variable.varValue * column.scale
            for variable, column in zip(self.variables, self.program.columns, strict=True)
        ]

    def _expression(self, terms: Sequence[Term], scale: int) -> pulp.LpAffineExpression:
        columns, variables = self.program.columns, self.variables
        scaled = [
            (variables[column], coefficient * columns[column].scale / scale) for column, coefficient in terms
        ]
        return pulp.LpAffineExpression.from_list(scaled)
