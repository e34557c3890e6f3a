"""A person's money, and how each figure came about."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from api.permissions import HasWallet
from api.views.base import Endpoint, Listing
from core import clock
from ledger.chart import Role
from ledger.models import Transfer
from lending.selectors.wallet import (
    STATEMENTS,
    Reason,
    StatementLine,
    statement_lines,
    statement_of,
    wallet_of,
)
from payments.selectors import withdrawable_cents

_ACCOUNTS: Final = [role.value for role in STATEMENTS]


class WalletAnswer(serializers.Serializer[Any]):
    """Where the caller's money is."""

    cash_cents = serializers.IntegerField(help_text="Free to bid with.")
    withdrawable_cents = serializers.IntegerField(
        help_text="What of it may leave today; the rest came by debit and may still be taken back."
    )
    reserved_cents = serializers.IntegerField(help_text="Held back for open bids and stakes.")
    invested_cents = serializers.IntegerField(help_text="Outstanding principal, at par.")
    in_transit_out_cents = serializers.IntegerField(help_text="On its way to the bank.")
    owed_cents = serializers.IntegerField(
        help_text="Owed after a payment was taken back; the next money settles it."
    )
    total_cents = serializers.IntegerField()


class WalletView(Endpoint):
    """The caller's balances."""

    permission_classes = (HasWallet,)

    @extend_schema(responses=WalletAnswer, summary="My balances", tags=["wallet"])
    def get(self, request: Request) -> Response:
        """Balances of this moment, in whole cents."""
        wallet, today = wallet_of(self.person), clock.business_date()
        told = {
            **asdict(wallet),
            "total_cents": wallet.total_cents,
            "withdrawable_cents": withdrawable_cents(self.person, today),
        }
        return Response(WalletAnswer(told).data)


class WalletEntry(serializers.Serializer[StatementLine]):
    """One line of the statement of one account."""

    id = serializers.IntegerField()
    on = serializers.DateField()
    reason = serializers.ChoiceField(Reason.choices)
    words = serializers.CharField(source="reason.label", help_text="In the caller's language.")
    amount_cents = serializers.IntegerField(help_text="Negative where the account shrank.")
    balance_cents = serializers.IntegerField(help_text="Of the account, after this line.")
    reference = serializers.CharField(help_text="Names the entry in the ledger.")
    request = serializers.UUIDField(
        source="target.request_public_id", allow_null=True, default=None
    )
    title = serializers.CharField(source="target.title", allow_null=True, default=None)
    loan_number = serializers.CharField(source="target.loan_number", allow_null=True, default=None)


class WalletEntriesView(Listing):
    """The statement of one of the caller's accounts, newest line first."""

    permission_classes = (HasWallet,)
    serializer_class = WalletEntry
    queryset = Transfer.objects.none()
    orderings = ("-id",)

    def known_parameters(self) -> frozenset[str]:
        """Besides the page: which account."""
        return super().known_parameters() | {"account"}

    def account(self) -> Role:
        """The account that is asked for; cash unless another is named."""
        wanted = self.request.query_params.get("account", Role.CASH)
        if wanted not in _ACCOUNTS:
            sentence = ErrorDetail(_("There is no such account."), code="invalid_choice")
            raise serializers.ValidationError({"account": [sentence]})
        return Role(wanted)

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return statement_of(self.person, self.account())

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """One page of moves, put into words."""
        page: Any = super().paginate_queryset(queryset)
        return list(statement_lines(self.person, page, self.account()))

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "account", type={"type": "string", "enum": _ACCOUNTS, "default": Role.CASH.value}
            )
        ],
        summary="My statement",
        tags=["wallet"],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every move on one account, with the balance after it."""
        return super().get(request, *args, **kwargs)
