"""From a filled request to a signed contract: pre-contract information, signature, document."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import IllegalTransition, NotFound, StaleState
from core.models import AuditRow
from core.transitions import advance
from lending.documents import pdf
from lending.errors import NotFirm
from lending.models import Contract, LoanRequest
from lending.selectors.contract_withdrawals import withdraw_until
from lending.selectors.offers import firm_from
from lending.services.contract_figures import (
    document_words,
    figures_of,
    lender_shares,
)
from lending.services.spares import release_spares
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from notifications.services import notify

_PRICED: Final = frozenset({RequestStatus.LISTED, RequestStatus.FILLED, RequestStatus.ACCEPTED})
_SHEET: Final = "pre_contract_sheet"
_GOOD_TIME: Final = timedelta(days=1)


def pre_contract_pdf(request: LoanRequest, language: str, *, at: datetime) -> bytes:
    """The pre-contract information, from the same figures as the contract will show.

    Raises NotReady while the request has no rate.
    """
    words = document_words(figures_of(request, at=at), language, signed_at=None)
    return pdf("contract", words, at=at)


@transaction.atomic
def deliver_pre_contract(*, borrower: User, request_id: int, language: str, at: datetime) -> bytes:
    """Hand the pre-contract information to the borrower and note when, with its hash.

    Raises NotFound, or IllegalTransition while the request has no price or after its end.
    """
    request = LoanRequest.objects.filter(pk=request_id, borrower=borrower).first()
    if request is None:
        raise NotFound(f"request {request_id}")
    if request.status not in _PRICED:
        raise IllegalTransition(f"request {request_id} is {request.status}")
    document = pre_contract_pdf(request, language, at=at)
    audit.record(
        request,
        _SHEET,
        at=at,
        actor_id=borrower.pk,
        data={"sha256": hashlib.sha256(document).hexdigest(), "language": language},
    )
    return document


@transaction.atomic
def sign(*, borrower: User, request_id: int, at: datetime, ip: str | None = None) -> Contract:
    """Sign the contract of a fully funded request, once no lender can revoke any more.

    The document is kept as signed, with its figures and hash; signing twice returns it.
    Raises NotFound, IllegalTransition, NotFirm (its facts name the day), or StaleState.
    """
    own = LoanRequest.objects.select_for_update().filter(pk=request_id, borrower=borrower)
    request = own.first()
    if request is None:
        raise NotFound(f"request {request_id}")
    if earlier := Contract.objects.filter(request=request).first():
        return earlier
    if request.status != RequestStatus.FILLED:
        raise IllegalTransition(f"request {request_id} is {request.status}")
    _check_firm(request, at=at)
    contract = _issue(request, at=at, ip=ip)
    advance(
        request,
        RequestStatus.ACCEPTED,
        table=REQUEST_TRANSITIONS,
        at=at,
        actor_id=borrower.pk,
        data={"contract": contract.number, "sha256": contract.sha256},
        accepted_at=at,
    )
    release_spares(request, at=at)
    _tell(contract, at=at)
    return contract


def _check_firm(request: LoanRequest, *, at: datetime) -> None:
    firm_on = firm_from(request)
    if firm_on is None:
        raise StaleState(f"request {request.pk} has no offers")
    if day_of(at) < firm_on:
        raise NotFirm(day=firm_on - timedelta(days=1))


def _issue(request: LoanRequest, *, at: datetime, ip: str | None) -> Contract:
    """Write the contract down; its document shows exactly the figures that are stored."""
    shares = lender_shares(request)
    if sum(cents for _, cents in shares) != request.granted_cents:
        raise StaleState(f"the offers on request {request.pk} do not add up")
    figures = figures_of(request, at=at) | {"lenders": shares}
    language = request.borrower.language
    words = document_words(figures, language, signed_at=at, signed_ip=ip or "")
    document = pdf("contract", words, at=at)
    return Contract.objects.create(
        request=request,
        number=figures["number"],
        figures=figures,
        language=language,
        pdf=document,
        sha256=hashlib.sha256(document).hexdigest(),
        signed_at=at,
        signed_ip=ip,
    )


def _tell(contract: Contract, *, at: datetime) -> None:
    """Write to the borrower; where the information came late, remind of the right to withdraw."""
    request = contract.request
    facts = {
        "request_id": request.pk,
        "title": request.title,
        "number": contract.number,
        "withdraw_until_on": withdraw_until(at),
    }
    notify(
        person_id=request.borrower_id,
        kind="contract_signed",
        key=f"contract_signed:{contract.pk}",
        facts=facts,
        at=at,
    )
    if not _informed_in_good_time(request, at=at):
        notify(
            person_id=request.borrower_id,
            kind="withdrawal_reminder",
            key=f"withdrawal_reminder:{contract.pk}",
            facts=facts,
            at=at,
            send_from=at + _GOOD_TIME,
        )


def _informed_in_good_time(request: LoanRequest, *, at: datetime) -> bool:
    sheets = AuditRow.objects.filter(subject=audit.subject_of(request), action=_SHEET)
    return sheets.filter(at__lte=at - _GOOD_TIME).exists()
