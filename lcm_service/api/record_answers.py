"""Records as the API shows them."""

from typing import Any, cast

from lcm_service.api.calls import caller, etag_of, next_part
from lcm_service.domain.completeness import missing_fields
from lcm_service.domain.record_fields import RECORD_FIELDS, column_of
from lcm_service.domain.standing import notice_of
from lcm_service.services import submissions

ADDED = ("reference", "state", "version", "source", "created_at", "changed_at")
ADDED_TO_NEEDS = ("seats_recognised", "priority_recognised", "recognition_reason")
OF_SESSIONS = ("key", "starts_on", "ends_on", "seats", "place_code", "is_withdrawn")


def shown(kind: str, record: Any) -> dict[str, Any]:
    """A record with what is still to be asked about it."""
    names = (*RECORD_FIELDS[kind], *ADDED, *(ADDED_TO_NEEDS if kind == "need" else ()))
    values = {name: getattr(record, column_of(name)) for name in names}
    values["state"] = submissions.state_for(caller(), record)
    if kind == "offer":
        values["sessions"] = [
            {name: getattr(row, name) for name in OF_SESSIONS} | {"code": f"{record.reference}-{row.key}"}
            for row in record.sessions
        ]
    return (
        values
        | marks_of(record.round.standing)
        | {
            "participant": record.participant.code,
            "round": record.round.code,
            "still_to_ask": missing_fields(kind, record),
        }
    )


def marks_of(standing: str) -> dict[str, str]:
    """What every row of a round carries: where it comes from, and the notice that goes with that."""
    return {"standing": standing, "notice": notice_of(standing)}


def marked[Row](row: Row, standing: str) -> Row:
    """A row of a service as its answer is written from, with the marks of its round."""
    return cast(Row, _Marked(row, marks_of(standing)))


class _Marked:
    """Reads as the row does, with its marks beside it; rows of the database take no attributes of others."""

    def __init__(self, row: object, marks: dict[str, str]) -> None:
        self._row, self._marks = row, marks

    def __getattr__(self, name: str) -> Any:
        return self._marks[name] if name in self._marks else getattr(self._row, name)


def answer(kind: str, record: Any, status: int = 200) -> tuple[dict[str, Any], int, dict[str, str]]:
    """One record with its ETag; a new one (201) with its address."""
    headers = etag_of(record.version)
    if status == 201:
        headers["Location"] = f"/api/v1/{kind}s/{record.reference}"
    return shown(kind, record), status, headers


def answer_part(kind: str, records: list[Any], query: dict[str, Any]) -> dict[str, Any]:
    """A part of a list, read with one record more than asked for, to know whether the list goes on."""
    limit = query.pop("limit")
    return {
        "items": [shown(kind, record) for record in records[:limit]],
        "next": next_part(records, limit, query),
    }


def choice_of(query: dict[str, Any]) -> dict[str, Any]:
    """The words of a query in the words of the services."""
    return {
        "participant_code": query.get("participant"),
        "only_live": query.get("live", False),
        "after": query.get("after"),
        "limit": query["limit"] + 1,
    }
