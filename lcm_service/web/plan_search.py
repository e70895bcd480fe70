"""Looking through the matches of a plan or a round for a reference, a participant or a title."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lcm_service.services.match_views import MatchView
from lcm_service.web import showing
from lcm_service.web.plan_view import Document, Names, QuestionsOfRecord, question_rows


@dataclass(frozen=True)
class RowsOfPlan:
    """The rows of a plan's tables, all of them or those that were looked for."""

    matches: Sequence[Document]
    questions: Sequence[QuestionsOfRecord]
    unmet: Sequence[Document]
    sessions: Sequence[Document]

    @property
    def is_empty(self) -> bool:
        return not (self.matches or self.questions or self.unmet or self.sessions)


def rows_of_plan(names: Names, document: Document, wanted: str) -> RowsOfPlan:
    """The rows that name what is ``wanted``, in any case, by reference, participant or title as they are
    shown to the reader: every word of it, in one row. Nothing wanted leaves all.
    """
    search = _Search(names, wanted)
    return RowsOfPlan(
        search.keep(document.get("assignments"), lambda row: search.says(row["need"], row["session"])),
        search.keep(question_rows(names, document), search.names_record),
        search.keep(document.get("unmet"), lambda row: search.says(row["need"], None)),
        search.keep(document.get("sessions"), lambda row: search.says(None, row["id"])),
    )


def is_named(wanted: str, text: str) -> bool:
    """Whether the text holds every word that is wanted, in any case; nothing wanted is named by all."""
    said = text.casefold()
    return all(word in said for word in wanted.casefold().split())


def text_of_match(match: MatchView) -> str:
    """What the reader reads of a match in a list, for the search."""
    recipient = showing.text_of(match.need.names, match.need.recipient)
    provider = showing.text_of(match.offer.names, match.offer.provider)
    return " ".join(
        (
            match.need_reference,
            match.session_code,
            match.session.title or "",
            match.need.recipient,
            recipient,
            match.offer.provider,
            provider,
        )
    )


class _Search:
    """What the rows of one plan say, looked up once for each need and each session."""

    def __init__(self, names: Names, wanted: str) -> None:
        self._names, self._wanted = names, wanted
        self._said: dict[tuple[str, str], str] = {}

    def keep[Row](self, rows: Sequence[Row] | None, text_of: Callable[[Row], str]) -> Sequence[Row]:
        if not self._wanted:
            return list(rows or ())
        return [row for row in rows or () if is_named(self._wanted, text_of(row))]

    def says(self, need: str | None, session: str | None) -> str:
        parts = []
        if need is not None:
            parts.append(self._text("needs", need, "recipient"))
        if session is not None:
            parts.append(self._text("sessions", session, "provider"))
        return " ".join(parts)

    def names_record(self, row: QuestionsOfRecord) -> str:
        kind = {"need": "needs", "offer": "sessions"}.get(row.kind)
        owner = {"needs": "recipient", "sessions": "provider"}.get(kind or "", "")
        if kind is None or row.record not in (self._names.labels.get(kind) or {}):
            return f"{row.record} {row.reference} {row.title}"
        return f"{self._text(kind, row.record, owner)} {row.reference} {row.title}"

    def _text(self, kind: str, code: str, owner: str) -> str:
        """Code, title and participant of a need or a session; a session's offer is in its code."""
        if (kind, code) not in self._said:
            label: Any = (self._names.labels.get(kind) or {}).get(code) or {}
            participant = label.get(owner) or ""
            known = (self._names.labels.get("participants") or {}).get(participant)
            self._said[kind, code] = (
                f"{code} {label.get('title') or ''} {participant} {showing.text_of(known, participant)}"
            )
        return self._said[kind, code]
