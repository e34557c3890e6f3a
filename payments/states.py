"""Every status in payments and every move allowed between them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OperationStatus(TextChoices):
    """Life of one request to the provider."""

    CREATED = "created", _("Recorded")
    SENT = "sent", _("Sent")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Outcome unknown")


_O = OperationStatus
OPERATION_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _O.CREATED: frozenset({_O.SENT, _O.REFUSED}),
    _O.SENT: frozenset({_O.SENT, _O.CREATED, _O.CONFIRMED, _O.REFUSED, _O.UNKNOWN}),
    _O.UNKNOWN: frozenset({_O.SENT, _O.CONFIRMED, _O.REFUSED}),
    _O.REFUSED: frozenset({_O.CREATED}),
}
"""`sent > created`: the provider was away and did nothing. `refused > created`: a new attempt.

`created > refused`: nothing was sent, for a reason that showed before.
"""

UNFINISHED: Final = (_O.CREATED, _O.SENT, _O.UNKNOWN)


class PayInStatus(TextChoices):
    """Life of a lender's pay-in."""

    CREATED = "created", _("Being prepared")
    OPEN = "open", _("Waiting for payment")
    PENDING = "pending", _("On its way")
    CONFIRMED = "confirmed", _("Received")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Not paid")
    TAKEN_BACK = "taken_back", _("Taken back")


_P = PayInStatus
PAY_IN_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _P.CREATED: frozenset({_P.OPEN, _P.FAILED}),
    _P.OPEN: frozenset({_P.PENDING, _P.CONFIRMED, _P.EXPIRED, _P.FAILED}),
    _P.PENDING: frozenset({_P.CONFIRMED, _P.FAILED}),
    _P.CONFIRMED: frozenset({_P.TAKEN_BACK}),
}
"""`confirmed > taken_back`: the bank of a lender who paid by debit may do so for weeks."""
PAY_IN_UNFINISHED: Final = (_P.CREATED, _P.OPEN, _P.PENDING)


class CollectionStatus(TextChoices):
    """Life of one attempt to collect an instalment."""

    CREATED = "created", _("Being prepared")
    PROCESSING = "processing", _("With the bank")
    SUCCEEDED = "succeeded", _("Collected")
    FAILED = "failed", _("Returned")
    TAKEN_BACK = "taken_back", _("Taken back")


_C = CollectionStatus
COLLECTION_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _C.CREATED: frozenset({_C.PROCESSING, _C.FAILED}),
    _C.PROCESSING: frozenset({_C.SUCCEEDED, _C.FAILED}),
    _C.SUCCEEDED: frozenset({_C.TAKEN_BACK}),
}
"""`succeeded > taken_back`: the payer's bank may do so for weeks."""
COLLECTION_OPEN: Final = (_C.CREATED, _C.PROCESSING)


class PayoutKind(TextChoices):
    """Why money leaves."""

    DISBURSEMENT = "disbursement", _("Loan paid out")
    WITHDRAWAL = "withdrawal", _("Withdrawal")


class PayoutStatus(TextChoices):
    """Life of money on its way to a person's bank."""

    REQUESTED = "requested", _("Requested")
    TRANSFERRED = "transferred", _("Prepared for the bank")
    SENT = "sent", _("On its way to the bank")
    PAID = "paid", _("Arrived")
    FAILED = "failed", _("Sent back by the bank")
    RETURNED = "returned", _("Back with us")


_X = PayoutStatus
PAYOUT_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _X.REQUESTED: frozenset({_X.TRANSFERRED, _X.RETURNED}),
    _X.TRANSFERRED: frozenset({_X.SENT, _X.FAILED}),
    _X.SENT: frozenset({_X.PAID, _X.FAILED}),
    _X.PAID: frozenset({_X.FAILED}),
    _X.FAILED: frozenset({_X.RETURNED}),
    _X.RETURNED: frozenset({_X.REQUESTED}),
}
"""`paid > failed`: a bank may send money back days later. `returned > requested`: once more."""

PAYOUT_AWAY: Final = (_X.TRANSFERRED, _X.SENT, _X.FAILED)
"""The money has left our balance at the provider, and no bank has it for good."""
PAYOUT_UNFINISHED: Final = (_X.REQUESTED, _X.TRANSFERRED, _X.SENT, _X.FAILED)


class CapitalStatus(TextChoices):
    """Life of the operator's own money on its way in."""

    CREATED = "created", _("Being prepared")
    PENDING = "pending", _("On its way")
    CONFIRMED = "confirmed", _("Received")
    FAILED = "failed", _("Failed")


