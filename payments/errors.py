"""Refusals of the payments app, and the three ways in which a call to the provider can fail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ProviderError(DomainError):
    """The provider did not do what was asked, or we do not know whether it did."""

    code = "provider_error"
    sentence = _("The payment provider could not do this. Please try again later.")
    status = 502


class Refused(ProviderError):
    """The provider said no; nothing happened, and the same request would be refused again.

    Attributes:
        reason: the provider's code, e.g. "balance_insufficient" or "card_declined".
        decline_code: the bank's own code, where there is one.
        param: the parameter at fault, where there is one.
    """

    code = "provider_refused"
    sentence = _("The payment provider refused this.")
    status = 422

    def __init__(
        self,
        detail: str = "",
        *,
        reason: str = "",
        decline_code: str = "",
        param: str = "",
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.decline_code = decline_code
        self.param = param


class UnknownOutcome(ProviderError):
    """The request may or may not have been carried out: repeat it with the same key, or look."""

    code = "provider_outcome_unknown"
    sentence = _("The payment provider has not answered yet. Nothing is lost; we keep asking.")


class Unavailable(ProviderError):
    """The provider does not answer at present, and did nothing; the same request may come later."""

    code = "provider_unavailable"
    sentence = _("The payment provider cannot be reached at present. Please try again later.")
    status = 503


class NotIdentified(DomainError):
    """Money moves only for people whose identity was checked."""

    code = "not_identified"
    sentence = _("Please prove your identity first.")


class NoBankAccount(DomainError):
    """There is no active bank account to pay to or to debit."""

    code = "no_bank_account"
    sentence = _("Please add your bank account first.")


class BadIban(DomainError):
    """The IBAN does not check out."""

    code = "bad_iban"
    sentence = _("This IBAN cannot be right. Please check it.")
    status = 422


class AmountOutOfRange(DomainError):
    """The amount is below or above what one payment may carry."""

    code = "amount_out_of_range"
    sentence = _("Please choose an amount within the limits.")
    status = 422


class NotAnswerable(DomainError):
    """The dispute takes no answer any more, or the answer is empty."""

    code = "dispute_not_answerable"
    sentence = _("This dispute takes no answer any more.")


class NotRefundable(DomainError):
    """The pay-in cannot go back: not received, contested, spent, or given back already."""

    code = "not_refundable"
    sentence = _("This amount cannot be given back.")


class NotWithdrawable(DomainError):
    """The amount is above what may leave today: reserved, on its way, or not yet final."""

    code = "not_withdrawable"
    sentence = _("This amount cannot be withdrawn today.")


class NotYetFinal(NotWithdrawable):
    """The money is there, but came by direct debit so lately that its payer may take it back."""

    code = "not_yet_final"
    sentence = _(
        "Today %(most)s can leave. The rest of this amount came by direct debit; it can leave "
        "from %(from_on)s on."
    )


class CoolingDown(DomainError):
    """The bank account was changed so lately that nothing is paid out to it yet."""

    code = "cooling_down"
    sentence = _(
        "Your bank account was changed. For your safety nothing is paid out to the new one before "
        "%(from_at)s."
    )


class NotConfirmed(DomainError):
    """Another bank account needs the password once more."""

    code = "not_confirmed"
    sentence = _("Please confirm the change with your password.")
    status = 422


class WrongRole(DomainError):
    """The act belongs to the other side of the market."""

    code = "wrong_role"
    sentence = _("This is not open to your kind of account.")
    status = 403


class ProfileMissing(DomainError):
    """The provider needs a name before it can check one."""

    code = "profile_missing"
    sentence = _("Please tell us your name and address first.")


class UnexpectedFact(ProviderError):
    """The provider reports something that does not fit our books; a person has to look."""

    code = "provider_unexpected"
    sentence = _("The payment provider reported something unexpected. We are looking into it.")


class NotExplained(DomainError):
    """No row of ours names the line, so it cannot have been booked by one."""

    code = "not_explained"
    sentence = _("None of our rows names this line yet. Please choose another cause.")


class NobodyNamed(DomainError):
    """Money that belongs to a person needs the person."""

    code = "nobody_named"
    sentence = _("Please name the person by their e-mail address.")
    status = 422


class NoCard(DomainError):
    """There is no card in use."""

    code = "no_card"
    sentence = _("There is no card in use.")
