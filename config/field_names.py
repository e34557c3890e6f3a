"""What fields are called on staff's pages when their models leave it to Django, in English."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.db.models import Field
from django.utils.translation import pgettext_lazy


def name_fields() -> None:
    """Let every field without a name of its own be called by the words below.

    The name that a model gives stays; migrations know nothing of it, since nothing is stored.
    """
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if _is_unnamed(field):
                field.verbose_name = FIELD_WORDS.get(str(field.verbose_name), field.verbose_name)


def _is_unnamed(field: Field[Any, Any]) -> bool:
    return field._verbose_name is None  # type: ignore[attr-defined]


FIELD_WORDS: Final = {
    "accepted at": pgettext_lazy("field", "accepted at"),
    "action": pgettext_lazy("field", "action"),
    "actor id": pgettext_lazy("field", "actor id"),
    "affordability mark": pgettext_lazy("field", "affordability mark"),
    "after": pgettext_lazy("field", "after"),
    "ahead": pgettext_lazy("field", "ahead"),
    "answer": pgettext_lazy("field", "answer"),
    "api version": pgettext_lazy("field", "api version"),
    "approved at": pgettext_lazy("field", "approved at"),
    "approved by": pgettext_lazy("field", "approved by"),
    "asked by": pgettext_lazy("field", "asked by"),
    "assessment": pgettext_lazy("field", "assessment"),
    "at": pgettext_lazy("field", "at"),
    "bank account": pgettext_lazy("field", "bank account"),
    "before": pgettext_lazy("field", "before"),
    "borrower": pgettext_lazy("field", "borrower"),
    "borrower fee rate": pgettext_lazy("field", "borrower fee rate"),
    "business date": pgettext_lazy("field", "business date"),
    "closed at": pgettext_lazy("field", "closed at"),
    "closed on": pgettext_lazy("field", "closed on"),
    "collection": pgettext_lazy("field", "collection"),
    "created at": pgettext_lazy("field", "created at"),
    "currency": pgettext_lazy("field", "currency"),
    "data": pgettext_lazy("field", "data"),
    "day count": pgettext_lazy("field", "day count"),
    "decided by": pgettext_lazy("field", "decided by"),
    "effective on": pgettext_lazy("field", "effective on"),
    "employments": pgettext_lazy("field", "employments"),
    "entry": pgettext_lazy("field", "entry"),
    "expires at": pgettext_lazy("field", "expires at"),
    "failure code": pgettext_lazy("field", "failure code"),
    "failure id": pgettext_lazy("field", "failure id"),
    "filled at": pgettext_lazy("field", "filled at"),
    "finished at": pgettext_lazy("field", "finished at"),
    "grades": pgettext_lazy("field", "grades"),
    "holder id": pgettext_lazy("field", "holder id"),
    "instalment": pgettext_lazy("field", "instalment"),
    "instalment rounding": pgettext_lazy("field", "instalment rounding"),
    "interest rounding": pgettext_lazy("field", "interest rounding"),
    "is passed on": pgettext_lazy("field", "is passed on"),
    "key": pgettext_lazy("field", "key"),
    "kind": pgettext_lazy("field", "kind"),
    "language": pgettext_lazy("field", "language"),
    "lender": pgettext_lazy("field", "lender"),
    "line": pgettext_lazy("field", "line"),
    "listed at": pgettext_lazy("field", "listed at"),
    "loan": pgettext_lazy("field", "loan"),
    "mandate": pgettext_lazy("field", "mandate"),
    "may overdraw": pgettext_lazy("field", "may overdraw"),
    "offer": pgettext_lazy("field", "offer"),
    "paid interest cents": pgettext_lazy("field", "interest paid"),
    "paid principal cents": pgettext_lazy("field", "principal paid"),
    "params": pgettext_lazy("field", "parameters"),
    "pay in": pgettext_lazy("field", "pay-in"),
    "payload": pgettext_lazy("field", "payload"),
    "payment id": pgettext_lazy("field", "payment id"),
    "payout id": pgettext_lazy("field", "payout id"),
    "person": pgettext_lazy("field", "person"),
    "plan": pgettext_lazy("field", "plan"),
    "posted at": pgettext_lazy("field", "posted at"),
    "proposed by": pgettext_lazy("field", "proposed by"),
    "provider id": pgettext_lazy("field", "provider id"),
    "public id": pgettext_lazy("field", "public id"),
    "purposes": pgettext_lazy("field", "purposes"),
    "reason": pgettext_lazy("field", "reason"),
    "recipient id": pgettext_lazy("field", "recipient id"),
    "reference": pgettext_lazy("field", "reference"),
    "refund id": pgettext_lazy("field", "refund id"),
    "regions": pgettext_lazy("field", "regions"),
    "repayment": pgettext_lazy("field", "repayment"),
    "request": pgettext_lazy("field", "request"),
    "request key": pgettext_lazy("field", "request key"),
    "return transaction id": pgettext_lazy("field", "return transaction id"),
    "reversal entry": pgettext_lazy("field", "reversal entry"),
    "reversal id": pgettext_lazy("field", "reversal id"),
    "reviewer": pgettext_lazy("field", "reviewer"),
    "role": pgettext_lazy("field", "role"),
    "round": pgettext_lazy("field", "round"),
    "round id": pgettext_lazy("field", "round id"),
    "run at": pgettext_lazy("field", "run at"),
    "send from": pgettext_lazy("field", "send from"),
    "session id": pgettext_lazy("field", "session id"),
    "sha256": pgettext_lazy("field", "SHA-256"),
    "side": pgettext_lazy("field", "side"),
    "signed ip": pgettext_lazy("field", "IP address at signature"),
    "started at": pgettext_lazy("field", "started at"),
    "status": pgettext_lazy("field", "status"),
    "subject": pgettext_lazy("field", "subject"),
    "submitted at": pgettext_lazy("field", "submitted at"),
    "terms": pgettext_lazy("field", "terms"),
    "topup id": pgettext_lazy("field", "top-up id"),
    "transaction id": pgettext_lazy("field", "transaction id"),
    "transfer id": pgettext_lazy("field", "transfer id"),
    "twin id": pgettext_lazy("field", "twin id"),
    "user": pgettext_lazy("field", "person"),
    "uuid": pgettext_lazy("field", "UUID"),
    "valid from": pgettext_lazy("field", "valid from"),
    "verified at": pgettext_lazy("field", "verified at"),
    "write off": pgettext_lazy("field", "write-off"),
}
