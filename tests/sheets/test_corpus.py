"""Every awkward sheet is read as it should be, or refused with its sentence."""

from collections.abc import Iterator

import pytest

from portal.sheets.tables import Line, bounded
from tests.sheets.corpus import CORPUS, PASTES, Case
from tickets.sheets import Table, Unreadable, read, read_pasted


def outcome(case: Case, *, is_pasted: bool = False) -> Table | str:
    try:
        return read_pasted(case.content.decode()) if is_pasted else read(case.name, case.content)
    except Unreadable as reason:
        return str(reason)


def judge(case: Case, found: Table | str) -> None:
    if case.rows is None and case.count is None:
        assert isinstance(found, str), f"read, instead of refused: {found}"
        assert case.refusal in found
        return
    assert isinstance(found, Table), found
    if case.rows is not None:
        assert found.rows == case.rows
    if case.count is not None:
        assert len(found.rows) == case.count
    if case.header is not None:
        assert found.header == case.header
    if case.lines is not None:
        assert found.lines == case.lines
    said = " ".join(found.notes)
    assert [note for note in case.notes if note not in said] == [], said
    assert all(len(row) == len(found.header) for row in found.rows)


@pytest.mark.parametrize("name", CORPUS)
def test_a_sheet(name: str) -> None:
    case = CORPUS[name]()
    judge(case, outcome(case))


@pytest.mark.parametrize("name", PASTES)
def test_a_paste(name: str) -> None:
    judge(PASTES[name], outcome(PASTES[name], is_pasted=True))


def test_there_are_many() -> None:
    assert len(CORPUS) + len(PASTES) >= 60


def test_a_refusal_names_the_file() -> None:
    with pytest.raises(Unreadable, match=r"“report\.csv” cannot be read\. The file is empty\."):
        read("C:\\Users\\x\\report.csv", b"")


def test_a_sheet_too_long_is_refused_before_it_is_read_whole() -> None:
    seen = 0

    def lines() -> Iterator[Line]:
        nonlocal seen
        for seen in range(1, 50_000):
            yield seen, ["x"]

    with pytest.raises(Unreadable, match="more than 5,000 rows"):
        list(bounded(lines(), []))
    assert seen < 5_100
