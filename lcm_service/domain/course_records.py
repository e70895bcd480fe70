"""The record of a course: what share of the gaps that it was to close it has closed, as recipients say.

It is told in steps. A step takes in at least five assessments by three recipients that no step before took
in, so that nobody can tell from how the record moved what one recipient has said.
"""

from collections.abc import Collection
from typing import Final

FEWEST_ASSESSMENTS: Final = 5
FEWEST_RECIPIENTS: Final = 3

# What an answer counts, in halves: a gap that was closed in part is half a gap closed.
HALVES: Final = {"yes": 2, "in_part": 1, "no": 0}


def is_a_step(recipients: Collection[int]) -> bool:
    """Whether assessments by these recipients, one entry for each assessment, are enough for a step."""
    return len(recipients) >= FEWEST_ASSESSMENTS and len(set(recipients)) >= FEWEST_RECIPIENTS


def share_closed(answers: Collection[str]) -> int:
    """The share of gaps closed, in whole percent, halves rounded up. Raises ZeroDivisionError for none."""
    return (sum(HALVES[answer] for answer in answers) * 100 + len(answers)) // (2 * len(answers))
