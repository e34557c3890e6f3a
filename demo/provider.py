"""What the demo's people do at the payment provider's pages; only the sandbox has such handles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from accounts.models import User
from accounts.selectors import active_bank_account, latest_identity_check
from demo.names import Person
from demo.story_line import Trouble
from lending.models import Loan
from payments.limits import MAX_PAY_IN_CENTS
from payments.sandbox import control
from payments.services import bank_accounts, identity, pay_ins
from payments.services.bank_accounts import MandateProof
from payments.services.people import recipient_of

MANDATE_TEXT = "Ich erlaube Pari, fällige Raten von diesem Konto einzuziehen."
BROWSER = MandateProof(text=MANDATE_TEXT, ip="127.0.0.1", user_agent="demo")
_NOTICE = timedelta(days=1)


def verify(user: User, person: Person, *, at: datetime) -> None:
    """Show an identity card and name a bank account, as a person does on the provider's pages."""
    identity.start(user=user, at=at)
    check = latest_identity_check(user)
    if check is None:
        raise LookupError(f"the provider opened no identity check for {user}")
    control.finish_identity(
        check.provider_id,
        first_name=person.first_name,
        last_name=person.last_name,
        born_on=person.date_of_birth,
    )
    identity.refresh(provider_id=check.provider_id, at=at)
    added = bank_accounts.add(
        user=user, iban=control.GOOD_IBAN, holder_name=person.full_name, accepted=BROWSER, at=at
    )
    if added.onboarding_url:
        control.finish_onboarding(recipient_of(user))
        bank_accounts.settle(bank_account_id=added.account.pk, at=at)


def pay_in(user: User, name: str, cents: int, *, at: datetime) -> None:
    """Pay by direct debit on the payment page, in as many payments as one debit's limit asks."""
    for part in _debits(cents):
        opened = pay_ins.start_pay_in(lender=user, amount_cents=part, at=at)
        control.pay_session(opened.session_id, iban=control.GOOD_IBAN, name=name, email=user.email)


def _debits(cents: int) -> Iterator[int]:
    while cents > 0:
        yield min(cents, MAX_PAY_IN_CENTS)
        cents -= MAX_PAY_IN_CENTS


def stop_paying(loan: Loan, trouble: Trouble) -> None:
    """Let debits of the borrower fail from an instalment on, for some days or for good."""
    method = _method_of(loan)
    due_on: date = loan.instalments.current().get(number=trouble.from_instalment).due_on
    control.set_fate(method, "insufficient_funds", from_date=due_on - _NOTICE)
    if trouble.days is not None:
        again = due_on + timedelta(days=trouble.days)
        control.set_fate(method, "succeeds", from_date=again)


def pay_again(loan: Loan, on: date) -> None:
    """Let debits of the borrower succeed from a day on."""
    control.set_fate(_method_of(loan), "succeeds", from_date=on)


def _method_of(loan: Loan) -> str:
    account = active_bank_account(loan.borrower)
    if account is None:
        raise LookupError(f"{loan.borrower} has no bank account")
    return account.provider_method
