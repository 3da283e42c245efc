"""Awkward sheets, each with what must come of it: rows, or a sentence. None may end in anything else."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from tests.sheets.made import FIRST, HEADER, PLAIN, SECOND, csv_of, text_of, with_parts, xlsx_of

SHEET_XML = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Case:
    """`rows` are wanted, or a refusal that holds `refusal`; `notes` must all be said."""

    content: bytes
    rows: list[list[str]] | None = None
    refusal: str = ""
    header: list[str] | None = None
    notes: tuple[str, ...] = ()
    lines: list[int] | None = None
    count: int | None = None
    name: str = "sheet.csv"
    extra: dict[str, Any] = field(default_factory=dict)


CORPUS: dict[str, Callable[[], Case]] = {}
WANTED = [FIRST, SECOND]


def case(build: Callable[[], Case]) -> Callable[[], Case]:
    CORPUS[build.__name__.strip("_").replace("_", " ")] = build
    return build


def add(title: str, make: Callable[[], bytes], **expected: Any) -> None:
    """A case in one line; two plain rows are wanted unless something else is said."""
    if not expected.keys() & {"rows", "refusal", "count"}:
        expected["rows"] = WANTED
    CORPUS[title] = lambda: Case(make(), **expected)


# --- encodings

add("plain CSV", lambda: csv_of(PLAIN), header=HEADER, lines=[2, 3])
add("UTF-8 with a BOM", lambda: csv_of(PLAIN, encoding="utf-8-sig"), header=HEADER)
add("UTF-16 little endian", lambda: csv_of(PLAIN, encoding="utf-16"), header=HEADER)
add("UTF-16 big endian", lambda: codecs.BOM_UTF16_BE + csv_of(PLAIN, encoding="utf-16-be"), header=HEADER)
add("UTF-16 without a BOM", lambda: csv_of(PLAIN, encoding="utf-16-le"), header=HEADER)
add("UTF-16 with tabs, as Excel saves Unicode text", lambda: csv_of(PLAIN, "\t", "utf-16"))
add(
    "UTF-16 cut in half a character",
    lambda: csv_of(PLAIN, encoding="utf-16")[:-1],
    refusal="not readable text",
)
add("UTF-32", lambda: csv_of(PLAIN, encoding="utf-32"), refusal="not readable text")
add(
    "Windows-1252",
    lambda: csv_of([["Store", "Macnum"], ["Café Zoë", "0012"]], encoding="cp1252"),
    rows=[["Café Zoë", "0012"]],
    notes=("Windows-1252",),
)
add(
    "bytes that are no Windows-1252 either",
    lambda: b"Store,Macnum\r\n\x81\x8d,1\r\n",
    refusal="not readable text",
)
add(
    "a NUL in the middle",
    lambda: csv_of(PLAIN)[:-5] + b"\x00\r\n",
    refusal="character that no text has, in line 3",
)
add("an escape character", lambda: b"Store,Macnum\r\nElm\x1b[2J,1\r\n", refusal="in line 2")

# --- separators, quotes, line ends

add("semicolons", lambda: csv_of(PLAIN, ";"), header=HEADER)
add("tabs", lambda: csv_of(PLAIN, "\t"), header=HEADER)
add("pipes", lambda: csv_of(PLAIN, "|"), header=HEADER)
add(
    "semicolons with commas in every cell",
    lambda: csv_of([HEADER, [*FIRST[:1], "Elm, West, Lowell", *FIRST[2:]]], ";"),
    rows=[[*FIRST[:1], "Elm, West, Lowell", *FIRST[2:]]],
)
add("the separator told to Excel", lambda: b"sep=;\r\n" + csv_of(PLAIN, ";"), lines=[3, 4])
add("line ends of Unix", lambda: csv_of(PLAIN, end="\n"))
add("line ends of old Macs", lambda: csv_of(PLAIN, end="\r"))
add("no line end at the end", lambda: csv_of(PLAIN).rstrip())
add(
    "commas, quotes and line ends in cells",
    lambda: csv_of([["Store", "SOW"], ['Elm "West", Lowell', "First\nthen, second"], ["Oak", "x"]]),
    rows=[['Elm "West", Lowell', "First\nthen, second"], ["Oak", "x"]],
    lines=[2, 4],
)
add(
    "a quotation mark never closed",
    lambda: b'Store,SOW\r\nElm,ok\r\n"Oak,lost\r\nAsh,x\r\n',
    refusal="line 3 is never closed",
)
add(
    "a quotation mark inside a quoted cell",
    lambda: b'Store,SOW\r\n"5" pipe",x\r\n',
    refusal="Line 2 has a quotation mark",
)
add("inches in plain cells", lambda: b'Store,SOW\r\nElm,5" pipe\r\n', rows=[["Elm", '5" pipe']])
add("every cell quoted", lambda: b'"Store #","ZIP"\r\n"0012","01852"\r\n', rows=[["0012", "01852"]])
add(
    "zeros kept by formulas",
    lambda: b'Store #,ZIP\r\n"=""0012""","=""01852"""\r\n',
    rows=[["0012", "01852"]],
    notes=("Cells A2, B2: protected from being changed",),
)
add("blank lines between", lambda: csv_of([HEADER, [], FIRST, ["", "", ""], SECOND]), lines=[3, 5])
add("commas at the end of every line", lambda: csv_of([[*row, "", ""] for row in PLAIN]), header=HEADER)
add(
    "lines of different length",
    lambda: csv_of([HEADER, FIRST[:3], SECOND]),
    rows=[[*FIRST[:3], "", "", "", ""], SECOND],
)
add(
    "cells beyond the header",
    lambda: csv_of([HEADER, [*FIRST, "gate 7"], SECOND]),
    header=[*HEADER, "Column H"],
    rows=[[*FIRST, "gate 7"], [*SECOND, ""]],
)
add("one column only", lambda: b"Macnum\r\n03526768\r\n", rows=[["03526768"]], header=["Macnum"])

