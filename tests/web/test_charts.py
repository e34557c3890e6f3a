"""Charts as plain shapes."""

from hypothesis import given
from hypothesis.strategies import integers, lists

from web import charts


def test_a_line_runs_from_edge_to_edge_and_from_zero_up() -> None:
    chart = charts.line_chart([0, 50_00, 100_00], [0, 0, 0])
    assert chart.line == "M0 300 L500 150 L1000 0"
    assert chart.area == "M0 300 L500 150 L1000 0 L1000 300 L0 300 Z"
    assert chart.second == "M0 300 L500 300 L1000 300"


def test_what_lies_below_zero_stays_within_the_plot() -> None:
    chart = charts.line_chart([100_00, -700_00], [100_00, 100_00])
    assert [tick.cents // 100 for tick in chart.ticks] == [200, 0, -200, -400, -600, -800]
    assert chart.line == "M0 30 L1000 270"
    assert chart.area == "M0 30 L1000 270 L1000 60 L0 60 Z"


def test_lines_across_stand_at_round_amounts() -> None:
    assert [tick.cents for tick in charts.ticks(charts.nice_top(173_42))] == [
        200_00,
        150_00,
        100_00,
        50_00,
        0,
    ]


@given(cents=integers(1, 10**13))
def test_the_top_of_a_scale_holds_its_value_in_round_quarters(cents: int) -> None:
    top = charts.nice_top(cents)
    assert top >= cents
    assert top % 400 == 0
    assert str(top // 4).rstrip("0") in {"1", "2", "25", "5"}


@given(parts=lists(integers(0, 10**9), min_size=1, max_size=24))
def test_the_upper_part_of_a_column_stands_on_the_lower(parts: list[int]) -> None:
    chart = charts.column_chart(parts, parts)
    for low, high in zip(chart.lower, chart.upper, strict=True):
        assert abs(float(high.y) + float(high.height) - float(low.y)) < 0.2
        assert float(high.y) >= -0.1


def test_a_bridge_goes_right_for_gains_and_left_for_losses() -> None:
    start, gain, loss, end = charts.bridge(
        [("start", 1_000, True), ("gain", 100, False), ("loss", -50, False), ("end", 1_050, True)]
    )
    assert (start.box, end.box) == (None, None)
    assert gain.box == charts.Box("500", "0", "500", "20")
    assert loss.box == charts.Box("250", "0", "250", "20")
