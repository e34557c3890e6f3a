"""A collection day shared out at once is booked row by row as its payments would be alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import DomainError
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry
from lending.models import Loan, Repayment
from lending.selectors.plain_payments import Payment, plain_parts
from lending.services.repayments import repay
from lending.services.repayments_bulk import SharedOut, repay_many
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.flows.digest import differences, digest
from tests.flows.money import assert_money
from tests.seeds import seeds, tried

pytestmark = pytest.mark.django_db

_numbers = count(1)


def _pay(of: Loan, cents: int, *, on: date, cash_cents: int | None = None) -> Payment:
    """A payment whose money the borrower has, unless another amount is given."""
    if given := cents if cash_cents is None else cash_cents:
        loans.give_collected(of.borrower, given, on=on)
    return Payment(of.pk, cents, f"bulk-{next(_numbers)}", on)


def _one_by_one(payments: Sequence[Payment]) -> SharedOut:
    result = SharedOut()
    for payment in payments:
        try:
            made = repay(**payment._asdict(), at=loans.noon(payment.received_on))
        except DomainError as refusal:
            result.refused[payment.reference] = refusal
        else:
            result.done[payment.reference] = made.pk
    return result


def _at_once(payments: Sequence[Payment]) -> SharedOut:
    return repay_many(payments=payments, at=loans.noon(payments[0].received_on))


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _assert_the_same(payments: Sequence[Payment]) -> SharedOut:
    """Do it both ways from the same state, compare all rows, and keep what was done at once."""
    with _undone():
        single = _one_by_one(payments)
        expected = digest()
    result = _at_once(payments)
    assert differences(expected, digest()) == []
    assert result.done.keys() == single.done.keys()
    codes = {name: refusal.code for name, refusal in result.refused.items()}
    assert codes == {name: refusal.code for name, refusal in single.refused.items()}
    assert_money("ledger", "lending")
    return result


def _plain(payments: Sequence[Payment]) -> set[int]:
    """The loans whose payments go the fast way."""
    parts = plain_parts(payments, payments[0].received_on)
    return {payments[part.place].loan_id for part in parts}


def _some_loans(random: Random, many: int) -> list[Loan]:
    """Loans with the same lenders and odd shares, some of them paid in part already."""
    lenders = [people.lender() for _ in range(6)]
    made = []
    for _ in range(many):
        holders = random.sample(lenders, random.randint(1, 6))
        shares = [1_000_00, *(random.randint(1, 40) * 25_00 for _ in holders[1:])]
        made.append(
            loans.loan(
                shares_cents=random.sample(shares, len(shares)),
                lenders=holders,
                term_months=random.choice([12, 36, 84]),
                annual_rate=Decimal(random.randint(0, 1500)) / 10_000,
                due_day=15,
            )
        )
    return made


@pytest.mark.soak
def test_random_days_are_shared_out_to_the_same_cent_as_payments_alone() -> None:
    for seed in tried(seeds(few=2, many=60)):
        random = Random(seed)
        with _undone():
            some = _some_loans(random, 8)
            for _ in range(2):
                due_on = loans.Instalment.objects.unpaid().earliest("due_on").due_on
                day = [
                    _pay(
                        loan, random.choice([row.total_cents, random.randint(1, 90_00)]), on=due_on
                    )
                    for loan in some
                    for row in loan.instalments.unpaid().filter(due_on=due_on)
                ]
                assert _plain(day)
                _assert_the_same(day)


def test_a_plain_day_goes_the_fast_way_and_links_every_share(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    some = _some_loans(Random(7), 5)
    on = some[0].first_due_on
    day = [_pay(loan, loan.instalments.get(number=1).total_cents, on=on) for loan in some]
    assert _plain(day) == {loan.pk for loan in some}
    result = _assert_the_same(day)
    for payment in day:
        repayment = Repayment.objects.get(pk=result.done[payment.reference])
        assert repayment.entry.reference == f"repayment:{payment.reference}"
        assert set(repayment.shares.values_list("holding__loan", flat=True)) == {payment.loan_id}
        assert repayment.parts.get().instalment.paid_on == on


def test_the_number_of_queries_does_not_grow_with_the_payments() -> None:
    counts = Counter[int]()
    for many in (1, 1, 6):  # the very first opens the platform's accounts
        some = _some_loans(Random(many), many)
        on = some[0].first_due_on
        day = [_pay(loan, 10_00, on=on) for loan in some]
        with CaptureQueriesContext(connection) as queries:
            repay_many(payments=day, at=loans.noon(on))
        counts[many] = len(queries)
    assert counts[1] == counts[6]


def test_what_is_not_plain_is_booked_or_refused_as_alone() -> None:
    """The last instalment, a surplus, a loan that is late, no cash, used names, no such loan."""
    some = _some_loans(Random(3), 9)
    on = some[0].first_due_on
    plain, twice, surplus, poor, old, last, owing, lost, _ = some
    first = {loan.pk: loan.instalments.get(number=1).total_cents for loan in some}
    earlier = _pay(old, 5_00, on=on)
    _one_by_one([earlier])
    while last.instalments.unpaid().count() > 1:
        row = last.instalments.unpaid().earliest("number")
        loans.pay(last, row.open_cents, on=on - timedelta(days=1), instalment=row)
    final = last.instalments.unpaid().get()
    debtor = owing.holdings.earliest("id").lender_id
    cash, debt = account_id(Role.CASH, debtor), account_id(Role.RECEIVABLE, debtor)
    post_entry(
        reference="owes",
        kind=EntryKind.REVERSAL,
        effective_on=on,
        at=loans.noon(on),
        moves=[Move(debt, cash, 1_00), Move(cash, account_id(Role.PROVIDER), 1_00)],
    )
    Loan.objects.filter(pk=lost.pk).update(status=LoanStatus.WITHDRAWN)
    day = [
        _pay(plain, first[plain.pk], on=on),
        _pay(twice, 3_00, on=on),
        _pay(twice, 4_00, on=on),
        _pay(surplus, first[surplus.pk] + 1, on=on),
        _pay(poor, 10_00, on=on, cash_cents=9_99),
        earlier,
        earlier._replace(loan_id=plain.pk),
        _pay(last, final.open_cents, on=on)._replace(instalment_id=final.pk),
        _pay(owing, 10_00, on=on),
        _pay(lost, 10_00, on=on),
        Payment(10**9, 1_00, "nobody", on),
    ]
    one_a_loan = [day[0], day[1], day[3], day[4], day[5], *day[7:]]
    slow = {debt_of.pk for debt_of in some if debt_of.holdings.filter(lender=debtor).exists()}
    assert _plain(one_a_loan) == {plain.pk, twice.pk, poor.pk} - slow
    with _undone():
        expected, single = None, _one_by_one(day)
        expected = digest()
    result = _at_once(day)
    assert differences(expected, digest()) == []
    assert {name: refusal.code for name, refusal in result.refused.items()} == {
        name: refusal.code for name, refusal in single.refused.items()
    }


def test_a_late_loan_takes_the_way_of_section_497() -> None:
    some = _some_loans(Random(11), 3)
    late, even, early = some
    on = late.first_due_on + timedelta(days=40)
    loans.pay(even, even.instalments.get(number=1).total_cents, on=even.first_due_on)
    row = early.instalments.get(number=1)
    loans.pay(early, row.total_cents, on=row.due_on - timedelta(days=3), instalment=row)
    day = [
        _pay(loan, loan.instalments.unpaid().earliest("number").open_cents, on=on) for loan in some
    ]
    debited = [
        payment._replace(instalment_id=loan.instalments.unpaid().earliest("number").pk)
        for payment, loan in zip(day, some, strict=True)
    ]
    assert late.pk not in _plain(debited)
    _assert_the_same(debited)


def test_doing_a_day_twice_moves_money_once() -> None:
    some = _some_loans(Random(5), 4)
    on = some[0].first_due_on
    day = [_pay(loan, 10_00, on=on) for loan in some]
    first = _at_once(day)
    before = digest()
    assert _at_once(day).done == first.done
    assert differences(before, digest()) == []
