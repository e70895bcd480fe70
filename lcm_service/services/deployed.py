"""What a State asks for, beside what it deploys: a flag for coordinators and for the State itself.

Whoever asks for more gets more, so an ask that is far above what a State sends to missions is looked at
before it is recognised. It is a flag and never a refusal: a State may well be about to deploy more. What is
not known is said to be not known.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from lcm_service.domain.permissions import Actor
from lcm_service.services.data_files import read_rows
from lcm_service.services.need_records import list_needs

# All seats that a State asks in a round, over this share of the uniformed personnel it deploys: far above.
FAR_ABOVE_PERCENT: Final = 50


@dataclass(frozen=True, slots=True)
class Deployed:
    """Uniformed personnel of a State in peace operations: how many, when, and who says so."""

    personnel: int
    as_of: str
    publisher: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The seats for uniformed personnel that a participant asks in a round, beside what it deploys."""

    seats: int
    deployed: Deployed | None

    @property
    def is_far_above(self) -> bool:
        """Whether the seats are more than the share; of what is not known nothing can be said."""
        return self.deployed is not None and self.seats * 100 > self.deployed.personnel * FAR_ABOVE_PERCENT


@cache
def figures() -> Mapping[str, Deployed]:
    """What the sourced table knows, by the code of the State."""
    return {
        row["code"]: Deployed(int(row["personnel"]), row["as_of"], row["publisher"])
        for row in read_rows("uniformed_personnel.csv")
    }


def weigh_asks(actor: Actor, round_code: str, participant_code: str | None = None) -> dict[str, Ask]:
    """What each participant asks in a round, by its code, as far as the actor may see its needs.

    Needs for civilians alone are left out, and seats that nobody has stated count nothing. Raises as
    `need_records.list_needs`.
    """
    seats = Counter[str]()
    for need in list_needs(actor, round_code, participant_code=participant_code, only_live=True):
        is_uniformed = need.personnel != ["civilian"]
        seats[need.participant.code] += (need.seats_asked or 0) if is_uniformed else 0
    return {code: Ask(number, figures().get(code)) for code, number in seats.items()}
