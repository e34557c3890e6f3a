"""Tables of lending, one file per noun."""

from lending.models.appeals import Appeal, AppealOutcome
from lending.models.applications import (
    Application,
    Assessment,
    DeclineReason,
    Review,
    ReviewDecision,
)
from lending.models.arrears import (
    ArrearsAct,
    ArrearsCase,
    ArrearsProposal,
    ClaimSale,
    Contact,
    ContactAnswer,
    ContactKind,
)
from lending.models.changes import ChangeKind, PlanChange
from lending.models.charges import BaseRate, DefaultInterestSpan, LegalCost
from lending.models.contracts import Contract
from lending.models.documents import Document, DocumentKind
from lending.models.fees import FeeKind, FeeRate
from lending.models.loans import Allocation, Holding, Instalment, Loan
from lending.models.mandates import Mandate
from lending.models.offers import Offer
from lending.models.plans import InstalmentKind, Plan, PlanReason
from lending.models.pools import PoolBooking, PoolRun
from lending.models.repayments import (
    LoanEvent,
    LoanEventKind,
    Repayment,
    RepaymentKind,
    RepaymentPart,
    RepaymentShare,
)
from lending.models.requests import LoanRequest
from lending.models.servicing import SetAside
from lending.models.spares import Spare
from lending.models.write_offs import WriteOff, WriteOffKind, WriteOffShare

__all__ = [
    "Allocation",
    "Appeal",
    "AppealOutcome",
    "Application",
    "ArrearsAct",
    "ArrearsCase",
    "ArrearsProposal",
    "Assessment",
    "BaseRate",
    "ChangeKind",
    "ClaimSale",
    "Contact",
    "ContactAnswer",
    "ContactKind",
    "Contract",
    "DeclineReason",
    "DefaultInterestSpan",
    "Document",
    "DocumentKind",
    "FeeKind",
    "FeeRate",
    "Holding",
    "Instalment",
    "InstalmentKind",
    "LegalCost",
    "Loan",
    "LoanEvent",
    "LoanEventKind",
    "LoanRequest",
    "Mandate",
    "Offer",
    "Plan",
    "PlanChange",
    "PlanReason",
    "PoolBooking",
    "PoolRun",
    "Repayment",
    "RepaymentKind",
    "RepaymentPart",
    "RepaymentShare",
    "Review",
    "ReviewDecision",
    "SetAside",
    "Spare",
    "WriteOff",
    "WriteOffKind",
    "WriteOffShare",
]