# --- headers

add(
    "a title above",
    lambda: csv_of([["Router rollout, wave 2"], [], *PLAIN]),
    header=HEADER,
    lines=[4, 5],
    notes=("Router rollout",),
)
add(
    "a title with a date above",
    lambda: csv_of([["Rollout", "", "printed 2026-02-01"], *PLAIN]),
    header=HEADER,
)
add(
    "two lines of header",
    lambda: csv_of(
        [
            ["", "", "Primary contact", "", "Secondary contact", ""],
            ["Site", "Macnum", "Name", "Phone", "Name", "Phone"],
            ["Elm", "01", "Sam", "6175550101", "Ann", "6175550102"],
        ]
    ),
    rows=[["Elm", "01", "Sam", "6175550101", "Ann", "6175550102"]],
    header=[
        "Site",
        "Macnum",
        "Primary contact Name",
        "Primary contact Phone",
        "Secondary contact Name",
        "Secondary contact Phone",
    ],
    notes=("joined to one header",),
)
add(
    "a line that explains the header",
    lambda: csv_of([HEADER, ["Required", "required", "Text", "", "optional", "5 digits"][:5], FIRST, SECOND]),
    notes=("Line 2 explains",),
)
add(
    "the header again on each page",
    lambda: csv_of([HEADER, FIRST, HEADER, SECOND]),
    notes=("stands again in line 3",),
)
add(
    "the same header twice",
    lambda: csv_of([["Site", "Phone", "Phone"], ["Elm", "6175550101", "6175550102"]]),
    header=["Site", "Phone", "Phone (2)"],
    rows=[["Elm", "6175550101", "6175550102"]],
)
add(
    "the same header twice and its (2)",
    lambda: csv_of([["Site", "Phone", "Phone", "Phone (2)"], ["E", "1", "2", "3"]]),
    header=["Site", "Phone", "Phone (3)", "Phone (2)"],
    rows=[["E", "1", "2", "3"]],
)
add(
    "a column without a header",
    lambda: csv_of([["Site", "", "Macnum"], ["Elm", "x", "01"]]),
    header=["Site", "Column B", "Macnum"],
    rows=[["Elm", "x", "01"]],
)
add(
    "an empty column",
    lambda: csv_of([["Site", "Fax", "Macnum"], ["Elm", "", "01"]]),
    header=["Site", "Macnum"],
    rows=[["Elm", "01"]],
    notes=("Nothing stands below “Fax”",),
)
add(
    "no header at all",
    lambda: csv_of([FIRST, SECOND]),
    header=[f"Column {letter}" for letter in "ABCDEFG"],
    notes=("No header was found",),
    lines=[1, 2],
)
add(
    "a header nobody knows",
    lambda: csv_of([["Foo", "Bar"], ["Elm", "617-555-0101"]]),
    header=["Foo", "Bar"],
    rows=[["Elm", "617-555-0101"]],
)
add(
    "a header with line ends and blanks",
    lambda: csv_of([["Store\nnumber ", " ZIP\u00a0"], ["0012", "01852"]]),
    header=["Store number", "ZIP"],
    rows=[["0012", "01852"]],
)
add("only a header", lambda: csv_of([HEADER]), refusal="no row below it")
add(
    "our template with its example left in",
    lambda: _template_and_row(),
    count=1,
    notes=("example of the template",),
)
add(
    "errors of Excel in a CSV",
    lambda: csv_of([["Site", "Macnum", "Start"], ["Elm", "#N/A", "########"], ["Oak", "01", "x"]]),
    rows=[["Elm", "", ""], ["Oak", "01", "x"]],
    notes=("Cells B2, C2: Excel shows an error",),
)

