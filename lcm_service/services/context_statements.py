"""What public sources say of needs that no State has expressed for itself: gaps that the UN names, for one.

None of it is a need, and none enters a matching. It is read beside the activities, by whoever plans what to
offer.
"""

from dataclasses import dataclass
from typing import Any

from lcm_service.domain.errors import NotAllowed
from lcm_service.domain.permissions import Actor, may_see_activities
from lcm_service.domain.sentences import sentence
from lcm_service.services.data_files import read_document
from lcm_service.services.sourced_records import source_lines, source_of


@dataclass(frozen=True, slots=True)
class ContextStatement:
    """A statement that is no record of the mechanism but says what many need: a gap that the UN names."""

    statement: str
    areas: tuple[str, ...]
    named_by: str
    because: str
    source: dict[str, Any]


def list_context_statements(actor: Actor) -> list[ContextStatement]:
    """The statements, in the order of their list. Raises NotAllowed for whoever may not see activities."""
    if not may_see_activities(actor):
        raise NotAllowed(sentence("What sources say of needs is read by those who take part."))
    lines = source_lines()
    return [
        ContextStatement(
            statement=lines[entry["record"]]["statement"],
            areas=tuple(lines[entry["record"]]["areas"].split("|")),
            named_by=lines[entry["record"]]["participant_as_stated"],
            because=entry["because"],
            source=source_of(lines[entry["record"]]),
        )
        for entry in read_document("sourced_records.json")
        if entry["becomes"] == "context"
    ]
