"""Who takes part in the exercise, and where they are. All of it is made up.

ISO 3166 keeps the codes XAA to XZZ for private use: no country or area ever gets one of them, so an exercise
record can never be taken for a real one.
"""

from dataclasses import dataclass
from typing import Any, Final

from lcm_service.services.data_files import codes_in, names_in, read_rows

PARTICIPANTS: Final = "exercise_participants.csv"


@dataclass(frozen=True, slots=True)
class ExerciseParticipant:
    """A made-up participant.

    ``languages`` are those in which its trainees can be taught, or its trainers teach, the best first.
    ``place`` is absent for an entity that is at home nowhere. ``teams`` and ``seats`` are its limits over a
    round; only those that state one of them provide.
    """

    code: str
    kind: str
    place: str | None
    regions: tuple[str, ...]
    languages: tuple[str, ...]
    teams: int | None
    seats: int | None

    @property
    def provides(self) -> bool:
        return self.teams is not None or self.seats is not None


def read_participants() -> tuple[ExerciseParticipant, ...]:
    """Everyone who takes part, in the order of the file, which the draws rely on."""
    return tuple(
        ExerciseParticipant(
            code=row["code"],
            kind=row["kind"],
            place=row["place"] or None,
            regions=tuple(codes_in(row["regions"])),
            languages=tuple(codes_in(row["languages"])),
            teams=number_in(row["teams"]),
            seats=number_in(row["seats"]),
        )
        for row in read_rows(PARTICIPANTS)
    )


def region_rows() -> list[dict[str, Any]]:
    """The made-up regions, as rows of the reference list."""
    return [{"code": row["code"], "names": names_in(row)} for row in read_rows("exercise_regions.csv")]


def place_rows() -> list[dict[str, Any]]:
    """The made-up place of each State, under the State's code and name."""
    return [
        {
            "code": row["code"],
            "regions": codes_in(row["regions"]),
            "names": names_in(row),
            "is_fictional": True,
        }
        for row in read_rows(PARTICIPANTS)
        if row["kind"] == "member_state"
    ]


def participant_rows() -> list[dict[str, Any]]:
    """Everyone who takes part, as rows of the reference list."""
    return [
        {
            "code": row["code"],
            "kind": row["kind"],
            "names": names_in(row),
            "place_code": row["place"] or None,
            "groups": codes_in(row["groups"]),
            "teams": number_in(row["teams"]),
            "seats": number_in(row["seats"]),
            "is_fictional": True,
        }
        for row in read_rows(PARTICIPANTS)
    ]


def number_in(text: str) -> int | None:
    """The whole number in a cell; an empty cell is no limit."""
    return int(text) if text else None
