"""Tables of lending, one file per noun."""

from lending.models.appeals import Appeal, AppealOutcome
from lending.models.applications import (
    Application,
    Assessment,
    DeclineReason,
    Review,
    ReviewDecision,
)
from lending.models.contracts import Contract
from lending.models.fees import FeeKind, FeeRate
from lending.models.loans import Holding, Instalment, Loan
from lending.models.mandates import Mandate
from lending.models.offers import Offer
from lending.models.repayments import (
    LoanEvent,
    LoanEventKind,
    Repayment,
    RepaymentPart,
    RepaymentShare,
)
from lending.models.requests import LoanRequest
from lending.models.spares import Spare

__all__ = [
    "Appeal",
    "AppealOutcome",
    "Application",
    "Assessment",
    "Contract",
    "DeclineReason",
    "FeeKind",
    "FeeRate",
    "Holding",
    "Instalment",
    "Loan",
    "LoanEvent",
    "LoanEventKind",
    "LoanRequest",
    "Mandate",
    "Offer",
    "Repayment",
    "RepaymentPart",
    "RepaymentShare",
    "Review",
    "ReviewDecision",
    "Spare",
]
