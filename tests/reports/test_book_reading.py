"""The first sheet of a book, as spreadsheets save it and as nobody but an attacker would."""

import codecs
import contextlib
import gc
import io
import tracemalloc
import zipfile
from datetime import date

import pytest
from defusedxml.expatreader import DefusedExpatParser

from lcm_service.reports.book_parts import Walk
from lcm_service.reports.sheet_lines import FORMULA, Unreadable
from lcm_service.reports.sheet_reading import read_lines

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    '<numFmts><numFmt numFmtId="58" formatCode="0"/>'
    '<numFmt numFmtId="164" formatCode="[$-40C]d\\-mmm\\-yy;@"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="166" formatCode="&quot;days &quot;0_h\\y[Red];[Blue]d"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/><xf numFmtId="22"/><xf numFmtId="31"/><xf numFmtId="57"/>'
    '<xf numFmtId="58"/></cellXfs>'
)


def relations(*rows):
    told = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(rows, 1)
    )
    return f"<Relationships>{told}</Relationships>"


def parts_of(rows="", texts="", styles=STYLES, properties="", names=""):
    """The parts of a book by their names, as a spreadsheet names them."""
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns:r="{OFFICE}"><workbookPr {properties}/><sheets>'
        f'<sheet name="Needs" sheetId="7" r:id="rId1"/></sheets>{names}</workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"),
            ("sharedStrings", "sharedStrings.xml"),
            ("styles", "styles.xml"),
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
    }


def packed(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def read(*cells, **more):
    """What the cells of one row say."""
    (line,) = read_lines(packed(parts_of(f'<row r="1">{"".join(cells)}</row>', **more))).lines
    return line.values


def refusal_of(parts):
    with pytest.raises(Unreadable) as refused:
        read_lines(packed(parts))
    return refused.value.code


@pytest.mark.parametrize(
    ("style", "number", "said"),
    [
        (0, "46112", 46112),
        (0, "2.5E1", 25.0),
        (1, "46112", date(2026, 3, 31)),
        (2, "46112.0", date(2026, 3, 31)),
        (3, "1.5", "1 day, 12:00:00"),
        (4, "46112", 46112),
        (5, "46112.5", "2026-03-31 12:00:00"),
        (6, "46112", date(2026, 3, 31)),
        (7, "46112", date(2026, 3, 31)),
        (8, "46112", 46112),
        (1, "-9999999", FORMULA),
        (99, "7", 7),
    ],
)
def test_a_number_is_a_day_where_its_style_shows_it_as_one(style, number, said):
    assert read(f'<c r="A1" s="{style}"><v>{number}</v></c>') == [said]


def test_a_book_may_count_its_days_from_1904():
    cell = '<c s="1"><v>44650</v></c>'
    assert read(cell, properties='date1904="1"') == [date(2026, 3, 31)]
    assert read(cell, properties='date1904="0"') == [date(2022, 3, 30)]


def test_texts_are_read_wherever_a_spreadsheet_keeps_them():
    texts = (
        '<si><t xml:space="preserve"> Medics </t></si>'
        "<si><r><rPr><b/></rPr><t>Mine </t></r><r><t>clearance</t></r></si>"
        "<si><t>_x005F_x000D_</t></si>"
        "<si><t>Mine_x000D_\nclearance_X000D_ _x0000_ _xD800_ _x00e9__x00E9_</t></si>"
        "<si><t>地雷</t><rPh sb='0' eb='2'><t>ジライ</t></rPh></si>"
    )
    cells = [f'<c t="s"><v>{number}</v></c>' for number in range(5)]
    inline = "<c t='inlineStr'><is><r><t>First_x000D_ </t></r><r><t>aid</t></r></is></c>"
    assert read(*cells, inline, "<c t='str'><v>Radio&#13;&#10;_x0041_</v></c>", texts=texts) == [
        "Medics",
        "Mine clearance",
        "_x000D_",
        "Mine\nclearance_X000D_ _x0000_ _xD800_ éé",
        "地雷",
        "First aid",
        "Radio\nA",
    ]


def test_answers_that_are_no_texts_are_read_as_what_they_are():
    cells = (
        "<c t='b'><v>1</v></c>",
        "<c t='d'><v>2026-03-31</v></c>",
        "<c t='d'><v>2026-03-31T00:00:00</v></c>",
    )
    assert read(*cells) == [True, date(2026, 3, 31), date(2026, 3, 31)]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<c><v>NaN</v></c>", "NaN"),
        ('<c t="n"><v>-INF</v></c>', "-INF"),
        ("<c><v>1_0</v></c>", "1_0"),
        ("<c><v>1,5</v></c>", "1,5"),
        ("<c><v>-.5e1</v></c>", -5.0),
        ("<c><v> </v></c>", None),
        ('<c t="s"><v> </v></c>', None),
        ('<c t="b"><v>true</v></c>', True),
        ('<c t="b"><v>false</v></c>', False),
        ('<c t="b"><v>perhaps</v></c>', "perhaps"),
        ('<c t="d"><v>soon</v></c>', "soon"),
        ('<c t="d"><v>0000-01-01</v></c>', "0000-01-01"),
        ('<c r="" s=""><v>1</v></c>', 1),
        ('<c t="unheard"><v>1</v></c>', "1"),
    ],
)
def test_an_odd_cell_is_a_text_or_nothing(cell, said):
    assert read(cell, "<c><v>5</v></c>") == [said, 5]


