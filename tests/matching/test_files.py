"""Markets as files: they come back the same, and a bad cell is named to the spot."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matching.engine.export import write_allocation, write_market, write_prices
from matching.engine.files import read_market
from matching.engine.frames import BrokenFrame
from matching.engine.problem import NO_LIMIT, MarketError
from matching.engine.snapshot import market_bytes, market_from_bytes, market_sha256
from matching.engine.solve import solve
from matching.engine.tables import FileError
from tests.matching.markets import plain_market, small_market

ROOMS = ",".join(f"room_{grade}" for grade in "ABCDEFGH")
GOOD = {
    "lenders.csv": "lender_id,cash_cents,idle_days,portfolio_cents\n7,100000,3,0\n",
    "mandates.csv": "mandate_id,lender_id,priority,grades,terms,purposes,min_rate_bps,max_rate_bps,"
    f"min_stake_cents,max_per_loan_cents,max_per_borrower_cents,{ROOMS}\n"
    "1,7,1,AB,12|36,car|house,500,725.5,2500,50000,100000,1,2,3,4,5,6,7,8\n",
    "requests.csv": "request_id,borrower_id,amount_cents,grade,term,purpose,rate_bps,deadline_day\n"
    "9,4,50000,B,36,car,650,14\n",
    "exposures.csv": "lender_id,borrower_id,cents\n7,4,2500\n",
}


def folder(tmp_path: Path, **changed: str) -> Path:
    """The good files; name those that should differ, with a for the dot."""
    for name, text in GOOD.items():
        given = changed.get(name.removesuffix(".csv"), text)
        (tmp_path / name).write_text(given, encoding="utf-8")
    return tmp_path


def test_the_documented_files_are_read(tmp_path: Path) -> None:
    found = read_market(folder(tmp_path))

    assert (found.terms, found.purposes) == ((12, 36), ("car", "house"))
    assert found.mandates.max_rate.tolist() == [7_255]
    assert found.mandates.room_cents.tolist() == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert found.mandates.grades[0].tolist() == [True, True] + [False] * 6
    assert found.requests.robot_room_cents.tolist() == [50_000]
    assert found.lenders.owed_cents.tolist() == [0]
    assert found.exposures.cents.tolist() == [2_500]


def test_columns_stand_in_any_order_and_empty_cells_limit_nothing(tmp_path: Path) -> None:
    text = (
        f"{ROOMS},lender_id,mandate_id,priority,grades,terms,purposes,min_rate_bps,max_rate_bps,"
        "min_stake_cents,max_per_loan_cents,max_per_borrower_cents,budget_cents\n"
        ",,,,,,,,7,1,1,,,,,,2500,,,\n"
    )
    table = read_market(folder(tmp_path, mandates=text)).mandates

    assert set(table.room_cents[0].tolist()) == {NO_LIMIT}
    assert table.budget_cents.tolist() == table.max_per_loan_cents.tolist() == [NO_LIMIT]
    assert table.grades.all() and table.terms.all() and table.purposes.all()
    assert (table.min_rate.tolist(), table.max_rate.tolist()) == ([0], [1_000_000])


def test_a_market_written_and_read_is_the_same_market(tmp_path: Path) -> None:
    for seed in range(60):
        given = small_market(seed)
        write_market(given, tmp_path)
        assert market_sha256(read_market(tmp_path)) == market_sha256(given)


def test_canonical_bytes_lead_back_to_the_market() -> None:
    for seed in range(60):
        given = small_market(seed)
        data = market_bytes(given)
        assert market_bytes(market_from_bytes(data)) == data
        assert solve(market_from_bytes(data), seed).sha256 == solve(given, seed).sha256


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b[5:]])
def test_spoiled_bytes_are_refused(spoil) -> None:
    with pytest.raises(BrokenFrame):
        market_from_bytes(spoil(market_bytes(small_market(1))))


def test_bytes_of_another_version_are_refused() -> None:
    data = market_bytes(small_market(1)).replace(b'"market":2', b'"market":3', 1)
    with pytest.raises(BrokenFrame, match="version"):
        market_from_bytes(data)


def test_an_allocation_is_written_by_request_and_mandate(tmp_path: Path) -> None:
    result = solve(plain_market(cash=[5_000, 2_500], amounts=[7_500]), 1)
    write_allocation(result, tmp_path / "allocation.csv")

    with (tmp_path / "allocation.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["mandate_id", "request_id", "amount_cents", "level", "reason"]
    assert [row[:3] for row in rows[1:]] == [["10", "100", "5000"], ["20", "100", "2500"]]
    assert {row[4] for row in rows[1:]} == {"cash"}


def test_prices_of_filled_auctions_are_written_and_of_no_other(tmp_path: Path) -> None:
    given = plain_market(cash=[10_000], amounts=[2_500, 5_000, 50_000])
    rates = {"rate": np.array([500] * 3), "floor_rate": np.array([500, 405, 405])}
    result = solve(replace(given, requests=replace(given.requests, **rates)), 1)

    write_prices(result, tmp_path / "prices.csv")

    assert (tmp_path / "prices.csv").read_text() == "request_id,rate_bps\n200,40.5\n"


LENDERS = "lender_id,cash_cents,idle_days,portfolio_cents\n"
REQUESTS = GOOD["requests.csv"].partition("\n")[0] + "\n"
MANDATES, MANDATE = GOOD["mandates.csv"].splitlines()


@pytest.mark.parametrize(
    ("table", "text", "spot"),
    [
        ("lenders", "", "lenders.csv, line 1, column lender_id: is missing from the header"),
        ("lenders", "lender_id,cash_cents\n", "lenders.csv, line 1, column idle_days"),
        ("lenders", LENDERS[:-1] + ",color\n", "lenders.csv, line 1, column color: is not known"),
        ("lenders", "lender_id," + LENDERS, "line 1, column lender_id: stands in the header twice"),
        ("lenders", LENDERS + "7,1,1,1\n8,12.5,1,1\n", "line 3, column cash_cents: '12.5' is no"),
        ("lenders", LENDERS + "7,١٢,1,1\n", "lenders.csv, line 2, column cash_cents"),
        ("lenders", LENDERS + "7,1_0,1,1\n", "lenders.csv, line 2, column cash_cents"),
        ("lenders", LENDERS + "7,-,1,1\n", "lenders.csv, line 2, column cash_cents"),
        ("lenders", LENDERS + "7,,1,1\n", "lenders.csv, line 2, column cash_cents: ''"),
        ("lenders", LENDERS + f"7,{'9' * 30},1,1\n", "lenders.csv, line 2, column cash_cents"),
        ("lenders", LENDERS + "7,-1,1,1\n", "line 2, column cash_cents: is no amount of cents"),
        ("lenders", LENDERS + "7,1,1,1\n7,1,1,1\n", "line 3, column lender_id: stands here twice"),
        ("lenders", LENDERS + "7,1,1\n", "lenders.csv, line 2, column portfolio_cents: is missing"),
        ("lenders", LENDERS + "7,1,1,1,1\n", "lenders.csv, line 2, column 5: is beyond"),
        ("lenders", LENDERS + '7,"1,1,1\n', "lenders.csv, line 2"),
        (
            "requests",
            REQUESTS + "9,4,50001,B,36,car,650,14\n",
            "line 2, column amount_cents",
        ),
        ("requests", REQUESTS + "9,4,50000,J,36,car,650,14\n", "line 2, column grade: 'J'"),
        ("requests", REQUESTS + "9,4,50000,B,36,,650,14\n", "line 2, column purpose: ''"),
        ("requests", REQUESTS + "9,4,50000,B,x,car,650,14\n", "line 2, column term: 'x'"),
        ("requests", REQUESTS + "9,4,50000,B,36,car,6.55,14\n", "line 2, column rate_bps: '6.55'"),
        ("requests", REQUESTS + "9,4,50000,B,36,car,,14\n", "line 2, column rate_bps: ''"),
        ("mandates", f"{MANDATES}\n{MANDATE.replace('1,7,1,AB', '1,8,1,AB')}\n", "unknown lender"),
        ("mandates", f"{MANDATES}\n{MANDATE.replace('AB', 'AX')}\n", "column grades: 'X'"),
        ("mandates", f"{MANDATES}\n{MANDATE.replace('12|36', '12|y')}\n", "column terms: 'y'"),
        (
            "mandates",
            f"{MANDATES}\n{MANDATE.replace('2500,50000', '0,50000')}\n",
            "min_stake_cents",
        ),
        (
            "exposures",
            "lender_id,borrower_id,cents\n8,4,2500\n",
            "line 2, column lender_id: unknown",
        ),
    ],
)
def test_a_bad_cell_is_named_by_file_line_and_column(
    tmp_path: Path, table: str, text: str, spot: str
) -> None:
    with pytest.raises(FileError) as caught:
        read_market(folder(tmp_path, **{table: text}))
    assert spot in str(caught.value)
    assert f"{table}.csv, line" in str(caught.value)


def test_a_missing_file_and_foreign_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"lenders\.csv: cannot be read"):
        read_market(tmp_path)
    folder(tmp_path)
    (tmp_path / "requests.csv").write_bytes(REQUESTS.encode() + b"9,4,50000,B,36,\xff,650,14\n")
    with pytest.raises(FileError, match=r"requests\.csv, line 2, column 6: is not UTF-8"):
        read_market(tmp_path)


def test_offers_are_read_where_the_file_is_there(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "offers.csv").write_text("lender_id,request_id,cents\n7,9,5000\n")
    assert read_market(tmp_path).offers.cents.tolist() == [5_000]
    (tmp_path / "offers.csv").write_text("lender_id,request_id,cents\n7,8,5000\n")
    with pytest.raises(FileError, match="line 2, column request_id: unknown request"):
        read_market(tmp_path)


def test_a_market_that_makes_no_sense_is_refused_with_its_row() -> None:
    given = plain_market(cash=[1, 2], amounts=[2_500])
    given.mandates.terms[1] = False
    with pytest.raises(MarketError) as caught:
        market_from_bytes(market_bytes(given))
    assert (caught.value.table, caught.value.column, caught.value.row) == ("mandates", "terms", 1)
