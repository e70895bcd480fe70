"""Where the records of a round come from, and the notice that every page and export of it carries.

The code travels with every export; the sentence is English and is translated by the pages.
"""

from collections.abc import Mapping
from typing import Final

from lcm_service.domain.vocabulary import ROUND_STANDINGS

NOTICES: Final[Mapping[str, str]] = {
    "submitted": "Submitted to the mechanism. Restricted: not for publication.",
    "public_sources": (
        "The records of this round are taken from public sources. They were not submitted to the mechanism "
        "and are not confirmed by the State named."
    ),
    "exercise": "EXERCISE: all participants, needs and offers of this round are invented.",
}

# Of what was submitted the records stay restricted, and the figures are public.
NOTICE_OF_FIGURES: Final = (
    "Figures of what was submitted to the mechanism. The records themselves are restricted and are not told."
)

assert set(NOTICES) == set(ROUND_STANDINGS)


def notice_of(standing: str) -> str:
    """The sentence for a round's standing. Raises KeyError for a standing that is not listed."""
    return NOTICES[standing]


def notice_of_figures(standing: str) -> str:
    """The sentence for public figures of a round with this standing. Raises as `notice_of`."""
    return NOTICE_OF_FIGURES if standing == "submitted" else notice_of(standing)
