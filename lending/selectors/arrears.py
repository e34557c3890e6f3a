"""Cases of arrears as the guards of the ladder look at them, many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from django.db.models import F, Max, Sum

from accounts.models import User
from core.errors import NotFound
from lending.choices import ARREARS_FOUR_EYES_FROM_CENTS
from lending.domain import due_dates
from lending.domain.arrears_ladder import Standing
from lending.domain.notices import find_notice
from lending.models import (
    ArrearsCase,
    Contact,
    ContactKind,
    Holding,
    Instalment,
    InstalmentKind,
    Loan,
    PlanChange,
)
from lending.selectors.charges import costs_owed_cents, default_interest_owed_cents
from lending.states import ArrearsStage, LoanStatus

BEFORE_TERMINATION: Final = (
    ArrearsStage.LATE,
    ArrearsStage.REMINDER_1,
    ArrearsStage.REMINDER_2,
    ArrearsStage.FINAL_NOTICE,
)
CALLED: Final = (ArrearsStage.TERMINATED, ArrearsStage.COLLECTION)


class _Said(NamedTuple):
    """What the contacts of a case come to."""

    was_offered: bool = False
    promised_on: date | None = None


def open_case_of(loan: Loan) -> ArrearsCase | None:
    """The case that is open on a loan, if one is."""
    return ArrearsCase.objects.filter(loan=loan, closed_on__isnull=True).first()


def needs_two(loan: Loan) -> bool:
    """Whether calling due, selling, settling or writing off takes a second person."""
    return loan.outstanding_cents >= ARREARS_FOUR_EYES_FROM_CENTS


def standing_of(case: ArrearsCase, on: date, *, is_seconded: bool = False) -> Standing:
    """One case as its guards look at it on `on`."""
    seconded = {case.pk} if is_seconded else set()
    return standings([case], on, seconded=seconded)[case.pk]


def standings(
    cases: Sequence[ArrearsCase], on: date, *, seconded: Collection[int] = frozenset()
) -> dict[int, Standing]:
    """Cases by id, in as many queries for many as for one.

    Args:
        cases: with their loans.
        seconded: cases for whose act a second person has approved.
    """
    loan_ids = [case.loan_id for case in cases]
    unpaid = _unpaid_of(loan_ids)
    places = _places_of(loan_ids)
    said = _said_in(cases)
    recovered = dict(
        Holding.objects.filter(loan__in=loan_ids)
        .values_list("loan_id")
        .annotate(cents=Sum("recovered_cents"))
    )
    return {
        case.pk: _standing(
            case,
            unpaid[case.loan_id],
            places,
            said.get(case.pk, _Said()),
            on,
            recovered_cents=recovered.get(case.loan_id, 0),
            is_seconded=case.pk in seconded or not needs_two(case.loan),
        )
        for case in cases
    }


def _standing(
    case: ArrearsCase,
    unpaid: Sequence[Instalment],
    places: Mapping[int, int],
    said: _Said,
    on: date,
    *,
    recovered_cents: int,
    is_seconded: bool,
) -> Standing:
    late = [row for row in unpaid if due_dates.days_past_due(row.due_on, on)]
    notice = find_notice(
        case.loan.principal_cents,
        case.loan.term_months,
        [(places[row.pk], row.open_cents) for row in late if row.pk in places],
    )
    return Standing(
        on=on,
        days_past_due=due_dates.days_past_due(unpaid[0].due_on if unpaid else None, on),
        overdue_cents=sum(row.open_cents for row in late),
        owed_cents=_owed(case, unpaid, on),
        days_in_stage=(on - case.stage_since).days,
        has_run=notice.has_run,
        has_sum=notice.has_sum,
        was_offered=said.was_offered,
        notice_until=case.notice_until,
        demanded_cents=_still_demanded(case, late),
        promised_on=said.promised_on,
        is_seconded=is_seconded,
        recovered_cents=recovered_cents,
        is_called=case.loan.terminated_on is not None and case.opened_on >= case.loan.terminated_on,
    )


def _owed(case: ArrearsCase, unpaid: Sequence[Instalment], on: date) -> int:
    """All that is open of the plan; of a loan called due, once that is paid, what else is."""
    planned = sum(row.open_cents for row in unpaid)
    if planned or case.status not in CALLED or case.loan.status == LoanStatus.REPAID:
        return planned
    return costs_owed_cents(case.loan) + default_interest_owed_cents(case.loan, on)


def _still_demanded(case: ArrearsCase, late: Sequence[Instalment]) -> int:
    """What is open of the instalments that were late when the final notice was sent."""
    if case.status != ArrearsStage.FINAL_NOTICE:
        return 0
    return sum(row.open_cents for row in late if row.due_on < case.stage_since)


def _unpaid_of(loan_ids: Collection[int]) -> Mapping[int, list[Instalment]]:
    rows: dict[int, list[Instalment]] = defaultdict(list)
    unpaid = Instalment.objects.unpaid().filter(loan__in=loan_ids)
    for row in unpaid.order_by("loan_id", "due_on", "number"):
        rows[row.loan_id].append(row)
    return rows


def _places_of(loan_ids: Collection[int]) -> dict[int, int]:
    """Where each regular instalment stands in the plan of its loan."""
    regular = Instalment.objects.current().filter(loan__in=loan_ids, kind=InstalmentKind.REGULAR)
    rows = regular.order_by("loan_id", "number").values_list("pk", flat=True)
    return {pk: place for place, pk in enumerate(rows)}


def _said_in(cases: Sequence[ArrearsCase]) -> dict[int, _Said]:
    """Offers that staff recorded or made as a change of terms, and how far promises reach."""
    ids = [case.pk for case in cases]
    offers = Contact.objects.filter(case__in=ids, kind=ContactKind.OFFER, by__isnull=False)
    offered = set(offers.values_list("case_id", flat=True))
    changes = PlanChange.objects.filter(
        loan__arrears__in=ids,
        decided_by__isnull=False,
        decided_at__date__gte=F("loan__arrears__opened_on"),
    )
    offered |= set(changes.values_list("loan__arrears", flat=True))
    promises = Contact.objects.filter(case__in=ids, kind=ContactKind.PROMISE)
    promised = dict(promises.values_list("case_id").annotate(until=Max("promised_on")))
    return {pk: _Said(pk in offered, promised.get(pk)) for pk in ids}


def case_of_borrower(user: User, loan_id: int) -> ArrearsCase | None:
    """The case that is open on a borrower's own loan; NotFound for anyone else's."""
    if not Loan.objects.filter(pk=loan_id, borrower=user).exists():
        raise NotFound(f"loan {loan_id}")
    open_ones = ArrearsCase.objects.filter(loan=loan_id, closed_on__isnull=True)
    return open_ones.select_related("loan").first()
