"""What a plan assumes where nobody has said: seats that are planned with and are nobody's statement."""

from collections.abc import Mapping
from typing import Any


def are_seats_assumed(assignment: Mapping[str, Any]) -> bool:
    """Whether the seats of a whole ``lcm-plan/1`` assignment rest on a number that nobody has stated.

    Where a need does not say how many it asks for, or a session how many it has, the optimizer plans with
    ``planning_seats`` (docs/matching.md, section 2) and asks. An excerpt that was cut to one participant
    lacks the questions of the other side, so it cannot be read here.
    """
    return any(question["field"] == "seats" for question in assignment["questions"])