def test_what_a_spreadsheet_works_out_is_told_and_not_read():
    worked_out = "<c><f>SUM(A1:A9)</f><v>7</v></c>"
    assert (
        read(worked_out, '<c t="e"><v>#REF!</v></c>', "<c t='str'><f t='shared' si='0'/></c>")
        == [FORMULA] * 3
    )


def test_a_cell_stands_where_it_says():
    assert read('<c r="B1"><v>1</v></c>', "<c><v>2</v></c>", '<c r="AA1"><v>3</v></c>') == [
        None,
        1,
        2,
        *[None] * 23,
        3,
    ]
    # Beyond what is taken nothing is read.
    assert read('<c r="A1"><v>1</v></c>', '<c r="XFD1"><v>2</v></c>') == [1]


def test_prefixes_and_the_names_of_parts_may_be_any():
    """Some libraries give every name a prefix, address parts from the root, and write them in other cases."""
    sheet = '<x:row r="4"><x:c r="A4" t="s"><x:v>0</x:v></x:c></x:row>'
    told = relations(
        ("styles", "styles.xml"), ("chartsheet", "/xl/chart.xml"), ("worksheet", "../Sheets/ONE.xml")
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(
            ("extended-properties", "docProps/app.xml"), ("officeDocument", "/XL/book.xml")
        ),
        "xl/book.xml": f'<x:workbook xmlns:x="{MAIN}" xmlns:rel="{OFFICE}"><x:sheets>'
        '<x:sheet sheetId="1" rel:id="rId2"/><x:sheet sheetId="2" rel:id="rId3"/></x:sheets></x:workbook>',
        "xl/_rels/book.xml.rels": told.replace(
            "</", f'<Relationship Id="s" Type="{OFFICE}/sharedStrings" Target="SharedStrings.xml"/></', 1
        ),
        "xl/chart.xml": "<chartsheet/>",
        "xl/sharedStrings.xml": f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>Medics</x:t></x:si></x:sst>',
        "sheets/one.xml": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{sheet}</x:sheetData></x:worksheet>',
    }
    (line,) = read_lines(packed(parts)).lines
    assert (line.number, line.values) == (4, ["Medics"])


def test_an_empty_row_may_be_the_last_that_there_can_be():
    rows = '<row r="1"><c r="A1"><v>7</v></c></row><row r="1048576"/>'
    (line,) = read_lines(packed(parts_of(rows))).lines
    assert (line.number, line.values) == (1, [7])
    assert refusal_of(parts_of(rows.replace("/>", "><c><v>1</v></c></row>"))) == "too_many_lines"
    assert refusal_of(parts_of("<row/>" * 5_001)) == "too_many_lines"


def test_a_row_without_a_number_has_that_of_its_cells():
    rows = '<row><c r="B3"><v>1</v></c></row><row><c><v>2</v></c></row><row><c/><c r="B9"><v>3</v></c></row>'
    assert [line.number for line in read_lines(packed(parts_of(rows))).lines] == [3, 4, 9]
    # The row says more than its cells.
    (line,) = read_lines(packed(parts_of('<row r="4"><c r="A3"><v>1</v></c></row>'))).lines
    assert line.number == 4
    assert refusal_of(parts_of(rows + '<row><c r="B9"/></row>')) == "broken"


def test_joined_cells_without_a_place_join_nothing():
    parts = parts_of(ROW)
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace("</worksheet>", "<mergeCells><mergeCell/></mergeCells></worksheet>")
    assert read_lines(packed(parts)).joined == frozenset()


