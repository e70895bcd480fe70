"""A solver's word on pins, within what is left of the time for the whole search."""

from dataclasses import dataclass, replace

from optimizer.clock import Clock
from optimizer.errors import NoPlanFound
from optimizer.model.program import PulpProgram
from optimizer.solving.solvers import Attempt, Effort, run


@dataclass(frozen=True, slots=True)
class Asker:
    """How to ask, and the seconds that all that is asked may take together."""

    effort: Effort
    clock: Clock

    def ask(self, program: PulpProgram, effort: Effort) -> Attempt:
        """Return how a run ended.

        Raises
        ------
        NoPlanFound: time ran out. What a run leaves open then is no word on any pin or limit.
        """
        left = self.clock.left()
        attempt = None if left == 0.0 else run(program, replace(effort, seconds=left))
        if attempt is None or attempt.ending == "time_limit":
            raise NoPlanFound("time ran out before it was known which pins clash")
        return attempt
