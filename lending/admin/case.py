"""What staff read about one request before they decide, as rows of words for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import active_bank_account, latest_identity_check, profile_of
from core.admin import EMPTY, in_euro, in_percent
from core.audit import subject_of
from core.models import AuditRow
from core.wording import day, instant, number
from lending.choices import FOUR_EYES_FROM_CENTS, Employment, FirstPeriod, Home
from lending.domain.quote import first_due_date, quote
from lending.domain.scorecard import load_scorecard
from lending.models import Assessment, FeeKind, Loan, LoanRequest, Review
from lending.reasons import QUESTIONS, REFUSALS, SCORE_REASONS
from lending.selectors.fees import fee_rate
from lending.services.reviews import listing_rate, needs_two
from lending.states import RequestStatus


class Row(NamedTuple):
    """A label and what stands beside it."""

    label: Any
    value: Any


class Answer(NamedTuple):
    """One question of the scorecard as it was answered."""

    question: Any
    value: str
    points: int
    best_points: int

    @property
    def lost(self) -> int:
        """Points short of the best answer."""
        return self.best_points - self.points


class Decision(NamedTuple):
    """What one member of staff decided."""

    decision: str
    who: str
    when: str
    reasons: list[Any]
    note: str


class Event(NamedTuple):
    """One line of the audit trail, written out."""

    when: str
    what: str
    who: str
    why: str


class Check(NamedTuple):
    """One line of the checklist."""

    label: Any
    is_done: bool
    note: str = ""


def request_rows(request: LoanRequest) -> list[Row]:
    """What is asked for."""
    return [
        Row(_("Amount"), in_euro(request.amount_cents)),
        Row(_("Term"), _("%(months)s months") % {"months": request.term_months or EMPTY}),
        Row(_("Purpose"), request.get_purpose_display() or EMPTY),
        Row(_("Day of payment"), request.due_day),
        Row(_("Days before the first month"), request.get_first_period_display()),
        Row(_("Highest rate accepted"), in_percent(request.max_rate)),
        Row(_("Handed in"), instant(request.submitted_at) if request.submitted_at else EMPTY),
    ]


def price_rows(request: LoanRequest, assessment: Assessment, on: date) -> list[Row]:
    """The band, and what the loan would cost at the rate at which it is or would be listed."""
    rate = request.annual_rate or listing_rate(request, assessment)
    rows = [
        Row(_("Lowest rate"), in_percent(assessment.floor_rate)),
        Row(_("Posted rate"), in_percent(assessment.posted_rate)),
        Row(_("Highest rate"), in_percent(assessment.ceiling_rate)),
    ]
    if rate is None:
        return rows
    fee = request.borrower_fee_rate or fee_rate(FeeKind.BORROWER, on)
    first_due_on = first_due_date(on, request.due_day)
    loan = quote(
        request.amount_cents or 0,
        rate,
        request.term_months or 0,
        on,
        first_due_on,
        fee,
        first_period=FirstPeriod(request.first_period).rule,
    )
    return [
        *rows,
        Row(_("Listed at"), in_percent(rate)),
        Row(_("APR"), in_percent(loan.apr)),
        Row(_("First instalment"), in_euro(loan.first_instalment_cents)),
        Row(_("Instalment"), in_euro(loan.instalment_cents)),
        Row(_("Total payable"), in_euro(loan.total_payable_cents)),
    ]


def score_rows(assessment: Assessment) -> list[Row]:
    """The score in figures."""
    return [
        Row(_("Points"), assessment.points),
        Row(_("Probability of default in a year"), in_percent(assessment.default_probability)),
        Row(_("Grade"), assessment.grade or _("worse than H")),
        Row(_("Scorecard"), assessment.scorecard_version),
        Row(_("Points that everyone starts with"), load_scorecard().base_points),
    ]


def answers(assessment: Assessment) -> list[Answer]:
    """Every question of the scorecard, dearest first."""
    given = [
        Answer(
            QUESTIONS.get(row["name"], row["name"]),
            _answer_in_words(row["name"], row["value"]),
            row["points"],
            row["best_points"],
        )
        for row in assessment.inputs["answers"]
    ]
    return sorted(given, key=lambda answer: -answer.lost)


def _answer_in_words(name: str, value: Any) -> str:
    if value is None:
        return gettext("unknown")
    if value == "infinite":
        return gettext("nothing free")
    words: dict[str, dict[str, Any]] = {
        "employment": dict(Employment.choices),
        "home": dict(Home.choices),
        "payment_trouble": {"yes": _("yes"), "no": _("no")},
    }
    if isinstance(value, str):
        return str(words.get(name, {}).get(value, value))
    return number(Decimal(str(value)).quantize(Decimal("0.01")).normalize())


def reasons(assessment: Assessment) -> list[Any]:
    """What cost most points, in the words that the borrower reads."""
    return [SCORE_REASONS.get(row["code"], row["code"]) for row in assessment.reasons]


def refusals(codes: list[str]) -> list[Any]:
    """Reasons of a refusal in words."""
    return [REFUSALS.get(code, code) for code in codes]


def affordability_rows(assessment: Assessment) -> list[Row]:
    """From income to what is left over, and the share that debts take."""
    given, burden = assessment.inputs, assessment.inputs["affordability"]
    stressed = burden["stressed_ratio"]
    return [
        Row(_("Net income"), in_euro(given["income_cents"])),
        Row(_("Housing"), in_euro(given["housing_cents"])),
        Row(_("Other living cost as told"), in_euro(given["living_cents"])),
        Row(_("People in the household"), given["household_size"]),
        Row(_("Free income"), in_euro(burden["free_income_cents"])),
        Row(_("Instalments of other loans"), in_euro(given["instalments_cents"])),
        Row(_("New instalment"), in_euro(given["instalment_cents"])),
        Row(_("Left over"), in_euro(burden["left_over_cents"])),
        Row(_("Share that debts take"), in_percent(assessment.burden_ratio)),
        Row(_("Affordability mark"), assessment.affordability_mark or _("none: above 67 %")),
        Row(
            _("Share with a tenth less income and a tenth more cost"),
            in_percent(Decimal(stressed) if stressed else None),
        ),
    ]


def told_rows(assessment: Assessment) -> list[Row]:
    """What else the borrower told."""
    given = assessment.inputs
    trouble = gettext("yes") if given["had_payment_trouble"] else gettext("no")
    return [
        Row(_("Employment"), _answer_in_words("employment", given["employment"])),
        Row(_("Years in this job"), given["years_in_job"]),
        Row(_("Home"), _answer_in_words("home", given["home"])),
        Row(_("Debts in all"), in_euro(given["debt_cents"])),
        Row(_("Savings and property"), in_euro(given["assets_cents"])),
        Row(_("Price of the purchase"), in_euro(given["price_cents"])),
        Row(_("Payment trouble in three years"), trouble),
    ]


def person_rows(borrower: User) -> list[Row]:
    """Who asks."""
    profile = profile_of(borrower)
    if profile is None:
        return [Row(_("E-mail"), borrower.email)]
    return [
        Row(_("Name"), profile.full_name),
        Row(_("Address"), f"{profile.street}, {profile.postcode} {profile.city}"),
        Row(_("E-mail"), borrower.email),
        Row(_("Here since"), day(borrower.date_joined.date())),
    ]


def checklist(request: LoanRequest, approvals: int) -> list[Check]:
    """What has to be right before a request is listed."""
    identity, account = (
        latest_identity_check(request.borrower),
        active_bank_account(request.borrower),
    )
    verified_at = identity.verified_at if identity else None
    consent_at = request.application.scoring_consent_at
    checks = [
        Check(
            _("Identity verified"), bool(verified_at), instant(verified_at) if verified_at else ""
        ),
        Check(
            _("Bank account active"), account is not None, account.iban_masked if account else ""
        ),
        Check(
            _("Agreed to be scored"), bool(consent_at), instant(consent_at) if consent_at else ""
        ),
    ]
    if needs_two(request):
        limit = in_euro(FOUR_EYES_FROM_CENTS)
        label = _("Two approvals, since it is above %(limit)s") % {"limit": limit}
        checks.append(Check(label, approvals >= 2, f"{approvals} / 2"))
    return checks


def earlier_requests(request: LoanRequest) -> list[LoanRequest]:
    """The borrower's other requests, newest first."""
    others = LoanRequest.objects.filter(borrower=request.borrower).exclude(pk=request.pk)
    return list(others.order_by("-created_at")[:20])