def test_cells_that_only_a_remark_of_the_file_joins_are_not_joined():
    parts = parts_of('<row r="2"><c><v>1</v></c></row>')
    joined = '<mergeCells><mergeCell ref="A2:B3"/><!-- <mergeCell ref="A7:B9"/> --></mergeCells></worksheet>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace("</worksheet>", joined)
    assert read_lines(packed(parts)).joined == {2, 3}


# What a library that seeks patterns in it would read for hours. None of it matters to what the rows say.
LONG = 400_000
UNREAD = {
    "a format of brackets": parts_of(
        '<row><c s="0"><v>7</v></c></row>',
        styles=f'<numFmts><numFmt numFmtId="170" formatCode="{"[" * LONG}"/></numFmts>'
        '<cellXfs><xf numFmtId="170"/></cellXfs>',
    ),
    "a long format of many styles": parts_of(
        '<row><c s="0"><v>7</v></c></row>',
        styles=f'<numFmts><numFmt numFmtId="170" formatCode="{"0" * LONG}"/></numFmts>'
        f"<cellXfs>{'<xf numFmtId="170"/>' * 10_000}</cellXfs>",
    ),
    "titles without an end": parts_of(
        "<row><c><v>7</v></c></row>",
        names=f'<definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">{"a" * LONG}'
        "</definedName></definedNames>",
    ),
    "room in many cells": parts_of(
        "<row><c><v>7</v></c></row>" + f"<row>{'<c t="s"><v>0</v></c>' * 100}</row>" * 2_000,
        texts=f"<si><t>{' ' * 6_000_000}</t></si>",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_says_nothing_about_the_rows_does_not_keep_them(name):
    data = packed(UNREAD[name])
    assert len(data) < 100_000
    (line,) = read_lines(data).lines
    assert line.values == [7]


def moved_workbook(parts):
    """The workbook under a name such as sheets have."""
    parts["_rels/.rels"] = relations(("officeDocument", "xl/worksheets/workbook.xml"))
    parts["xl/worksheets/workbook.xml"] = parts.pop("xl/workbook.xml")
    parts["xl/worksheets/_rels/workbook.xml.rels"] = parts.pop("xl/_rels/workbook.xml.rels").replace(
        'Target="', 'Target="/xl/'
    )
    return parts


def in_two_roles(part):
    """A book whose sheet is its texts or styles too."""
    parts = parts_of(ROW)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(part, "worksheets/sheet1.xml")
    return parts


ATTRIBUTES = " ".join(f'a{number:05}=""' for number in range(6_000))
ROW = "<row><c><v>7</v></c></row>"
NAMES = "<definedNames>" + "<definedName/>" * 50_000 + "</definedNames>"
REFUSED = {
    "names beside": (parts_of(ROW, names=NAMES), "too_large"),
    "names in the place of rows": (moved_workbook(parts_of(ROW, names=NAMES)), "too_large"),
    "one thing in another": (parts_of(f"<row>{'<c>' * 60}{'</c>' * 60}</row>"), "broken"),
    "a place of thousands of letters": (parts_of(f'<row><c r="{"A" * LONG}1"/></row>'), "broken"),
    "a style of thousands of digits": (parts_of(f'<row><c s="{"9" * LONG}"/></row>'), "broken"),
    "a text that is not there": (parts_of('<row><c t="s"><v>3</v></c></row>'), "broken"),
    "a text before the first": (parts_of('<row><c t="s"><v>-1</v></c></row>', texts="<si/>"), "broken"),
    "a row before the one above": (parts_of('<row r="2"/><row r="1"/>'), "broken"),
    "instructions": (parts_of(f"{'<?a?>x' * 700_000}{ROW}"), "too_large"),
    "remarks": (parts_of(f"{'<!---->' * 700_000}{ROW}"), "too_large"),
    "attributes of one element": (parts_of(f"<row {ATTRIBUTES}/>"), "too_large"),
    "attributes of many elements": (
        parts_of(ROW, names=f"<definedNames>{f'<a {ATTRIBUTES[:1999]}/>' * 2_000}</definedNames>"),
        "too_large",
    ),
    "texts that are the sheet": (in_two_roles("sharedStrings.xml"), "broken"),
    "styles that are the sheet": (in_two_roles("styles.xml"), "broken"),
    "no sheet": (parts_of(ROW) | {"xl/workbook.xml": "<workbook/>"}, "broken"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_crafted_book_is_refused(name):
    parts, code = REFUSED[name]
    assert refusal_of(parts) == code


def renamed(folder):
    """A book whose workbook stands in another folder."""
    parts = parts_of(ROW)
    parts["_rels/.rels"] = relations(("officeDocument", f"{folder}/workbook.xml"))
    parts[f"{folder}/workbook.xml"] = parts.pop("xl/workbook.xml")
    told = parts.pop("xl/_rels/workbook.xml.rels").replace('Target="', 'Target="/xl/')
    parts[f"{folder}/_rels/workbook.xml.rels"] = told
    return parts


def test_a_name_of_a_part_is_no_longer_than_any_file_has():
    beside = len("/_rels/workbook.xml.rels")
    assert read_lines(packed(renamed("a" * (250 - beside)))).lines[0].values == [7]
    assert refusal_of(renamed("a" * (251 - beside))) == "broken"


def test_the_folder_of_what_parts_say_of_others_is_not_kept_with_each():
    folder = "a" * 200
    parts = renamed(folder)
    name = f"{folder}/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace("</", '<Relationship Id="" Type="" Target=""/>' * 30_000 + "</")
    data = packed(parts)
    tracemalloc.start()
    try:
        assert read_lines(data).lines[0].values == [7]
        assert tracemalloc.get_traced_memory()[1] < 30_000 * len(folder)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("attribute", ["Target", "Id"])
def test_what_parts_say_of_others_is_no_longer_than_a_name(attribute):
    parts = parts_of(ROW)
    name = "xl/_rels/workbook.xml.rels"
    other = '<Relationship Id="o" Type="/worksheet" Target="o.xml"/></'
    parts[name] = parts[name].replace("</", other)
    assert read_lines(packed(parts)).lines[0].values == [7]
    parts[name] = parts[name].replace(f'{attribute}="o', f'{attribute}="{"o" * 251}')
    assert refusal_of(parts) == "broken"


def written(encoding, said=None):
    """A book whose sheet holds a letter that is none of ASCII, in an encoding, and says that it is in one."""
    parts = parts_of('<row><c t="str"><v>Déminage</v></c></row>')
    name = "xl/worksheets/sheet1.xml"
    declaration = f'<?xml version="1.0" encoding="{said or encoding}" standalone="yes"?>\n'
    parts[name] = (declaration + parts[name]).encode(encoding)
    return parts


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8", None), ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")]
)
def test_a_part_is_in_utf_8_or_says_by_its_mark_that_it_is_in_utf_16(encoding, said):
    assert read_lines(packed(written(encoding, said))).lines[0].values == ["Déminage"]


@pytest.mark.parametrize("said", ["cp1252", "iso-8859-15", "x" * 100_000])
def test_no_part_chooses_how_its_letters_are_read(said):
    """Python keeps the name of every encoding that it was ever asked for, and asks whoever has registered."""
    asked = []
    search = asked.append
    codecs.register(search)
    try:
        assert refusal_of(written("utf-8", said)) == "broken"
        assert asked == []
    finally:
        codecs.unregister(search)


@pytest.mark.parametrize("end", ["<bad>", "</row></sheetData></worksheet>", "<!DOCTYPE a>"])
def test_nothing_of_a_refused_book_is_left(end):
    """Else it would stay until memory is swept, which is seldom where few things are made."""
    parts = parts_of(f'<row r="2"><c t="str"><v>Radio</v></c></row>{end}')
    data = packed(parts)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(Unreadable):
            read_lines(data)
        assert [one for one in gc.get_objects() if isinstance(one, Walk | DefusedExpatParser)] == []
    finally:
        gc.enable()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_sheet_that_is_seen_is_read(state):
    parts = parts_of(ROW)
    seen = '<sheet name="Lists" sheetId="1" state="STATE" r:id="rId4"/><sheet state="visible"'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheet ", seen.replace("STATE", state) + " ")
    name = "xl/_rels/workbook.xml.rels"
    other = f'<Relationship Id="rId4" Type="{OFFICE}/worksheet" Target="worksheets/lists.xml"/></'
    parts[name] = parts[name].replace("</", other)
    parts["xl/worksheets/lists.xml"] = parts["xl/worksheets/sheet1.xml"].replace("7", "8")
    assert read_lines(packed(parts)).lines[0].values == [7]


def test_a_workbook_under_the_name_of_a_sheet_is_read():
    (line,) = read_lines(packed(moved_workbook(parts_of(ROW)))).lines
    assert line.values == [7]
