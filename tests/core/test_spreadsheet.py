"""Tables for spreadsheets."""

import csv

from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheet import csv_lines


def test_a_table_is_written_line_by_line() -> None:
    assert list(csv_lines(("name", "cents"), [("a, b", 5), (None, -7)])) == [
        "name,cents\r\n",
        '"a, b",5\r\n',
        ",-7\r\n",
    ]


@given(text=st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_no_text_can_run_in_a_spreadsheet_and_none_is_lost(text: str) -> None:
    (_, line) = csv_lines(("x",), [(text,)])
    ((read,),) = list(csv.reader([line], strict=True)) or [("",)]
    assert read[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")
    assert read.removeprefix("'") == text.removeprefix("'")
