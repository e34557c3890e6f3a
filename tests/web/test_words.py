"""How figures are written on a page."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from web.templatetags import pari


@pytest.mark.parametrize(
    ("language", "written"),
    [("de", "1.234,56\u00a0€"), ("en", "€1,234.56"), ("en-gb", "€1,234.56")],
)
def test_an_amount_follows_the_language(language: str, written: str) -> None:
    with translation.override(language):
        assert pari.euro(123_456) == written


@pytest.mark.parametrize(
    ("language", "cents", "written"),
    [("de", 12_000_00, "12.000\u00a0€"), ("en", 12_000_00, "€12,000"), ("en", 49_99, "€50")],
)
def test_a_round_figure_leaves_the_cents_out(language: str, cents: int, written: str) -> None:
    with translation.override(language):
        assert pari.whole_euro(cents) == written


def test_what_is_not_known_is_a_dash() -> None:
    filters = (pari.euro, pari.whole_euro, pari.percent, pari.share, pari.day, pari.instant)
    assert {write(None) for write in filters} == {"–"}


def test_a_share_is_never_rounded_up_to_the_whole() -> None:
    with translation.override("en"):
        assert (pari.share(0.9999), pari.share(1), pari.share(0.005)) == ("99%", "100%", "0%")


def test_a_loss_has_a_minus_sign() -> None:
    with translation.override("en"):
        assert (pari.euro(-16), pari.percent(Decimal("-0.0163"), 1)) == ("−€0.16", "−1.6%")


def test_what_machines_read_has_no_grouping() -> None:
    with translation.override("de"):
        assert (pari.plain(1234), pari.iso(date(2026, 1, 5))) == ("1234", "2026-01-05")


def test_open_time_is_told_in_days() -> None:
    with translation.override("en"):
        told = [pari.days_until(date(2026, 1, last), date(2026, 1, 5)) for last in (5, 6, 19)]
    assert told == ["today", "1 day", "14 days"]
