"""The page docs/life-of-a-loan.md says what the books say, cent by cent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings

from lending.states import LoanStatus
from tests.flows.money import assert_money
from tests.lending.life_of_a_loan import life_of_a_loan

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "docs" / "life-of-a-loan.md"


def test_the_page_is_what_the_ledger_says() -> None:
    loan, page = life_of_a_loan()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.REPAID, 0)
    assert set(loan.holdings.values_list("outstanding_cents", flat=True)) == {0}
    assert_money("ledger", "lending")
    if os.environ.get("PARI_REWRITE_DOCS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page
