"""A participant's calendar: a page, and a file that calendar programs read (iCalendar, RFC 5545)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext as _
from icalendar import Calendar, Event

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
    """The same for a calendar program. It names no need and nothing else that is restricted: such files are
    passed on.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Light Coordination Mechanism//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Light Coordination Mechanism"))
    for one in calendar_of(current_actor()):
        calendar.add_component(_event(one))
    answer = Response(calendar.to_ical(), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=lcm-calendar.ics"
    return answer


def _event(entry: CalendarEntry) -> Event:
    """A whole day or several. Its name stays when it moves, so that a program that reads the file again moves
    it too.
    """
    event = Event()
    event.add("uid", f"{entry.kind}-{entry.record_id}@{urlsplit(_root()).netloc}")
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", entry.first)
    # The end is the first day after it (RFC 5545, 3.6.1).
    event.add("dtend", entry.last + timedelta(days=1))
    event.add("summary", f"{said(entry)}: {entry.title}")
    if entry.place:
        event.add("location", showing.text_of(showing.place_names().get(entry.place), entry.place))
    event.add("url", _root() + address_of(entry))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if entry.kind in DEADLINES else "OPAQUE")
    return event


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
