"""The provider's books against ours, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core.findings import Finding
from ledger.chart import Role
from ledger.selectors import balance_cents
from payments.gateway import gateway
from payments.models import CapitalPayment, Collection, OperationKind, PayIn, ProviderOperation
from payments.services.payouts import in_flight_cents
from payments.states import OperationStatus

_SIGNS = {OperationKind.TRANSFER: -1, OperationKind.REVERSAL: 1}


class Line(NamedTuple):
    """What we expect one line of the provider's books to say."""

    subject: str
    amount_cents: int
    fee_cents: int


def differences() -> Iterator[Finding]:
    """Yield whatever the provider's books and ours do not agree on."""
    ours = _expected()
    theirs = {line.id: line for line in gateway().balance_transactions()}
    for transaction_id in sorted(ours.keys() - theirs.keys()):
        line = ours[transaction_id]
        yield Finding("provider_lines", line.subject, line.amount_cents, 0, "not at the provider")
    for transaction_id in sorted(theirs.keys() - ours.keys()):
        found = theirs[transaction_id]
        note = f"{found.kind} of {found.source_id} is not in our books"
        yield Finding("provider_lines", transaction_id, 0, found.amount_cents, note)
    for transaction_id in sorted(ours.keys() & theirs.keys()):
        line, found = ours[transaction_id], theirs[transaction_id]
        if line.amount_cents != found.amount_cents:
            yield Finding("provider_lines", line.subject, line.amount_cents, found.amount_cents)
        if line.fee_cents != found.fee_cents:
            yield Finding("provider_lines", line.subject, line.fee_cents, found.fee_cents, "charge")
    yield from _total()


def _total() -> Iterator[Finding]:
    expected = balance_cents(Role.PROVIDER) - in_flight_cents()
    found = gateway().balance().total_cents
    if expected != found:
        yield Finding("provider_balance", "provider", expected, found)


def _expected() -> dict[str, Line]:
    """Our rows by the provider's line that they name."""
    lines: dict[str, Line] = {}
    for pay_in in PayIn.objects.exclude(transaction_id=""):
        lines[pay_in.transaction_id] = Line(pay_in.reference, pay_in.amount_cents, pay_in.fee_cents)
    for pay_in in PayIn.objects.exclude(return_transaction_id=""):
        lines[pay_in.return_transaction_id] = Line(pay_in.return_reference, -pay_in.amount_cents, 0)
    for collection in Collection.objects.exclude(transaction_id=""):
        lines[collection.transaction_id] = Line(
            collection.reference, collection.amount_cents, collection.fee_cents
        )
    for collection in Collection.objects.exclude(return_transaction_id=""):
        lines[collection.return_transaction_id] = Line(
            collection.return_reference, -collection.amount_cents, 0
        )
    for payment in CapitalPayment.objects.exclude(transaction_id=""):
        lines[payment.transaction_id] = Line(payment.reference, payment.amount_cents, 0)
    rows = ProviderOperation.objects.filter(kind__in=list(_SIGNS), status=OperationStatus.CONFIRMED)
    for operation in rows:
        sign = _SIGNS[OperationKind(operation.kind)]
        lines[operation.transaction_id] = Line(
            operation.subject, sign * operation.params["amount_cents"], 0
        )
    return lines
