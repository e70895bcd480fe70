"""Exercise 2027: a round of made-up participants, complete enough to show everything that matching does.

The same seed gives the same records. No participant, place or person of it exists.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_coordinate
from lcm_service.domain.sentences import sentence
from lcm_service.persistence.database import transaction
from lcm_service.persistence.tables import Participant, Place, Region
from lcm_service.services.data_files import read_document
from lcm_service.services.exercise_draws import Draws
from lcm_service.services.exercise_records import DrawnRecord, draw_records
from lcm_service.services.exercise_world import participant_rows, place_rows, read_participants, region_rows
from lcm_service.services.reference_lists import put_rows
from lcm_service.services.round_loading import (
    LoadedRound,
    add_record,
    add_round,
    is_loaded,
    participants_by_code,
)

ROUND_CODE: Final = "exercise-2027"
SEED: Final = 2027
ROUND: Final[dict[str, Any]] = {
    "code": ROUND_CODE,
    "title": "Exercise 2027",
    "standing": "exercise",
    "opens_on": date(2026, 11, 1),
    "closes_on": date(2027, 12, 31),
}
DATE_FIELDS: Final = ("earliest", "latest", "starts_on", "ends_on", "not_before", "not_after")


def load_exercise(actor: Actor, seed: int = SEED) -> LoadedRound:
    """Load the exercise, unless it is there already.

    The training areas have to be loaded before. Raises NotAllowed unless the actor coordinates.
    """
    if not may_coordinate(actor):
        raise NotAllowed(sentence("Only coordinators load a round."))
    with transaction() as session:
        if is_loaded(session, ROUND_CODE):
            return LoadedRound(ROUND_CODE, was_loaded=False, records={})
        put_rows(session, Region, region_rows())
        put_rows(session, Place, place_rows())
        put_rows(session, Participant, participant_rows(), key=("code",))
        round_ = add_round(session, actor, **ROUND)
        participants = participants_by_code(session)
        counts: Counter[str] = Counter()
        for record in make_exercise(seed):
            owner = participants[record.participant]
            add_record(session, actor, record.kind, round_, owner, record.fields, **record.recognised)
            counts[record.kind] += 1
    return LoadedRound(ROUND_CODE, was_loaded=True, records=dict(counts))


def make_exercise(seed: int = SEED) -> list[DrawnRecord]:
    """Every record of the exercise: the drawn ones, then the deliberate cases."""
    return [*draw_records(Draws(seed), read_participants()), *case_records()]


def read_cases() -> list[dict[str, Any]]:
    """The deliberate cases. Each says what it shows, and what the plan has to make of its needs."""
    cases: list[dict[str, Any]] = read_document("exercise_cases.json")
    return cases


def case_records() -> Iterator[DrawnRecord]:
    """The records of the deliberate cases; the seats and priorities that they ask for are recognised."""
    for case in read_cases():
        for kind in ("offer", "need", "support"):
            for stated in case.get(f"{kind}s", ()):
                fields = {
                    name: with_days(name, value) for name, value in stated.items() if name != "participant"
                }
                yield DrawnRecord(kind, stated["participant"], fields, recognised_of(kind, fields))


def recognised_of(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A need of a deliberate case is recognised as it is asked."""
    if kind != "need":
        return {}
    return {"seats_recognised": fields["seats_asked"], "priority_recognised": fields["priority_asked"]}


def with_days(name: str, value: Any) -> Any:
    """A value of a case with its days read as dates."""
    if name == "sessions":
        return [{key: with_days(key, day) for key, day in one.items()} for one in value]
    return date.fromisoformat(value) if name in DATE_FIELDS and value is not None else value
