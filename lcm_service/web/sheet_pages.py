"""An empty sheet for each kind of record, and the page to which it is sent when it is filled in."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from babel import Locale
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from lcm_service.domain.permissions import Actor
from lcm_service.reports.sheet_lines import Unreadable
from lcm_service.reports.sheet_reading import read_lines
from lcm_service.reports.sheet_writing import Words, write_book
from lcm_service.services import rounds, sheets
from lcm_service.web import sheet_columns
from lcm_service.web.fields import Field, FormView, Section, read_values
from lcm_service.web.record_flow import RecordPages
from lcm_service.web.record_kinds import RecordKind
from lcm_service.web.refusals import in_words
from lcm_service.web.saving import Page
from lcm_service.web.shared_fields import OWNER
from lcm_service.web.sheet_columns import FILE_FAULTS, Refused
from lcm_service.web.showing import current_actor, page_language

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a form may hold, less what is sent around the file.
MOST_FILE_BYTES: Final = 900_000
FILE = Section(
    lazy_gettext("Your file"),
    (
        Field(
            "file",
            lazy_gettext("The sheet that you have filled in"),
            "file",
            hint=lazy_gettext("A file of the kind .xlsx or .csv, with at most 500 rows and 900 kilobytes."),
        ),
    ),
)


@dataclass(frozen=True)
class SheetPages:
    """The sheets of one kind of record. The name of each method is the name of its endpoint."""

    pages: RecordPages

    @property
    def kind(self) -> RecordKind:
        return self.pages.kind

    def add_to(self, bp: Blueprint) -> None:
        """Give the area the addresses of its sheets."""
        of_round = f"/rounds/<code>/{self.kind.area}/sheet"
        bp.get(of_round)(self.ask_sheet)
        bp.post(of_round)(self.send_sheet)
        bp.get(f"{of_round}/empty.xlsx")(self.empty_sheet)

    def ask_sheet(self, code: str) -> str:
        """An empty sheet to take, and the place to which a filled one is sent."""
        return self._show(code, FormView(self._sections(current_actor())))

    def empty_sheet(self, code: str) -> Response:
        """A sheet to fill in, in the reader's language."""
        self.pages.sections_of_new(current_actor())
        rounds.find_round(current_actor(), code)
        sections = self.kind.form.sections
        data = write_book(
            sheet_columns.columns_of(sections), [sheet_columns.example_of(sections)], words_of(self.kind)
        )
        return book_answer(data, f"lcm-{self.kind.area}-{page_language()}.xlsx")

    def send_sheet(self, code: str) -> Page:
        """Read a filled sheet and let it wait; what would be made of it is shown before anything is."""
        actor = current_actor()
        sections = self._sections(actor)
        values, faults = read_values(sections[:-1], request.form)
        rounds.find_round(actor, code)
        try:
            content = self._read_file()
        except (Refused, Unreadable) as refusal:
            faults["file"] = [in_words(FILE_FAULTS[refusal.code])]
            view = FormView(sections, values, faults)
            return self._show(code, view), HTTPStatus.UNPROCESSABLE_ENTITY
        owner = values.get("participant") or actor.participant_code or ""
        sheet = sheets.store_sheet(actor, self.kind.name, owner, code, content)
        return redirect(url_for("sheets.show", sheet_key=sheet.key), HTTPStatus.SEE_OTHER)

    def _read_file(self) -> dict[str, Any]:
        """What the file holds that was sent. Raises Refused and Unreadable."""
        file = request.files.get("file")
        data = file.read(MOST_FILE_BYTES + 1) if file else b""
        if not data:
            raise Refused("no_file")
        if len(data) > MOST_FILE_BYTES:
            raise Refused("too_large")
        return sheet_columns.read_rows(self.kind.form.sections, read_lines(data), sheets.MOST_ROWS)

    def _sections(self, actor: Actor) -> tuple[Section, ...]:
        """A coordinator also says for whom the rows are; raises NotAllowed for who submits nothing."""
        asked = self.pages.sections_of_new(actor)
        return (OWNER, FILE) if OWNER in asked else (FILE,)

    def _show(self, code: str, view: FormView) -> str:
        round_ = rounds.find_round(current_actor(), code)
        return render_template("sheets/send.html", kind=self.kind, round=round_, form=view)


def words_of(kind: RecordKind) -> Words:
    """What a book of this kind says beside its columns."""
    return Words(
        str(kind.plural),
        _("Answers"),
        (_("Field"), _("Code"), _("Answer")),
        (
            _("These are the answers that may be given. Write the answer or its code."),
            _("Several answers stand in one cell, with a semicolon between them; the best one comes first."),
            _("Leave a cell empty where you do not know yet. It is a real answer, and is asked again later."),
            _("Write days so: 2027-03-31."),
        ),
        Locale.parse(page_language()).text_direction == "rtl",
    )


def book_answer(data: bytes, name: str) -> Response:
    """A book as a file that the browser keeps."""
    response = Response(data, mimetype=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