def loans(borrower: User) -> list[Loan]:
    """The borrower's loans, newest first."""
    return list(Loan.objects.filter(borrower=borrower).order_by("-disbursed_on")[:20])


def decisions(reviews: Sequence[Review]) -> list[Decision]:
    """What staff decided so far, oldest first."""
    return [
        Decision(
            review.get_decision_display(),
            review.reviewer.email,
            instant(review.at),
            refusals(review.reasons),
            review.note,
        )
        for review in reviews
    ]


def history(request: LoanRequest) -> list[Event]:
    """The request's audit trail, newest first."""
    rows = AuditRow.objects.filter(subject=subject_of(request)).order_by("-id")[:50]
    people = User.objects.in_bulk({row.actor_id for row in rows if row.actor_id is not None})
    return [
        Event(instant(row.at), _act_in_words(row), _actor(row, people), row.reason) for row in rows
    ]


def _act_in_words(row: AuditRow) -> str:
    if row.action != "status":
        return str(_ACTS.get(row.action, row.action))
    before, after = (
        RequestStatus(status).label if status in RequestStatus else status
        for status in (row.before, row.after)
    )
    return f"{before} › {after}"


def _actor(row: AuditRow, people: Mapping[int, User]) -> str:
    if row.actor_id is None:
        return gettext("the system")
    return people[row.actor_id].email if row.actor_id in people else f"#{row.actor_id}"


_ACTS: Final[dict[str, Any]] = {
    "review_approve": _("Approved by one person"),
    "review_decline": _("Declined by one person"),
    "review_ask_back": _("Question asked back"),
    "appeal": _("Appeal received"),
    "appeal_answered": _("Appeal answered"),
    "pre_contract_sheet": _("Pre-contract information handed out"),
}
