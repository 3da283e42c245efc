"""The sheet to fill in: our own names of the columns, everything as text so that no zero is lost."""

import csv
import io

import xlsxwriter

from portal.sheets.headers import EXAMPLE
from portal.vendors.granite.service_types import SERVICE_TYPES
from tickets.sheets.fields import BY_NAME, FIELDS

# Without the time parts that other columns say already.
LEFT_OUT = ("start_time", "end_time", "window")
COLUMNS = tuple(field.name for field in FIELDS if field.name not in LEFT_OUT)
ROWS_AS_TEXT = 5_002
TEXT = 49  # what Excel calls this format of its own
EXAMPLE_ROW = {
    "location_name": EXAMPLE,
    "location_number": "0012",
    "account_macnum": "03526768",
    "state": "MA",
    "zip": "01852",
    "time_zone": "America/New_York",
    "start_date": "2026-03-04 08:00",
    "end_date": "2026-03-04 12:00",
    "hard_start": "no",
    "local_contact_name": "Sam Poe",
    "local_contact_number": "555-123-4567",
    "location_contact_ext": "4",
    "service_type": "Smart Hands",
    "initial_description": "Replace the broken router.",
    "po_number": "PO-778",
}
HEADER = [BY_NAME[name].label for name in COLUMNS]


def csv_template() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerow([EXAMPLE_ROW.get(name, "") for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def xlsx_template() -> bytes:
    """The columns, the example, and the kinds of work on a second sheet, offered as a list in their column."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        text, bold = (
            book.add_format({"num_format": TEXT}),
            book.add_format({"bold": True, "num_format": TEXT}),
        )
        grey = book.add_format({"italic": True, "font_color": "#666666", "num_format": TEXT})
        sheet, kinds = book.add_worksheet("Rows"), book.add_worksheet("Kinds of work")
        sheet.set_column(0, len(COLUMNS) - 1, 22, text)
        sheet.freeze_panes(1, 1)
        for index, name in enumerate(COLUMNS):
            sheet.write_string(0, index, HEADER[index], bold)
            sheet.write_string(1, index, EXAMPLE_ROW.get(name, ""), grey)
        kinds.set_column(0, 0, 42)
        kinds.set_column(1, 1, 100)
        for line, kind in enumerate(SERVICE_TYPES):
            kinds.write_string(line, 0, kind.value)
            kinds.write_string(line, 1, kind.explanation)
        column = COLUMNS.index("service_type")
        offered = {
            "validate": "list",
            "source": f"='Kinds of work'!$A$1:$A${len(SERVICE_TYPES)}",
            "error_type": "warning",
        }
        sheet.data_validation(1, column, ROWS_AS_TEXT, column, offered)
    return stream.getvalue()