_K = CapitalStatus
CAPITAL_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _K.CREATED: frozenset({_K.PENDING, _K.CONFIRMED, _K.FAILED}),
    _K.PENDING: frozenset({_K.CONFIRMED, _K.FAILED}),
}


class DisputeStatus(TextChoices):
    """Where a contested payment stands; each of the provider's words is one of these."""

    INQUIRY = "inquiry", _("Inquiry, no money taken")
    NEEDS_RESPONSE = "needs_response", _("Waits for our answer")
    UNDER_REVIEW = "under_review", _("With the payer's bank")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    CLOSED = "closed", _("Closed without loss")
    UNKNOWN = "unknown", _("Unknown to us: look at it")


_D = DisputeStatus
DISPUTE_WORDS: Final[dict[str, DisputeStatus]] = {
    "appeal_needs_response": _D.NEEDS_RESPONSE,
    "appeal_under_review": _D.UNDER_REVIEW,
    "lost": _D.LOST,
    "needs_response": _D.NEEDS_RESPONSE,
    "prevented": _D.CLOSED,
    "under_review": _D.UNDER_REVIEW,
    "warning_closed": _D.CLOSED,
    "warning_needs_response": _D.INQUIRY,
    "warning_under_review": _D.UNDER_REVIEW,
    "won": _D.WON,
}
"""The provider's words; any other one is `UNKNOWN`, an alarm."""
_OPEN_DISPUTE: Final = frozenset({_D.INQUIRY, _D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.UNKNOWN})
_DISPUTE_ENDS: Final = frozenset({_D.WON, _D.LOST, _D.CLOSED})
DISPUTE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    **{state: (_OPEN_DISPUTE | _DISPUTE_ENDS) - {state} for state in (_D.INQUIRY, _D.UNKNOWN)},
    _D.NEEDS_RESPONSE: (_OPEN_DISPUTE | _DISPUTE_ENDS) - {_D.NEEDS_RESPONSE, _D.INQUIRY},
    _D.UNDER_REVIEW: (_OPEN_DISPUTE | _DISPUTE_ENDS) - {_D.UNDER_REVIEW, _D.INQUIRY},
    _D.LOST: frozenset({_D.NEEDS_RESPONSE, _D.UNDER_REVIEW, _D.WON, _D.UNKNOWN}),
}
"""Forward; an inquiry may turn into a dispute, and what is lost may be appealed."""
DISPUTE_OPEN: Final = tuple(sorted(_OPEN_DISPUTE))
DISPUTE_ANSWERABLE: Final = (_D.INQUIRY, _D.NEEDS_RESPONSE)


class RefundStatus(TextChoices):
    """Life of money that goes back to whoever paid it in."""

    REQUESTED = "requested", _("Requested")
    SENT = "sent", _("On its way back")
    DONE = "done", _("Given back")
    FAILED = "failed", _("Came back to us")
    REFUSED = "refused", _("Refused")


_F = RefundStatus
REFUND_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _F.REQUESTED: frozenset({_F.SENT, _F.REFUSED}),
    _F.SENT: frozenset({_F.DONE, _F.FAILED}),
    _F.DONE: frozenset({_F.FAILED}),
}
"""`done > failed`: the payer's bank may send money back after it seemed to have taken it."""


class EventStatus(TextChoices):
    """What became of a webhook."""

    RECEIVED = "received", _("Received")
    HANDLED = "handled", _("Handled")
    IGNORED = "ignored", _("Not ours")


class SuspenseStatus(TextChoices):
    """Life of money that nobody could explain."""

    OPEN = "open", _("Unexplained")
    PROPOSED = "proposed", _("Waits for a second person")
    SETTLED = "settled", _("Settled")


_S = SuspenseStatus
SUSPENSE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _S.OPEN: frozenset({_S.PROPOSED}),
    _S.PROPOSED: frozenset({_S.OPEN, _S.SETTLED}),
}
SUSPENSE_HELD: Final = (_S.OPEN, _S.PROPOSED)


class CardStatus(TextChoices):
    """Life of a saved debit card."""

    PENDING = "pending", _("Being set up")
    ACTIVE = "active", _("In use")
    REMOVED = "removed", _("No longer in use")
    FAILED = "failed", _("Not usable")


_V = CardStatus
CARD_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _V.PENDING: frozenset({_V.ACTIVE, _V.FAILED}),
    _V.ACTIVE: frozenset({_V.REMOVED, _V.FAILED}),
}


class EventSource(TextChoices):
    """How an event reached us."""

    SNAPSHOT = "snapshot", _("Webhook with a copy")
    THIN = "thin", _("Thin webhook")
    LISTED = "listed", _("Found in the provider's list")
