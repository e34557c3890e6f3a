"""Disbursement: a signed request becomes a loan, the lenders' reserved money becomes holdings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet

from core.dates import ONE_DAY
from core.errors import DomainError, NotFound, StaleState
from core.jobs import enqueue
from core.money import to_cents
from core.transitions import advance
from core.zone import market_zone
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, account_id, locked_accounts, post_entry
from lending.choices import FirstPeriod
from lending.domain.amortization import level_schedule
from lending.domain.quote import first_due_date
from lending.models import Holding, Loan, LoanEventKind, LoanRequest, Offer, PlanReason
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.timeline import note_event
from lending.states import REQUEST_TRANSITIONS, OfferSource, OfferStatus, RequestStatus
from notifications.services import notify

log = structlog.get_logger(__name__)

_Accounts = Mapping[Role, Mapping[int, int]]


@transaction.atomic
def disburse(*, request_id: int, on: date, at: datetime) -> Loan:
    """Make the loan of a signed request: holdings, instalments, one entry, the payout on its way.

    Several offers of one lender become one holding. The same request again returns its loan.
    Raises NotFound, IllegalTransition (not signed), or StaleState (its offers do not add up).
    """
    if earlier := Loan.objects.filter(request_id=request_id).first():
        return earlier
    borrower_id = _borrower_id(request_id)
    lender_ids = set(_open_offers(request_id).values_list("lender_id", flat=True))
    accounts = locked_accounts(
        {
            Role.RESERVED: lender_ids,
            Role.INVESTED: lender_ids,
            Role.IN_TRANSIT_OUT: [borrower_id],
            Role.FEES: [PLATFORM_ID],
        }
    )
    request = LoanRequest.objects.select_for_update().get(pk=request_id)
    if request.status == RequestStatus.DISBURSED:
        return Loan.objects.get(request=request)
    advance(request, RequestStatus.DISBURSED, table=REQUEST_TRANSITIONS, at=at)
    offers = list(_open_offers(request_id).select_for_update().order_by("id"))
    stakes, covers = _stakes(request, offers, lender_ids), _covers(offers)
    loan = _create_loan(request, on)
    Holding.objects.bulk_create(
        Holding(
            loan=loan,
            lender_id=lender_id,
            principal_cents=cents,
            outstanding_cents=cents,
            cover=covers[lender_id],
        )
        for lender_id, cents in sorted(stakes.items())
    )
    _plan_instalments(loan, at)
    _open_offers(request_id).update(status=OfferStatus.CONVERTED, closed_at=at)
    post_entry(
        reference=f"disbursement:{loan.number}",
        kind=EntryKind.DISBURSEMENT,
        effective_on=on,
        at=at,
        moves=_moves(loan, stakes, accounts),
    )
    _tell(loan, request, offers, at)
    enqueue("payments.send_payouts")
    return loan


def disburse_accepted(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: disburse what was signed by `on`; one that is refused holds up no other.

    A contract signed after midnight, before the day that ended was closed, waits for its own day:
    nothing is paid out before it was signed, and the plan is the one in the contract.
    """
    lent_cents, numbers, refused = 0, [], {}
    midnight = datetime.combine(on + ONE_DAY, time(), tzinfo=market_zone())
    signed = LoanRequest.objects.filter(
        status=RequestStatus.ACCEPTED, accepted_at__lt=midnight
    ).order_by("id")
    for request_id in signed.values_list("id", flat=True):
        try:
            loan = disburse(request_id=request_id, on=on, at=at)
        except DomainError as refusal:
            log.error("disbursement_refused", request_id=request_id, code=refusal.code)
            refused[str(request_id)] = refusal.code
        else:
            lent_cents += loan.principal_cents
            numbers.append(loan.number)
    return {"loans": numbers, "lent_cents": lent_cents, "refused": refused}


def _borrower_id(request_id: int) -> int:
    found = LoanRequest.objects.filter(pk=request_id).values_list("borrower_id", flat=True).first()
    if found is None:
        raise NotFound(f"request {request_id}")
    return found


def _open_offers(request_id: int) -> QuerySet[Offer]:
    return Offer.objects.filter(request_id=request_id, status=OfferStatus.OPEN)


