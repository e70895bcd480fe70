"""Where one model does not close at once: a plan that is good for all objectives together, to begin from.

Solving for one objective alone leaves the later ones wherever they happen to fall, and in a large round the
next solve then spends its time on finding a plan instead of proving one. So in between, the objectives that
are still to come are maximised together, weighted by about what a seat is worth in each, with those already
solved held.
It proves nothing and decides nothing: it only hands the next solve a better plan to begin with.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from optimizer.model.program import PulpProgram
from optimizer.model.vectors import Draft
from optimizer.solving.prepared import WEIGHTS, PreparedRound
from optimizer.solving.solvers import Effort, run

# Smaller rounds are solved before this would pay; in larger ones its relaxation alone would take minutes.
MIN_PAIRS: Final = 1_500
MAX_PAIRS_OF_ONE_MODEL: Final = 20_000
# Enough for a good plan; the rest is the work of the solves that prove.
RELATIVE_GAP: Final = 0.01
MAX_NODES: Final = 1


class Polisher:
    """Improves a plan for all objectives that are still to come, in a program of its own.

    The program holds every objective's columns, which would only burden the solves for one of them.
    """

    def __init__(self, prepared: PreparedRound, effort: Effort) -> None:
        self._model = prepared.model
        self._effort = effort
        self._terms = dict(zip(prepared.names, prepared.terms, strict=True))
        self._program = PulpProgram(self._model.program)

    def hold(self, name: str, value: int) -> None:
        """Hold an objective from now on."""
        self._model.hold(self._terms[name], value)
        self._program.extend()

    def polish(self, draft: Draft, names: Sequence[str], seconds: float | None) -> Draft:
        """Return a plan that is better for these objectives together, or the same plan.

        ``draft`` obeys the program, and so does what is returned.
        """
        weighed = self._weigh(names)
        self._program.set_objective(sorted(weighed.items()))
        start = self._model.vector_of(draft)
        for columns in self._model.model.columns:
            # Nothing is taken away, so what is held stays held and the search is over what can be added.
            self._program.set_bounds(columns.seats, start[columns.seats], columns.most)
        effort = replace(self._effort, seconds=seconds)
        attempt = run(self._program, effort, start=start, relative_gap=RELATIVE_GAP, max_nodes=MAX_NODES)
        found = None if attempt.values is None else self._model.read_draft(attempt.values)
        if found is None:
            return draft
        vector = self._model.vector_of(found)
        is_better = sum(weight * (vector[column] - start[column]) for column, weight in weighed.items()) > 0
        return found if is_better and self._model.program.find_violation(vector) is None else draft

    def _weigh(self, names: Sequence[str]) -> dict[int, int]:
        weighed: dict[int, int] = {}
        for name in names:
            for column, coefficient in self._terms[name].terms:
                weighed[column] = weighed.get(column, 0) + WEIGHTS[name] * coefficient
        return weighed
