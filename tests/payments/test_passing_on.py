"""Many debits passed on together leave the same rows as one after the other."""

from __future__ import annotations

from random import Random

import pytest
from django.db import transaction

from accounts.models import BankAccount
from lending.models import Loan, Repayment
from payments.models import Collection
from payments.services import passing_on
from payments.services.passing_on import pass_on_collected
from payments.states import CollectionStatus
from tests.factories import loans, people
from tests.flows.digest import differences, digest
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def _collected(of: Loan, cents: int) -> Collection:
    """A debit that arrived and was booked, not yet passed on."""
    first = of.instalments.get(number=1)
    loans.give_collected(of.borrower, cents, on=first.due_on)
    account = BankAccount.objects.filter(user=of.borrower).first()
    if account is None:
        people.give_bank_account(of.borrower)
        account = BankAccount.objects.get(user=of.borrower)
    return Collection.objects.create(
        instalment=first,
        number=1,
        bank_account=account,
        amount_cents=cents,
        target_on=first.due_on,
        settled_on=first.due_on,
        status=CollectionStatus.SUCCEEDED,
        created_at=loans.noon(first.due_on),
    )


def _day() -> list[Collection]:
    """Ordinary debits, one of a loan with less due than was debited, one of a closed loan."""
    random, lenders = Random(1), [people.lender() for _ in range(4)]
    some = [
        loans.loan(
            shares_cents=[1_000_00, random.randint(1, 20) * 25_00],
            lenders=random.sample(lenders, 2),
            term_months=12,
            due_day=15,
        )
        for _ in range(6)
    ]
    made = [_collected(loan, loan.instalments.get(number=1).total_cents) for loan in some]
    loans.pay(some[4], 20_00, on=some[4].first_due_on)
    loans.pay_off(some[5], on=some[5].first_due_on)
    return made


def test_together_and_alone_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    day = _day()
    at = loans.noon(day[0].target_on)
    with transaction.atomic():
        assert pass_on_collected(at=at) == 6
        alone = digest()
        transaction.set_rollback(True)
    monkeypatch.setattr(passing_on, "MANY", 3)
    together: list[int] = []
    real = passing_on.share_in_bulk

    def share(**given: object) -> dict[str, int]:
        done = real(**given)  # type: ignore[arg-type]
        together.append(len(done))
        return done

    monkeypatch.setattr(passing_on, "share_in_bulk", share)
    assert pass_on_collected(at=at) == 6
    assert together == [4]
    assert differences(alone, digest()) == []
    for collection in Collection.objects.filter(repayment__isnull=False):
        assert collection.repayment == Repayment.objects.get(reference=str(collection.uuid))
    assert Collection.objects.filter(is_passed_on=True).count() == 6
    assert pass_on_collected(at=at) == 0
    assert_money("ledger", "lending")