def _next_loan_id() -> int:
    """The key of the loan to be: its number is made of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('lending_loan', 'id'))")
        return int(cursor.fetchone()[0])


def _stakes(
    request: LoanRequest, offers: Iterable[Offer], locked_lenders: set[int]
) -> dict[int, int]:
    """What each lender gives; the offers of a signed request cannot change, and must cover it."""
    stakes: dict[int, int] = defaultdict(int)
    for offer in offers:
        stakes[offer.lender_id] += offer.amount_cents
    if set(stakes) != locked_lenders or sum(stakes.values()) != request.granted_cents:
        raise StaleState(f"the offers on request {request.pk} do not add up to its amount")
    return stakes


def _covers(offers: Iterable[Offer]) -> dict[int, str]:
    """What each lender's claim will bear: all offers of one lender bear the same."""
    covers: dict[int, str] = {}
    for offer in offers:
        if covers.setdefault(offer.lender_id, offer.cover) != offer.cover:
            raise StaleState(f"the offers on request {offer.request_id} differ in their cover")
    return covers


def _create_loan(request: LoanRequest, on: date) -> Loan:
    if request.borrower_fee_rate is None:
        raise StaleState(f"no fee was agreed for request {request.pk}")
    loan_id, fee_rate = _next_loan_id(), request.borrower_fee_rate
    return Loan.objects.create(
        pk=loan_id,
        number=f"P-{loan_id:06d}",
        request=request,
        borrower_id=request.borrower_id,
        principal_cents=request.granted_cents,
        outstanding_cents=request.granted_cents,
        fee_cents=to_cents(request.granted_cents * fee_rate),
        annual_rate=request.annual_rate,
        term_months=request.term_months,
        grade=request.grade,
        disbursed_on=on,
        first_due_on=first_due_date(on, request.due_day),
        first_period=request.first_period,
    )


def _plan_instalments(loan: Loan, at: datetime) -> None:
    plan = level_schedule(
        loan.principal_cents,
        loan.annual_rate,
        loan.term_months,
        loan.first_due_on,
        disbursed_on=loan.disbursed_on,
        first_period=FirstPeriod(loan.first_period).rule,
        day_count=loan.day_count,
        instalment_rounding=loan.instalment_rounding,
        interest_rounding=loan.interest_rounding,
    )
    make_plan(
        loan=loan,
        reason=PlanReason.DISBURSED,
        instalments=[PlannedInstalment(*part) for part in plan],
        on=loan.disbursed_on,
        at=at,
    )


def _moves(loan: Loan, stakes: Mapping[int, int], accounts: _Accounts) -> list[Move]:
    """Reserved money becomes invested; the borrower is owed the amount less the fee."""
    reserved, invested = accounts[Role.RESERVED], accounts[Role.INVESTED]
    owed_to_borrower = accounts[Role.IN_TRANSIT_OUT][loan.borrower_id]
    principal, fees = account_id(Role.PRINCIPAL, loan.pk), accounts[Role.FEES][PLATFORM_ID]
    moves = [
        Move(reserved[lender_id], invested[lender_id], cents)
        for lender_id, cents in sorted(stakes.items())
    ]
    moves.append(Move(principal, owed_to_borrower, loan.principal_cents - loan.fee_cents))
    moves.append(Move(principal, fees, loan.fee_cents))
    return [move for move in moves if move.cents]


def _tell(loan: Loan, request: LoanRequest, offers: Iterable[Offer], at: datetime) -> None:
    """Open the timeline; write to the borrower and to those who bid by hand."""
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.DISBURSED,
        on=loan.disbursed_on,
        key=f"disbursed:{loan.pk}",
        amount_cents=loan.principal_cents,
    )
    facts = {"loan_id": loan.pk, "number": loan.number, "title": request.title}
    notify(
        person_id=loan.borrower_id,
        kind="loan_disbursed",
        key=f"loan_disbursed:{loan.pk}",
        facts=facts
        | {
            "payout_cents": loan.principal_cents - loan.fee_cents,
            "first_due_on": loan.first_due_on,
        },
        at=at,
    )
    by_hand = {offer.lender_id for offer in offers if offer.source != OfferSource.MANDATE}
    for lender_id in sorted(by_hand):
        notify(
            person_id=lender_id,
            kind="holding_started",
            key=f"holding_started:{loan.pk}:{lender_id}",
            facts=facts,
            at=at,
        )
