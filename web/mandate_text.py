"""The words of the SEPA mandate that a person gives with a bank account."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User


def mandate_text(person: User) -> str:
    """The mandate as it is shown and kept, in the active language."""
    purpose = (
        _("the instalments of my loans")
        if person.is_borrower
        else _("payments into my wallet that I start myself")
    )
    return _(
        "I allow Pari and its payment provider to debit my account for %(purpose)s, and I "
        "instruct my bank to honour these debits. Within eight weeks of a debit I may ask my "
        "bank to return it, on the terms agreed with my bank. I learn of each debit at least "
        "two days before it."
    ) % {"purpose": purpose}


def card_text() -> str:
    """What a borrower agrees to who saves a debit card, in the active language."""
    return _(
        "I allow Pari and its payment provider to take the instalments of my loans from this debit "
        "card on the days on which they are due. I may take this back at any time. If a payment "
        "fails, I am told why and when it is tried again; without a card my bank account is "
        "debited."
    )
