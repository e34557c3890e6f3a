"""Letters of the ladder: a PDF kept as issued, an e-mail, a contact, a line on the timeline."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils import translation

from accounts.selectors import profile_of
from core.wording import day, euro, percent
from lending.documents import pdf
from lending.models import (
    ArrearsCase,
    Contact,
    ContactKind,
    Document,
    DocumentKind,
    Loan,
    LoanEventKind,
)
from lending.selectors.debts import Debt, debt_of
from lending.services.timeline import note_event
from notifications.services import notify

PAY_WITHIN_DAYS: Final = 10
"""What a reminder asks to be paid is to be there so many days after it left."""


class _Kind(NamedTuple):
    """What goes with a letter."""

    mail: str
    event: LoanEventKind


_KINDS: Final[dict[DocumentKind, _Kind]] = {
    DocumentKind.REMINDER_1: _Kind("reminder_1", LoanEventKind.REMINDED),
    DocumentKind.REMINDER_2: _Kind("reminder_2", LoanEventKind.REMINDED),
    DocumentKind.FINAL_NOTICE: _Kind("final_notice", LoanEventKind.NOTICE),
    DocumentKind.TERMINATION: _Kind("loan_terminated", LoanEventKind.TERMINATED),
}


def send_letter(
    case: ArrearsCase,
    kind: DocumentKind,
    *,
    on: date,
    at: datetime,
    by_id: int | None = None,
    pay_by: date | None = None,
) -> Document:
    """Write to the borrower what is owed, split as section 497 splits it; once for each kind.

    Args:
        pay_by: the day until which to pay; some days after the letter unless given.
    """
    key = f"{kind}:{case.pk}"
    if earlier := Document.objects.filter(key=key).first():
        return earlier
    loan, until = case.loan, pay_by or on + timedelta(days=PAY_WITHIN_DAYS)
    debt = debt_of(loan, on)
    document = _issue(loan, kind, debt, key=key, on=on, at=at, until=until)
    Contact.objects.create(
        case=case,
        kind=ContactKind.LETTER,
        on=on,
        at=at,
        by_id=by_id,
        document=document,
        key=f"letter:{key}",
    )
    note_event(
        loan_id=loan.pk,
        kind=_KINDS[kind].event,
        on=on,
        key=f"{_KINDS[kind].event}:{key}",
        amount_cents=debt.total_cents,
    )
    _mail(case, _KINDS[kind].mail, debt, at=at, until=until)
    return document


def _issue(
    loan: Loan,
    kind: DocumentKind,
    debt: Debt,
    *,
    key: str,
    on: date,
    at: datetime,
    until: date,
) -> Document:
    language = loan.borrower.language
    with translation.override(language):
        words = letter_words(loan, kind, debt, language=language, on=on, until=until)
    content = pdf("arrears", words, at=at)
    return Document.objects.create(
        person=loan.borrower,
        loan=loan,
        kind=kind,
        language=language,
        on=on,
        data=words,
        pdf=content,
        sha256=hashlib.sha256(content).hexdigest(),
        key=key,
    )


def letter_words(
    loan: Loan, kind: DocumentKind, debt: Debt, *, language: str, on: date, until: date
) -> dict[str, Any]:
    """Every figure of a letter, written out in the active language."""
    profile = profile_of(loan.borrower)
    address = [f"{profile.street}", f"{profile.postcode} {profile.city}"] if profile else []
    return {
        "kind": str(kind),
        "language": "de" if language.startswith("de") else "en",
        "number": loan.number,
        "name": profile.full_name if profile else loan.borrower.email,
        "address": address,
        "on": day(on),
        "until": day(until),
        "lent": euro(loan.principal_cents),
        "lent_on": day(loan.disbursed_on),
        "rate": percent(loan.annual_rate),
        "rows": [
            [
                str(row.number),
                day(row.due_on),
                euro(row.principal_cents - row.paid_principal_cents),
                euro(row.interest_cents - row.paid_interest_cents),
                euro(row.open_cents),
            ]
            for row in debt.instalments
        ],
        "costs": euro(debt.costs_cents),
        "principal": euro(debt.principal_cents),
        "interest": euro(debt.interest_cents),
        "overdue": euro(debt.overdue_cents),
        "default_interest": euro(debt.default_interest_cents),
        "total": euro(debt.total_cents),
        "outstanding": euro(loan.outstanding_cents),
        "contact": settings.DEFAULT_FROM_EMAIL,
    }


def _mail(case: ArrearsCase, kind: str, debt: Debt, *, at: datetime, until: date) -> None:
    notify(
        person_id=case.loan.borrower_id,
        kind=kind,
        key=f"{kind}:{case.pk}",
        facts={
            "loan_id": case.loan_id,
            "number": case.loan.number,
            "until_on": until,
            "costs_cents": debt.costs_cents,
            "overdue_cents": debt.overdue_cents,
            "default_interest_cents": debt.default_interest_cents,
            "total_cents": debt.total_cents,
        },
        at=at,
    )


def early_contact(case: ArrearsCase, *, on: date, at: datetime) -> bool:
    """Before day 30: write with ways to ease the loan and with the address of debt advice, once."""
    loan = case.loan
    _, is_new = Contact.objects.get_or_create(
        key=f"early:{case.pk}",
        defaults={"case": case, "kind": ContactKind.EMAIL, "on": on, "at": at},
    )
    if is_new:
        notify(
            person_id=loan.borrower_id,
            kind="early_contact",
            key=f"early_contact:{case.pk}",
            facts={
                "loan_id": loan.pk,
                "number": loan.number,
                "overdue_cents": debt_of(loan, on).overdue_cents,
            },
            at=at,
        )
    return is_new