# --- sizes

add("5,000 rows", lambda: csv_of([HEADER, *([FIRST] * 5000)]), count=5000)
add("5,001 rows", lambda: csv_of([HEADER, *([FIRST] * 5001)]), refusal="more than 5,000 rows")
add("100,000 rows", lambda: csv_of([HEADER[:2], *([FIRST[:2]] * 100_000)]), refusal="more than 5,000 rows")
add(
    "5,001 rows of a workbook",
    lambda: xlsx_of([HEADER[:2], *([FIRST[:2]] * 5001)]),
    refusal="more than 5,000 rows",
)
add(
    "100 columns",
    lambda: csv_of([[f"Field {n}" for n in range(100)], [str(n) for n in range(100)]]),
    rows=[[str(n) for n in range(100)]],
)
add("201 columns", lambda: csv_of([["x"] * 201, ["y"] * 201]), refusal="Line 1 has more than 200 columns")
add(
    "201 columns of a workbook",
    lambda: xlsx_of([HEADER, FIRST, ["y"] * 300]),
    refusal="Line 3 has more than 200 columns",
)
add(
    "a cell of 200,000 characters",
    lambda: csv_of([["Site", "SOW"], ["Elm", "x" * 200_000]]),
    refusal="line 2",
)
add(
    "a cell of 110,000 characters",
    lambda: csv_of([["Site", "SOW"], ["Elm", "x" * 110_000]]),
    refusal="line 2 has more than 100,000",
)
add(
    "more than ten megabytes",
    lambda: b"Site,SOW\r\n" + b"Elm,x\r\n" * 1_500_000,
    refusal="a sheet may have 10 MB",
)
add(
    "3,000 empty lines in the middle",
    lambda: csv_of([HEADER, FIRST, SECOND, *([[]] * 3000), FIRST]),
    notes=("After line 3 come 2,000 empty lines",),
)

# --- what is no sheet

