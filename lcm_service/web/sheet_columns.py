"""The columns of a sheet of records, which are the fields of its form, and how its cells are read.

A sheet is read back in whatever language it was made: columns by their keys, else by their names, answers by
their codes or names, in any language of the pages. Whether a value is valid is for the schema to say, as for
a form.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from flask import g
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _

from lcm_service.domain.sentences import Sentence, sentence
from lcm_service.domain.vocabulary import ANY, LANGUAGES_OF_PAGES
from lcm_service.reports.sheet_lines import FORMULA, Line, Lines, Value
from lcm_service.reports.sheet_writing import Column
from lcm_service.web import choices
from lcm_service.web.fields import Field, Section
from lcm_service.web.showing import bare, page_language

# The first column is for remarks, ours or theirs; a row whose remark begins so is not read.
REMARKS, NOT_READ = "remarks", "#"
REMARKS_LABEL = _("Remarks (not read)")
I_DO_NOT_KNOW = _("I don’t know yet")
TITLE = "title"
# Names of fields stand in one of the first lines.
HEAD_LINES = 5
TAKE_ONE: Final = frozenset({"select", "one", "pick", "yes", "yes_no"})
TAKE_SEVERAL: Final = frozenset({"many", "ranked", "picks"})
# In the place of a code where a cell names two answers at once; no list has it, and no cell says it, for
# blanks around a text are not read.
TWO_ANSWERS: Final = " "
# What stands between the signs that part several answers of one cell.
_PARTS: Final = re.compile(r"[^;；؛|\n\r,،、，]+")
MOST_SIGNS_IN_A_NAME: Final = 8
# Each answer of a cell is looked up whenever the sheet is shown; of five hundred rows, two hundred each.
MOST_ANSWERS: Final = 100_000

# What is wrong with a cell before a schema looks at what it says. All but the last, which hangs on what
# answers are called now, are stored with the row as these codes.
CELL_FAULTS: Final[Mapping[str, Sentence]] = {
    "formula": sentence(
        "This cell holds a formula or an error of the spreadsheet. Write there what it says."
    ),
    "joined": sentence(
        "Cells of this row are joined with others. Part them, and write in each row what it says."
    ),
    "two_answers": sentence("Two answers have this name. Write the code of the one that you mean."),
}
# Why a file is not read, by the code of its refusal.
FILE_FAULTS: Final[Mapping[str, Sentence]] = {
    "too_large": sentence("This file is too large to be read at once. Send fewer rows."),
    "too_many_lines": sentence(
        "This sheet goes on for too many lines. Delete the empty ones, and send it again."
    ),
    "too_many_rows": sentence("A sheet holds at most 500 rows. Send the others in another one."),
    "old_format": sentence(
        "This file is of an old format, or has a password. Save it as .xlsx or as CSV UTF-8."
    ),
    "not_a_sheet": sentence("This is no sheet. Send a file of the kind .xlsx or .csv."),
    "not_utf8": sentence("The letters of this file cannot be told. Save it as .xlsx or as CSV UTF-8."),
    "broken": sentence("This file cannot be read: it is damaged, or no sheet. Save it again as .xlsx."),
    "no_columns": sentence(
        "No row of this sheet names the fields. Download an empty sheet, and copy your rows into it."
    ),
    "column_twice": sentence("The same field has two columns in this sheet. Keep one of them."),
    "no_rows": sentence("No row of this sheet is filled in."),
    "no_file": sentence("Choose the file that you have filled in."),
}


class Refused(Exception):
    """A sheet that is not read; ``code`` is one of `FILE_FAULTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Head:
    """Which column of a file is which field, and what stands in columns that are none."""

    number: int
    keys: Mapping[int, str]
    strange: Mapping[int, str] = field(default_factory=dict)


def fields_of(sections: Iterable[Section]) -> dict[str, Field]:
    """The fields that a sheet has columns for."""
    return {one.name: one for section in sections for one in section.fields}


def columns_of(sections: Iterable[Section]) -> list[Column]:
    """The columns to be filled in, in the reader's language."""
    columns = [Column(REMARKS, str(REMARKS_LABEL))]
    for one in fields_of(sections).values():
        columns.append(
            Column(one.name, str(one.label), _answers(one), one.widget in TAKE_ONE, one.widget == "date")
        )
    return columns


def example_of(sections: Iterable[Section]) -> dict[str, Any]:
    """A row that shows how each column is filled in; its first cell says that it is not read."""
    row: dict[str, Any] = {REMARKS: f"{NOT_READ} {gettext('Example: this row is not read')}"}
    for one in fields_of(sections).values():
        names = [name for code, name in _answers(one) if code != ANY]
        if one.widget in TAKE_ONE and names:
            row[one.name] = names[0]
        elif one.widget in TAKE_SEVERAL:
            row[one.name] = "; ".join(names[:2])
        elif one.widget == "number":
            row[one.name] = 20
        elif one.widget == "date":
            row[one.name] = date(2027, 3, 31)
    return row | {TITLE: gettext("Example")}


# -- Reading ---------------------------------------------------------------------------------------------


def read_rows(sections: Iterable[Section], lines: Lines, most: int) -> dict[str, Any]:
    """What a file holds, as it is stored: its rows with the cells of known columns, faults of cells as codes,
    the numbers of rows that are not read, and the names of columns that are no fields. Raises Refused.
    """
    known = fields_of(sections)
    head = _head_of(known, lines.lines)
    rows, not_read = [], []
    strange = dict(head.strange)
    for line in lines.lines:
        if line.number <= head.number:
            continue
        for at, value in enumerate(line.values):
            if value is not None and at not in head.keys:
                strange.setdefault(at, letters_of(at))
        cells = {key: line.values[at] for at, key in head.keys.items() if at < len(line.values)}
        remark = cells.pop(REMARKS, None)
        said = {key: value for key, value in cells.items() if value is not None}
        if said and str(remark or "").startswith(NOT_READ):
            not_read.append(line.number)
        elif said:
            rows.append(_stored(line.number, said, line.number in lines.joined))
    if not rows:
        raise Refused("no_rows")
    if len(rows) > most:
        raise Refused("too_many_rows")
    if sum(_count_answers(known, row["cells"]) for row in rows) > MOST_ANSWERS:
        raise Refused("too_large")
    return {
        "rows": rows,
        "not_read": not_read,
        "strange": [strange[at] for at in sorted(strange)],
        "columns": sorted(set(head.keys.values()) - {REMARKS}),
    }


def read_cells(known: Mapping[str, Field], columns: Iterable[str], row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored row as a form would be read: field -> value, and ``None`` for what is left empty: unknown."""
    return {name: _read(known[name], row["cells"].get(name)) for name in columns if name in known}


def names_two_answers(value: Any) -> bool:
    """Whether a value of `read_cells` comes from a name that is that of two answers."""
    return TWO_ANSWERS in (value if isinstance(value, list) else [value])


def letters_of(at: int) -> str:
    """What a spreadsheet calls a column that has no name: A, B... Z, AA."""
    return (letters_of(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def _count_answers(known: Mapping[str, Field], cells: Mapping[str, Any]) -> int:
    """How many answers stand in the cells that take several, whether or not they are on a list."""
    texts = [str(value) for name, value in cells.items() if known[name].widget in TAKE_SEVERAL]
    return sum(1 for text in texts for _part in _PARTS.finditer(text))


def _stored(number: int, said: Mapping[str, Value], is_joined: bool) -> dict[str, Any]:
    faults = {key: "formula" for key, value in said.items() if value is FORMULA}
    cells = {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in said.items()
        if value is not FORMULA
    }
    return {"row": number, "cells": cells, "faults": faults | ({"": "joined"} if is_joined else {})}


def _head_of(known: Mapping[str, Field], lines: Sequence[Line]) -> Head:
    """Where the columns are named: by keys, the same in every language, else by names."""
    names = _names_of_columns(known)
    by_name: Line | None = None
    for line in lines[:HEAD_LINES]:
        if TITLE in line.values:
            return _named(line, by_name or line, known, names)
        if by_name is None and TITLE in {names.get(_folded(value)) for value in line.values}:
            by_name = line
    if by_name is None:
        raise Refused("no_columns")
    return _named(by_name, by_name, known, names)


def _named(keys: Line, labels: Line, known: Mapping[str, Field], names: Mapping[str, str]) -> Head:
    found: dict[int, str] = {}
    strange: dict[int, str] = {}
    for at in range(max(len(keys.values), len(labels.values))):
        key, label = (line.values[at] if at < len(line.values) else None for line in (keys, labels))
        name = key if key in known or key == REMARKS else names.get(_folded(key)) or names.get(_folded(label))
        if isinstance(name, str):
            if name in found.values():
                raise Refused("column_twice")
            found[at] = name
        elif key is not None or label is not None:
            texts = (one for one in (label, key) if isinstance(one, str))
            said = next(texts, label if key is None else key)
            # What is worked out is no name.
            strange[at] = letters_of(at) if said is FORMULA else str(said)[:100]
    return Head(keys.number, found, strange)


def _names_of_columns(known: Mapping[str, Field]) -> dict[str, str]:
    named: list[tuple[str, str]] = []
    for language in _languages():
        with force_locale(language):
            named.append((str(REMARKS_LABEL), REMARKS))
            named += [(str(one.label), one.name) for one in known.values()]
    return {name: key for name, key in _meant(named).items() if key != TWO_ANSWERS}


def _read(one: Field, value: Any) -> Any:
    if value is None or (_folded(value) in _unknown_in_words() and _code_of(one, value) is None):
        return None
    if one.widget == "number":
        return _number(value)
    text = str(value)
    if one.widget in ("yes", "yes_no"):
        answers = {"yes": True, "no": False, TWO_ANSWERS: TWO_ANSWERS}
        return value if isinstance(value, bool) else answers.get(_code_of(one, text) or "", value)
    if one.widget in TAKE_ONE:
        return _code_of(one, text) or text
    if one.widget in TAKE_SEVERAL:
        return _several(one, text)
    return text


def _number(value: Any) -> Any:
    """A number, or what stands in its place; spreadsheets keep whole numbers as broken ones or as text."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= 12:
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _several(one: Field, text: str) -> list[str] | None:
    """The codes of several answers, parted by semicolons, commas or lines. Some names hold such a sign, so of
    the parts that follow each other as many are taken together as make an answer; what makes none is handed
    on as it was written.
    """
    parts = [part.span() for part in _PARTS.finditer(text)]
    found = []
    at = 0
    while at < len(parts):
        ends = range(min(at + MOST_SIGNS_IN_A_NAME, len(parts)), at, -1)
        taken = [(end, _code_of(one, text[parts[at][0] : parts[end - 1][1]])) for end in ends]
        end, code = next((one for one in taken if one[1]), (at + 1, text[slice(*parts[at])].strip()))
        found.append(code or "")
        at = end
    return list(dict.fromkeys(filter(None, found))) or None


def _answers(one: Field) -> list[tuple[str, str]]:
    """The answers of a field, by code and name, in the language of now."""
    list_choices = choices.yes_or_no if one.widget == "yes" else one.list_choices
    listed = list_choices() if list_choices else ()
    any_of_them = [(ANY, one.any_label)] if one.has_any else []
    return [(code, bare(name)) for code, name in (*any_of_them, *listed)]


def _code_of(one: Field, text: str) -> str | None:
    """The code that a cell means by a text. A code that is written as it is means itself, even where another
    answer is called so: it is what to write where a name is that of two.
    """
    answers = _answers_in_words(one)
    said = text.strip()
    return said if said in answers.codes else answers.meant.get(_folded(said))


class _InWords(NamedTuple):
    """Codes as they are, and what each folded code or name, in any language, means."""

    codes: frozenset[str]
    meant: Mapping[str, str]


def _answers_in_words(one: Field) -> _InWords:
    """What the answers of a field are called. Made once a request."""
    made: dict[str, _InWords] = g.setdefault("answers_in_words", {})
    if one.name not in made:
        named: list[tuple[str, str]] = []
        for language in _languages():
            with force_locale(language):
                for code, name in _answers(one):
                    named += [(code, code), (name, code)]
        meant = _meant(named)
        both = {word: TWO_ANSWERS for word in _unknown_in_words() if word in meant}
        made[one.name] = _InWords(frozenset(code for _name, code in named), meant | both)
    return made[one.name]


def _meant(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What each name means, folded. Words can be corrected so that two things have one name in a language, or
    one has that of another in another language; nobody can tell which of them a cell means.
    """
    meant: dict[str, str] = {}
    for name, thing in named:
        folded = _folded(name)
        meant[folded] = thing if meant.get(folded, thing) == thing else TWO_ANSWERS
    return meant


def _unknown_in_words() -> frozenset[str]:
    """“I don’t know yet” in every language, which is as good as an empty cell."""
    if "unknown_in_words" not in g:
        words = {"?"}
        for language in _languages():
            with force_locale(language):
                words.add(_folded(str(I_DO_NOT_KNOW)))
        g.unknown_in_words = frozenset(words)
    known: frozenset[str] = g.unknown_in_words
    return known


def _languages() -> list[str]:
    return list(dict.fromkeys([page_language(), *LANGUAGES_OF_PAGES]))


def _folded(value: Any) -> str:
    """Text without case and without the spaces that a spreadsheet adds or doubles."""
    return " ".join(value.split()).casefold().replace("'", "’") if isinstance(value, str) else ""
