"""A participant's calendar: a page, and a file that calendar programs read (iCalendar, RFC 5545)."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext as _

from lcm_service.reports.calendar_file import EventRow, write_calendar
from lcm_service.services.calendar import CalendarEntry, calendar_of
from lcm_service.web import showing, words
from lcm_service.web.showing import current_actor

# Where an entry leads: the page of the match, the part or the proposal.
PAGES: Final = {
    "course": ("matches.show", "match_id"),
    "answer": ("matches.show", "match_id"),
    "support": ("parts.show", "part_id"),
    "answer_part": ("parts.show", "part_id"),
    "answer_dates": ("dates.show", "proposal_id"),
}
DEADLINES: Final = ("answer", "answer_part", "answer_dates")

bp = Blueprint("calendar", __name__)


@bp.get("/calendar")
def show() -> str:
    """What is to be answered, and the courses that are to come and that were, by day."""
    entries = calendar_of(current_actor())
    today = showing.today()
    courses = [one for one in entries if one.kind not in DEADLINES]
    return render_template(
        "calendar/show.html",
        deadlines=[one for one in entries if one.kind in DEADLINES],
        to_come=[one for one in courses if one.last >= today],
        over=[one for one in courses if one.last < today],
        address_of=address_of,
        said=said,
    )


@bp.get("/calendar.ics")
def file() -> Response:
    """The same for a calendar program. It names no need, and nobody else who takes part."""
    # The day is enough to say from when it is; a moment would make every file another one.
    made_at = datetime.combine(showing.today(), time.min, UTC)
    text = write_calendar(_("Light Coordination Mechanism"), _rows(calendar_of(current_actor())), made_at)
    answer = Response(text, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=lcm-calendar.ics"
    return answer


def _rows(entries: Iterable[CalendarEntry]) -> list[EventRow]:
    """A course keeps its name whatever becomes of its matches, as long as it is one course to its reader."""
    rows, named = [], Counter[str]()
    for one in entries:
        name = f"{one.kind}-{one.record_id}"
        if one.kind not in DEADLINES:
            name = f"{one.kind}-{one.round_code}-{one.session_code}-{one.side or 'supporter'}"
            named[name] += 1
            name += f"-{named[name]}"
        rows.append(_row(one, name))
    return rows


def _row(entry: CalendarEntry, name: str) -> EventRow:
    return EventRow(
        name=f"{name}@{urlsplit(_root()).netloc}",
        first=entry.first,
        last=entry.last,
        summary=f"{said(entry)}: {entry.title}",
        address=_root() + address_of(entry),
        place=showing.text_of(showing.place_names().get(entry.place), entry.place) if entry.place else None,
        is_busy=entry.kind not in DEADLINES,
    )


def address_of(entry: CalendarEntry) -> str:
    """The page to which the entry leads."""
    endpoint, name = PAGES[entry.kind]
    values: dict[str, Any] = {name: entry.record_id}
    return url_for(endpoint, **values)


def _root() -> str:
    """The address of the service, as its operator has written it; else as it was asked for."""
    return str(current_app.config["SETTINGS"].read_address() or request.host_url.rstrip("/"))


def said(entry: CalendarEntry) -> str:
    """What the entry is, in a word or two."""
    if entry.kind == "course":
        return str(words.word("side", entry.side or ""))
    sentences = {
        "support": _("Support"),
        "answer": _("Answer to the match by this day"),
        "answer_part": _("Answer about your part by this day"),
        "answer_dates": _("Answer about other dates by this day"),
    }
    return str(sentences[entry.kind])