add("nothing", lambda: b"", refusal="The file is empty")
add("blanks only", lambda: b" \r\n\t\r\n", refusal="The file is empty")
add("separators only", lambda: b",,,\r\n,,,\r\n", refusal="no cell has any text")
add(
    "a web page called CSV",
    lambda: b"<!DOCTYPE html><html><table><tr><td>Elm</td></tr></table>",
    refusal="a web page or XML",
)
add(
    "a web page called XLS",
    lambda: b"\r\n  <html><table></table></html>",
    refusal="a web page or XML",
    name="report.xls",
)
add("a PDF called CSV", lambda: b"%PDF-1.7\n1 0 obj", refusal="a PDF, not a sheet")
add("a picture called CSV", lambda: b"\x89PNG\r\n\x1a\n\x00\x00", refusal="a PNG image")
add(
    "an old Excel file",
    lambda: bytes.fromhex("D0CF11E0A1B11AE1") + b"\x00" * 600,
    refusal="older Excel file",
    name="old.xls",
)
add(
    "a ZIP archive called XLSX",
    lambda: with_parts(_empty_zip(), {"readme.txt": b"hello"}),
    refusal="an archive, but not",
    name="a.xlsx",
)
add("an XLSX cut short", lambda: xlsx_of(PLAIN)[:-400], refusal="damaged", name="a.xlsx")
add(
    "an XLSX with a macro",
    lambda: with_parts(xlsx_of(PLAIN), {"xl/vbaProject.bin": b"\x00"}),
    refusal="holds macros",
    name="a.xlsm",
)
add(
    "a bomb",
    lambda: with_parts(xlsx_of(PLAIN), {"xl/media/a.bin": b"\x00" * 60_000_000}),
    refusal="enormous size",
)
add(
    "a path out of the archive",
    lambda: with_parts(xlsx_of(PLAIN), {"../../evil.xml": b"x"}),
    refusal="as Excel never does",
)
add(
    "a workbook without its sheet",
    lambda: with_parts(xlsx_of(PLAIN), {SHEET_XML: b"<nonsense"}),
    refusal="damaged",
)
add("entities that grow", lambda: with_parts(xlsx_of(PLAIN), {SHEET_XML: _laughs()}), refusal="damaged")
add("an entity that reads a file", lambda: with_parts(xlsx_of(PLAIN), {SHEET_XML: _outside()}), refusal="")
add(
    "a text that is not in the list of texts",
    lambda: with_parts(xlsx_of(PLAIN), {SHEET_XML: lambda xml: xml.replace(b"<v>0</v>", b"<v>999</v>")}),
    refusal="damaged",
)

# --- workbooks

add("a plain workbook", lambda: xlsx_of(PLAIN), header=HEADER, lines=[2, 3])
add("a workbook called CSV", lambda: xlsx_of(PLAIN), name="sheet.csv")
add("texts within the cells", lambda: xlsx_of(PLAIN, constant_memory=True))
add("an empty workbook", lambda: xlsx_of(), refusal="no cell has any text")
add(
    "title, blank lines and an empty column",
    lambda: xlsx_of([["Wave 2"], [], ["", *HEADER], ["", *FIRST], [], ["", *SECOND]]),
    header=HEADER,
    lines=[4, 6],
)


@case
def merged_header_cells() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.merge_range(0, 1, 0, 2, "Primary contact", book.add_format())
        sheet.merge_range(0, 3, 0, 4, "Alternate contact", book.add_format())

    below = ["Site", "Name", "Phone", "Name", "Phone"]
    row = ["Elm", "Sam", "6175550101", "Ann", "6175550102"]
    header = [
        "Site",
        "Primary contact Name",
        "Primary contact Phone",
        "Alternate contact Name",
        "Alternate contact Phone",
    ]
    return Case(xlsx_of([[], below, row], build), [row], header=header)


@case
def numbers_and_their_zeros() -> Case:
    """Zeros of the format are what people see; numbers have no ".0"; long numbers no exponent."""

    def build(book: Any, sheet: Any) -> None:
        five, nine = book.add_format({"num_format": "00000"}), book.add_format({"num_format": "00000-0000"})
        sheet.write(1, 0, 12, book.add_format({"num_format": "0000"}))
        sheet.write(1, 1, 1852, five)
        sheet.write(1, 2, 18521234, nine)
        sheet.write(1, 3, 6175550101)
        sheet.write(1, 4, 12.0)
        sheet.write(1, 5, 4.5)
        sheet.write(1, 6, 7, book.add_format({"num_format": '"ST-"000'}))

    header = ["Store #", "ZIP", "Zip plus 4", "Phone", "Ext", "Hours", "Code"]
    return Case(
        xlsx_of([header], build), [["0012", "01852", "01852-1234", "6175550101", "12", "4.5", "ST-007"]]
    )


