"""Money into and out of the wallet."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.limits import MAX_PAY_IN_CENTS, MIN_PAY_IN_CENTS, MIN_WITHDRAWAL_CENTS
from web.forms.base import PariForm
from web.forms.fields import MoneyField
from web.templatetags.pari import euro


class _AmountForm(PariForm):
    """An amount and a key that lets the same order be given only once."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"request_key": uuid.uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)


class PayInForm(_AmountForm):
    """How much to pay in."""

    amount = MoneyField(label=_("Amount"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = _("%(least)s to %(most)s.") % {
            "least": euro(MIN_PAY_IN_CENTS),
            "most": euro(MAX_PAY_IN_CENTS),
        }


class WithdrawalForm(_AmountForm):
    """How much to withdraw."""

    amount = MoneyField(label=_("Amount"), minimum_cents=MIN_WITHDRAWAL_CENTS)

    def __init__(self, *args: Any, withdrawable_cents: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.withdrawable_cents = withdrawable_cents
        self.fields["amount"].help_text = _("At most %(most)s today.") % {
            "most": euro(withdrawable_cents)
        }
