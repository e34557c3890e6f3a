"""Every status in lending and every move allowed between them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestStatus(TextChoices):
    """Life of a loan request."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    LISTED = "listed", _("Open for bids")
    FILLED = "filled", _("Fully funded")
    ACCEPTED = "accepted", _("Signed")
    DISBURSED = "disbursed", _("Paid out")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


_R = RequestStatus
REQUEST_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _R.DRAFT: frozenset({_R.SUBMITTED, _R.WITHDRAWN}),
    _R.SUBMITTED: frozenset({_R.IN_REVIEW, _R.DECLINED, _R.WITHDRAWN}),
    _R.IN_REVIEW: frozenset({_R.LISTED, _R.DECLINED, _R.WITHDRAWN, _R.DRAFT}),
    _R.LISTED: frozenset({_R.FILLED, _R.WITHDRAWN, _R.EXPIRED, _R.CANCELLED}),
    _R.FILLED: frozenset({_R.ACCEPTED, _R.LISTED, _R.WITHDRAWN, _R.EXPIRED, _R.CANCELLED}),
    _R.ACCEPTED: frozenset({_R.DISBURSED, _R.WITHDRAWN, _R.CANCELLED}),
    _R.DECLINED: frozenset({_R.DRAFT}),
}
"""`in_review > draft` is a question asked back; `filled > listed` a bid revoked with no spare;
`declined > draft` an appeal that was granted."""

OPEN_FOR_BORROWER: Final = frozenset(
    {_R.DRAFT, _R.SUBMITTED, _R.IN_REVIEW, _R.LISTED, _R.FILLED, _R.ACCEPTED}
)


CLOSED_TO_BIDS: Final = frozenset({_R.FILLED, _R.ACCEPTED, _R.DISBURSED})
"""In these what is funded is what the loan amounts to."""


class OfferStatus(TextChoices):
    """Life of an offer: reserved money on a request."""

    OPEN = "open", _("Reserved")
    CONVERTED = "converted", _("Became a holding")
    REVOKED = "revoked", _("Revoked")
    RELEASED = "released", _("Released")


OFFER_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    OfferStatus.OPEN: frozenset({OfferStatus.CONVERTED, OfferStatus.REVOKED, OfferStatus.RELEASED}),
}


class SpareStatus(TextChoices):
    """Life of a spare: a bid that waits behind a full request, without money."""

    WAITING = "waiting", _("In line")
    MOVED_UP = "moved_up", _("Moved up")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RELEASED = "released", _("Not needed")


_S = SpareStatus
SPARE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _S.WAITING: frozenset({_S.MOVED_UP, _S.WITHDRAWN, _S.RELEASED}),
}


class OfferSource(TextChoices):
    """Who placed an offer."""

    HAND = "hand", _("By hand")
    API = "api", _("By API")
    MANDATE = "mandate", _("By mandate")


class LoanStatus(TextChoices):
    """Life of a loan. Late, current, on a break: computed from dues, never stored."""

    ACTIVE = "active", _("Running")
    REPAID = "repaid", _("Repaid")
    DEFAULTED = "defaulted", _("In default")
    WRITTEN_OFF = "written_off", _("Written off")
    SOLD = "sold", _("Claim sold")
    SETTLED = "settled", _("Settled")
    WITHDRAWN = "withdrawn", _("Withdrawn from")


_L = LoanStatus
LOAN_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _L.ACTIVE: frozenset({_L.REPAID, _L.DEFAULTED, _L.WITHDRAWN}),
    _L.DEFAULTED: frozenset(
        {_L.ACTIVE, _L.REPAID, _L.WRITTEN_OFF, _L.SOLD, _L.SETTLED, _L.WITHDRAWN}
    ),
    _L.REPAID: frozenset({_L.ACTIVE, _L.DEFAULTED}),
    _L.WITHDRAWN: frozenset({_L.ACTIVE, _L.DEFAULTED}),
}
"""`defaulted > active` is a loan whose arrears were paid or whose terms were eased;
`repaid > active`, `withdrawn > active` and the like a last payment that the bank took back."""


class MandateStatus(TextChoices):
    """Life of a mandate."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


MANDATE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    MandateStatus.ACTIVE: frozenset({MandateStatus.PAUSED, MandateStatus.ENDED}),
    MandateStatus.PAUSED: frozenset({MandateStatus.ACTIVE, MandateStatus.ENDED}),
}


class ChangeStatus(TextChoices):
    """Life of a change of a loan's terms."""

    ASKED = "asked", _("Asked for")
    AGREED = "agreed", _("Offered")
    IN_FORCE = "in_force", _("In force")
    REFUSED = "refused", _("Refused")
    EXPIRED = "expired", _("Over")


_C = ChangeStatus
CHANGE_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _C.ASKED: frozenset({_C.AGREED, _C.REFUSED}),
    _C.AGREED: frozenset({_C.IN_FORCE, _C.REFUSED, _C.EXPIRED}),
    _C.IN_FORCE: frozenset({_C.EXPIRED}),
}
"""`agreed > refused` is a borrower who does not want what was offered; `agreed > expired` one who
did not answer; `in_force > expired` a break that is over, or a time of forbearance."""
CHANGE_OPEN: Final = frozenset({_C.ASKED, _C.AGREED})
"""Somebody still has to answer."""


class ArrearsStage(TextChoices):
    """How far one spell of lateness of a loan has come."""

    LATE = "late", _("Late")
    REMINDER_1 = "reminder_1", _("First reminder")
    REMINDER_2 = "reminder_2", _("Second reminder")
    FINAL_NOTICE = "final_notice", _("Final notice")
    TERMINATED = "terminated", _("Called due")
    COLLECTION = "collection", _("In collection")
    SOLD = "sold", _("Claim sold")
    SETTLED = "settled", _("Settled")
    WRITTEN_OFF = "written_off", _("Written off")
    RECOVERED = "recovered", _("Recovered")
    CURED = "cured", _("Paid")


_A = ArrearsStage
ARREARS_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _A.LATE: frozenset({_A.REMINDER_1, _A.TERMINATED, _A.CURED}),
    _A.REMINDER_1: frozenset({_A.REMINDER_2, _A.CURED}),
    _A.REMINDER_2: frozenset({_A.FINAL_NOTICE, _A.CURED}),
    _A.FINAL_NOTICE: frozenset({_A.TERMINATED, _A.CURED}),
    _A.TERMINATED: frozenset({_A.COLLECTION, _A.SOLD, _A.SETTLED, _A.CURED}),
    _A.COLLECTION: frozenset({_A.SOLD, _A.SETTLED, _A.WRITTEN_OFF, _A.CURED}),
    _A.WRITTEN_OFF: frozenset({_A.RECOVERED}),
}
"""`> cured` is the way back of each step that payment can undo: before the loan is called due once
nothing is late any more, after it once everything is paid. `late > terminated` is a loan that was
called due and paid, of which the bank then took a payment back. Each edge has its guard in
`lending.domain.arrears_ladder`."""

ARREARS_ENDED: Final = frozenset({_A.CURED, _A.SOLD, _A.SETTLED})
"""In these a case is closed for good."""