def _dates(book: Any, sheet: Any) -> None:
    day, both = book.add_format({"num_format": "m/d/yyyy"}), book.add_format({"num_format": "d-mmm-yy h:mm"})
    sheet.write_datetime(1, 1, date(2026, 3, 4), day)
    sheet.write_datetime(1, 2, datetime(2026, 3, 4, 8, 20), both)
    sheet.write_datetime(1, 3, time(8, 5), book.add_format({"num_format": "h:mm AM/PM"}))


DATES = ["Site", "Date", "Start", "From time"]
add(
    "dates and times",
    lambda: xlsx_of([DATES, ["Elm"]], _dates),
    rows=[["Elm", "2026-03-04", "2026-03-04T08:20", "08:05"]],
)
add(
    "dates counted from 1904",
    lambda: xlsx_of([DATES, ["Elm"]], _dates, date_1904=True),
    rows=[["Elm", "2026-03-04", "2026-03-04T08:20", "08:05"]],
    notes=("from 1904",),
)
add(
    "dates as text in three formats",
    lambda: xlsx_of([DATES[:2], ["Elm", "2026-03-04"], ["Oak", "Mar 5 2026"], ["Ash", "3/14/26"]]),
    rows=[["Elm", "2026-03-04"], ["Oak", "Mar 5 2026"], ["Ash", "3/14/26"]],
)


@case
def a_date_beyond_the_calendar() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.write_number(1, 1, 99_999_999, book.add_format({"num_format": "m/d/yyyy"}))

    return Case(
        xlsx_of([DATES[:2], ["Elm"], ["Oak", "x"]], build),
        [["Elm", ""], ["Oak", "x"]],
        notes=("Cell B2: Excel shows an error",),
    )


@case
def formulas_give_their_last_value() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.write_formula(1, 0, '="Elm "&"Street"', None, "Elm Street")
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, "=VLOOKUP(9,A:B,2)", None, "#N/A")
        sheet.write_formula(1, 3, '=WEBSERVICE("http://portal.example")', None, "")
        sheet.write_formula(1, 4, "=1=1", None, True)

    header = ["Site", "Store #", "Macnum", "SOW", "Hard start"]
    return Case(
        xlsx_of([header], build),
        [["Elm Street", "2", "", "yes"]],
        header=["Site", "Store #", "Macnum", "Hard start"],
        notes=("Cell C2: Excel",),
    )


@case
def a_formula_without_a_value() -> Case:
    def strip(xml: bytes) -> bytes:
        return xml.replace(b"</f><v>2</v>", b"</f>")

    content = xlsx_of(
        [["Site", "Store #"], ["Elm"]], lambda book, sheet: sheet.write_formula(1, 1, "=1+1", None, 2)
    )
    return Case(
        with_parts(content, {SHEET_XML: strip}), [["Elm"]], notes=("Formulas without a result stand in B2",)
    )


@case
def text_that_looks_like_a_formula() -> Case:
    return Case(csv_of([["Site", "SOW"], ["=1+1", "=cmd|' /C calc'!A0"]]), [["=1+1", "=cmd|' /C calc'!A0"]])


@case
def text_protected_by_an_apostrophe() -> Case:
    rows = [["Site", "Phone"], ["'n Braai", "'+1 617-555-0101"]]
    return Case(csv_of(rows), [["'n Braai", "+1 617-555-0101"]], notes=("Cell B2: protected",))


