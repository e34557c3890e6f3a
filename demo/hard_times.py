"""Money runs short in the demo: some borrowers skip instalments, one is helped by staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from accounts.models import User
from demo import provider
from lending.models import ChangeKind, Loan
from lending.selectors.changes import has_debit_under_way
from lending.services.arrears import days_past_due
from lending.services.breaks import break_options, preview_break, take_break
from lending.services.easing import EasedTerms
from lending.services.hardship import accept_change, propose_change
from lending.states import LoanStatus

_A_YEAR: Final = 12
_LATE_ENOUGH: Final = 18
WHY: Final = "Kurzarbeit bis zum Frühjahr; die Raten sind mit dem jetzigen Einkommen zu hoch."
OFFER: Final = (
    "Wir strecken Ihren Kredit um ein Jahr. Die überfälligen Raten gehen in den neuen Plan ein, "
    "und jeder Monat kostet Sie weniger."
)


def _key(loan: Loan, on: date) -> UUID:
    """The name of an act, without a draw that would tell another story."""
    return uuid5(NAMESPACE_URL, f"demo:{loan.number}:{on}")


def skip_instalments(loan: Loan, months: int, *, on: date, at: datetime) -> bool:
    """Let a borrower take a break in the studio; false while a limit stands against it."""
    borrower = loan.borrower
    room = break_options(borrower=borrower, loan_id=loan.pk, on=on)
    coming = [choice.number for choice in room.choices if choice.is_in_time][:months]
    if room.limits or not room.is_open or len(coming) < months:
        return False
    collect = "end" if months == 1 else "spread"
    shown = preview_break(
        borrower=borrower, loan_id=loan.pk, numbers=coming, collect=collect, on=on
    )
    take_break(
        borrower=borrower,
        loan_id=loan.pk,
        numbers=coming,
        collect=collect,
        on=on,
        at=at,
        request_key=_key(loan, on),
        seal=shown.effect.seal,
    )
    return True


def helped(loans: Iterable[Loan], staff: User, *, on: date, at: datetime) -> list[int]:
    """Stretch loans that have been late for a while; the borrowers accept and pay again."""
    done = []
    for loan in loans:
        is_late = days_past_due(loan, on) >= _LATE_ENOUGH
        if loan.status != LoanStatus.ACTIVE or not is_late or has_debit_under_way(loan):
            continue
        coming = loan.instalments.unpaid().filter(due_on__gt=on).count()
        change = propose_change(
            staff=staff,
            loan_id=loan.pk,
            kind=ChangeKind.LONGER_TERM,
            terms=EasedTerms(months=coming + _A_YEAR),
            reason=WHY,
            answer=OFFER,
            on=on,
            at=at,
            request_key=_key(loan, on),
        )
        accept_change(borrower=loan.borrower, change_id=change.pk, on=on, at=at)
        provider.pay_again(loan, on)
        done.append(loan.pk)
    return done
