"""The wallet: four balances, and a statement whose lines add up to each of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from accounts.models import User
from core.errors import NotFound
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry
from lending.models import Mandate
from lending.selectors.wallet import (
    STATEMENTS,
    Reason,
    StatementLine,
    Wallet,
    statement_lines,
    statement_of,
    wallet_of,
)
from lending.services.offers import end_request, revoke_offer
from lending.services.round_offers import Stake, place_round_offers
from lending.states import RequestStatus
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

pytestmark = pytest.mark.django_db
ON = AT.date()


def _lines(user: User, role: Role = Role.CASH) -> list[StatementLine]:
    return statement_lines(user, list(statement_of(user, role)), role)


def _book(kind: EntryKind, debit: tuple[Role, int], credit: tuple[Role, int], cents: int) -> None:
    post_entry(
        reference=f"{kind}:{debit}:{credit}:{cents}",
        kind=kind,
        effective_on=ON,
        at=AT,
        moves=[Move(account_id(*debit), account_id(*credit), cents)],
    )


def test_a_wallet_that_was_never_used_is_empty() -> None:
    user = people.lender()
    assert wallet_of(user) == Wallet(0, 0, 0, 0)
    assert _lines(user) == []
    assert statement_lines(user, []) == []


def test_the_wallet_shows_where_the_money_is() -> None:
    lender = people.lender(cash_cents=1_000_00)
    bid(lender, listed_request(), 100_00)
    loans.loan(shares_cents=[500_00, 500_00], lenders=[lender, people.lender()])
    transit = (Role.IN_TRANSIT_OUT, lender.pk)
    _book(EntryKind.WITHDRAWAL_REQUESTED, (Role.CASH, lender.pk), transit, 300_00)
    wallet = wallet_of(lender)
    assert wallet == Wallet(600_00, 100_00, 500_00, 300_00)
    assert wallet.total_cents == 1_500_00


def test_a_lender_s_statement_says_each_reason_from_their_own_view() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 1)
    share = loan.holdings.get(lender=lender).shares.get()
    told = [(line.reason, line.amount_cents) for line in _lines(lender)]
    assert told == [
        (Reason.LENDER_FEE, -share.fee_cents),
        (Reason.INTEREST_RECEIVED, share.interest_cents),
        (Reason.PRINCIPAL_RETURNED, share.principal_cents),
        (Reason.RESERVED, -600_00),
        (Reason.PAY_IN, 600_00),
    ]
    assert [line.reason for line in _lines(lender, Role.INVESTED)] == [
        Reason.PRINCIPAL_RETURNED,
        Reason.LENT,
    ]


def test_a_borrower_s_statement_says_what_was_paid_out_collected_and_paid() -> None:
    loan = loans.loan()
    loans.pay_instalments(loan, 1)
    first = loan.instalments.get(number=1)
    assert [(line.reason, line.amount_cents) for line in _lines(loan.borrower)] == [
        (Reason.INTEREST_PAID, -first.interest_cents),
        (Reason.PRINCIPAL_PAID, -first.principal_cents),
        (Reason.COLLECTED, first.total_cents),
    ]
    payout = _lines(loan.borrower, Role.IN_TRANSIT_OUT)
    assert [(line.reason, line.amount_cents) for line in payout] == [
        (Reason.LOAN_PAID_OUT, 4_875_00)
    ]


@pytest.mark.parametrize(
    ("kind", "into", "reason", "cents"),
    [
        (EntryKind.WITHDRAWAL_RETURNED, Role.CASH, Reason.WITHDRAWAL_RETURNED, -10_00),
        (EntryKind.PAYOUT, Role.CLEARING_OUT, Reason.PAID_OUT, -10_00),
        (EntryKind.CORRECTION, Role.SUSPENSE, Reason.CORRECTION, -10_00),
    ],
)
def test_money_on_its_way_out_has_its_reasons(
    kind: EntryKind, into: Role, reason: Reason, cents: int
) -> None:
    lender = people.lender(cash_cents=50_00)
    transit = (Role.IN_TRANSIT_OUT, lender.pk)
    _book(EntryKind.WITHDRAWAL_REQUESTED, (Role.CASH, lender.pk), transit, 50_00)
    _book(kind, transit, (into, lender.pk if into == Role.CASH else 0), 10_00)
    newest, oldest = _lines(lender, Role.IN_TRANSIT_OUT)
    assert (newest.reason, newest.amount_cents, newest.balance_cents) == (reason, cents, 40_00)
    assert (oldest.reason, oldest.amount_cents) == (Reason.WITHDRAWAL, 50_00)


def test_a_payout_that_came_back_is_told() -> None:
    lender = people.lender(cash_cents=50_00)
    transit = (Role.IN_TRANSIT_OUT, lender.pk)
    _book(EntryKind.WITHDRAWAL_REQUESTED, (Role.CASH, lender.pk), transit, 50_00)
    _book(EntryKind.PAYOUT_REOPENED, (Role.CLEARING_OUT, 0), transit, 50_00)
    assert _lines(lender, Role.IN_TRANSIT_OUT)[0].reason == Reason.PAYOUT_RETURNED


def test_every_statement_closes_at_the_balance_and_opens_at_nothing() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 3)
    bid(lender, listed_request(), 25_00)
    wallet = wallet_of(lender)
    figures = (
        wallet.cash_cents,
        wallet.reserved_cents,
        wallet.invested_cents,
        wallet.in_transit_out_cents,
    )
    for role, cents in zip(STATEMENTS, figures, strict=True):
        lines = _lines(lender, role)
        assert sum(line.amount_cents for line in lines) == cents
        if lines:
            assert lines[0].balance_cents == cents
            assert lines[-1].balance_cents == lines[-1].amount_cents


def test_a_page_begins_with_the_balance_where_the_page_before_it_ended() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 4)
    whole = _lines(lender)
    rows = statement_of(lender)
    paged = [
        line
        for start in range(0, len(whole), 5)
        for line in statement_lines(lender, list(rows[start : start + 5]))
    ]
    assert paged == whole
    after = statement_lines(lender, list(rows.filter(pk__lt=whole[3].id)[:2]))
    assert after == whole[4:6]


def test_lines_lead_to_the_loan_or_request_that_they_were_for() -> None:
    lender = people.lender()
    people.give_cash(lender, 1_000_00)
    open_request, gone, revoked = listed_request(), listed_request(), listed_request()
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender])
    loans.pay_instalments(loan, 1)
    bid(lender, open_request, 25_00)
    bid(lender, gone, 50_00)
    end_request(request_id=gone.pk, to=RequestStatus.EXPIRED, at=AT)
    revoke_offer(lender=lender, offer_id=bid(lender, revoked, 75_00).pk, at=AT)
    targets = {
        (line.reason, abs(line.amount_cents)): line.target for line in _lines(lender) if line.target
    }
    holding = loan.holdings.get()
    assert targets[Reason.RESERVED, 25_00].request_public_id == open_request.public_id
    assert targets[Reason.RELEASED, 50_00].request_public_id == gone.public_id
    assert targets[Reason.RELEASED, 75_00].request_public_id == revoked.public_id
    interest = targets[Reason.INTEREST_RECEIVED, holding.interest_cents]
    assert (interest.loan_id, interest.loan_number) == (loan.pk, loan.number)
    assert (interest.holding_id, interest.title) == (holding.pk, loan.request.title)
    lent = _lines(lender, Role.INVESTED)[-1].target
    assert lent is not None
    assert lent.loan_id == loan.pk
    payment = _lines(loan.borrower)[0].target
    assert payment is not None
    assert (payment.loan_id, payment.holding_id) == (loan.pk, None)


def test_a_stake_of_a_round_leads_to_its_request() -> None:
    lender = people.lender(cash_cents=100_00)
    request = listed_request()
    standing = Mandate.objects.create(
        lender=lender,
        name="All",
        max_per_loan_cents=100_00,
        max_per_borrower_cents=100_00,
        created_at=AT,
    )
    place_round_offers(round_id=7, stakes=[Stake(standing.pk, lender.pk, request.pk, 25_00)], at=AT)
    line = _lines(lender)[0]
    assert line.target is not None
    assert line.target.request_public_id == request.public_id


def test_nobody_reads_another_s_statement() -> None:
    lender, other = people.lender(cash_cents=100_00), people.lender(cash_cents=70_00)
    assert [line.amount_cents for line in _lines(other)] == [70_00]
    assert [line.amount_cents for line in _lines(lender)] == [100_00]


@pytest.mark.parametrize("role", [role for role in Role if role not in STATEMENTS])
def test_the_platform_s_accounts_have_no_statement(role: Role) -> None:
    with pytest.raises(NotFound):
        statement_of(people.staff(), role)


def test_the_words_follow_the_reader_s_language() -> None:
    with translation.override("en"):
        assert str(Reason.INTEREST_RECEIVED.label) == "Interest received"


def test_the_number_of_queries_does_not_grow_with_the_lines(
    django_assert_num_queries: Any,
) -> None:
    lender = people.lender()
    for number in (1, 3):
        for _ in range(number):
            made = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
            loans.pay_instalments(made, number)
            people.give_cash(lender, 25_00)
            bid(lender, listed_request(at=AT + timedelta(days=1)), 25_00)
        with django_assert_num_queries(1):
            wallet_of(lender)
        with django_assert_num_queries(10):
            assert _lines(lender)