@case
def hidden_sheets() -> Case:
    def build(book: Any, sheet: Any) -> None:
        other = book.add_worksheet("Real")
        for line, cells in enumerate(PLAIN):
            other.write_row(line, 0, cells)
        other.activate()
        sheet.hide()

    return Case(
        xlsx_of([["Secret", "List"], ["x", "y"]], build, strings_to_numbers=False),
        WANTED,
        notes=("1 hidden sheet was not read",),
    )


@case
def several_sheets_the_first_empty() -> Case:
    def build(book: Any, sheet: Any) -> None:
        for name in ("Stores", "Lists"):
            other = book.add_worksheet(name)
            for line, cells in enumerate(PLAIN):
                other.write_row(line, 0, cells)

    return Case(xlsx_of([], build), WANTED, notes=("Only the sheet “Stores” was read",))


@case
def a_sheet_that_lies_about_its_size() -> Case:
    def lie(xml: bytes) -> bytes:
        return xml.replace(b'<dimension ref="A1:G3"/>', b'<dimension ref="A1:A1"/>')

    return Case(with_parts(xlsx_of(PLAIN), {SHEET_XML: lie}), WANTED)


@case
def a_cell_in_the_last_row_of_excel() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.write(1_048_575, 0, "far away")

    return Case(xlsx_of(PLAIN, build), WANTED, notes=("After line 3 come 2,000 empty lines",))


@case
def text_in_several_formats() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.write_rich_string(1, 0, book.add_format({"bold": True}), "Elm", " Street")
        sheet.write_url(1, 1, "mailto:sam@portal.example", string="sam@portal.example")

    return Case(xlsx_of([["Site", "Email"]], build), [["Elm Street", "sam@portal.example"]])


@case
def a_list_and_a_filter_on_the_columns() -> Case:
    def build(book: Any, sheet: Any) -> None:
        sheet.data_validation(1, 6, 100, 6, {"validate": "list", "source": ["MA", "NH"]})
        sheet.autofilter(0, 0, 2, 6)
        sheet.freeze_panes(1, 0)

    return Case(xlsx_of(PLAIN, build), WANTED)


def _template_and_row() -> bytes:
    from tickets.sheets.blanks import csv_template

    return csv_template() + b"Elm,0012,03526768\r\n"


def _empty_zip() -> bytes:
    import io
    from zipfile import ZipFile

    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "a")
    return stream.getvalue()


_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)).encode()
    return (
        b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY l0 "ha">'
        + entities
        + b"]><worksheet "
        + _MAIN
        + b'><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&l11;</t></is></c></row></sheetData></worksheet>'
    )


def _outside() -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY out SYSTEM "file:///etc/hostname">]><worksheet '
        + _MAIN
        + b'><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&out;</t></is></c></row></sheetData></worksheet>'
    )


PASTES: dict[str, Case] = {
    "cells of Excel": Case(text_of(PLAIN, "\t").encode(), WANTED, header=HEADER),
    "cells with line ends and quotes": Case(
        text_of([["Site", "SOW"], ['Elm "West"', "first\nsecond"]], "\t").encode(),
        [['Elm "West"', "first\nsecond"]],
    ),
    "quotation marks of inches": Case(
        b'Site\tSOW\n"Big" Elm\t5" pipe\n"Oak\tx\n', [['"Big" Elm', '5" pipe'], ['"Oak', "x"]]
    ),
    "text with commas": Case(csv_of(PLAIN), WANTED, header=HEADER),
    "cells without a header": Case(
        text_of([FIRST, SECOND], "\t").encode(), WANTED, notes=("No header was found",)
    ),
    "one column": Case(b"Macnum\n03526768\n03526769\n", [["03526768"], ["03526769"]]),
    "nothing": Case(b" \n\t\n", refusal="no cell has any text"),
    "a web page": Case(b"<html><table><tr><td>1</td></tr></table>", refusal="source of a web page"),
    "5,001 rows": Case(text_of([HEADER, *([FIRST] * 5001)], "\t").encode(), refusal="more than 5,000 rows"),
}
