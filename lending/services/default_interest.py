"""Default interest is written down as spans of days; it is no income before it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from lending.domain.default_interest import Span, default_interest_cents
from lending.models import DefaultInterestSpan, Instalment, Loan
from lending.selectors.charges import OWING, default_spans, stored_spans


@transaction.atomic
def charge_default_interest(*, loan_id: int, on: date) -> int:
    """Write down the default interest of a loan through `on`; returns all that was ever charged.

    Worked out from the plan and the dated payments each time, so that a day end run twice or
    late, and a payment booked for an earlier day, come to the same spans.
    """
    loan = Loan.objects.select_for_update(no_key=True).get(pk=loan_id)
    rows = list(stored_spans(loan))
    if loan.status not in OWING:
        return default_interest_cents([row.span for row in rows])
    spans = default_spans(loan, on, rows)
    _store(loan, rows, spans)
    return default_interest_cents(spans)


def charge_late_loans(*, loan_ids: Sequence[int], on: date, at: datetime) -> dict[str, object]:
    """A loan's day: write down the default interest of those loans on which something is late."""
    late = Instalment.objects.unpaid().filter(
        loan__in=loan_ids, due_on__lt=on, loan__status__in=OWING
    )
    late_ids = sorted(set(late.values_list("loan_id", flat=True)))
    for loan_id in late_ids:
        charge_default_interest(loan_id=loan_id, on=on)
    return {"bearing": len(late_ids)}


def _store(loan: Loan, rows: Sequence[DefaultInterestSpan], spans: Sequence[Span]) -> None:
    """Lengthen, replace or add rows; what stays the same is not touched."""
    stored = {row.from_on: row for row in rows}
    wanted = {span.from_on: span for span in spans}
    if gone := stored.keys() - wanted.keys():
        DefaultInterestSpan.objects.filter(loan=loan, from_on__in=gone).delete()
    fresh = [span for from_on, span in wanted.items() if from_on not in stored]
    DefaultInterestSpan.objects.bulk_create(
        DefaultInterestSpan(loan=loan, **span._asdict()) for span in fresh
    )
    for from_on in wanted.keys() & stored.keys():
        row, span = stored[from_on], wanted[from_on]
        if (row.to_on, row.overdue_cents, row.annual_rate) != span[1:]:
            row.to_on, row.overdue_cents, row.annual_rate = span[1:]
            row.save(update_fields=["to_on", "overdue_cents", "annual_rate"])
