"""Reasons in plain words: what cost points in a score, and why a request is declined."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from lending.models import DeclineReason

SCORE_REASONS: Final[dict[str, Any]] = {
    "years_in_job.low": _("You have not been in your job for long. This improves with time."),
    "years_in_job.unknown": _("We do not know how long you have been in your job."),
    "employment.fixed": _("Your kind of employment cost some points."),
    "employment.partime": _("Part-time and temporary work counts as less steady."),
    "employment.freelance": _("Income from self-employment counts as less steady."),
    "employment.others": _("Your income comes from other sources than regular work."),
    "employment.unknown": _("We do not know how you earn your income."),
    "home.owner": _("Your housing cost some points."),
    "home.priv": _("Your home has a mortgage on it."),
    "home.rent": _("You live in a rented home."),
    "home.parents": _("You live with your parents."),
    "home.other": _("Your housing is neither rented nor owned."),
    "home.unknown": _("We do not know how you live."),
    "payment_trouble.yes": _("You had payment trouble in the last three years."),
    "payment_trouble.no": _("Your payment history cost some points."),
    "payment_trouble.unknown": _("We do not know your payment history."),
    "burden.high": _(
        "The loan takes much of what your income leaves. A smaller amount or a longer term helps."
    ),
    "burden.unknown": _("We do not know what your income leaves each month."),
    "amount_to_income.high": _("The amount is high for your income. A smaller amount helps."),
    "amount_to_income.unknown": _("We do not know your income."),
    "loan_to_price.high": _(
        "The loan pays for nearly the whole purchase. Paying a part yourself helps."
    ),
    "loan_to_price.unknown": _("We do not know the price of what the loan pays for."),
    "net_assets_to_amount.low": _(
        "Your savings, less your debts, are low beside the amount. A smaller amount helps."
    ),
    "net_assets_to_amount.unknown": _("We do not know your savings and debts."),
    "term_months.high": _("The term is long. A shorter one helps, if the instalment allows it."),
    "term_months.unknown": _("We do not know the term."),
}
"""Words for every code that a score may name."""

QUESTIONS: Final[dict[str, Any]] = {
    "years_in_job": _("Years in this job"),
    "employment": _("Employment"),
    "home": _("Home"),
    "payment_trouble": _("Payment trouble"),
    "burden": _("Loan a month beside free income"),
    "amount_to_income": _("Loan in monthly incomes"),
    "loan_to_price": _("Loan beside the price"),
    "net_assets_to_amount": _("Savings less debts beside the loan"),
    "term_months": _("Term in months"),
}
"""Names of the scorecard's questions."""

REFUSALS: Final[dict[str, Any]] = {
    "in_default": _("An earlier loan of yours on this marketplace is in default."),
    "arrears": _("An instalment of an earlier loan is more than 30 days late."),
    "limit": _("Together with your running loans the amount would be above our limit."),
} | {reason.value: reason.label for reason in DeclineReason}
"""Words for every code of a refusal, whether a rule or a person refused."""


BREAK_LIMITS = {
    "something_due": _("An instalment that is due is not paid yet."),
    "too_few_paid": _("Three instalments have to be paid before the first break."),
    "breaks_taken": _("You have taken two breaks of this loan already."),
    "months_in_a_year": _("More than two months in twelve would be skipped."),
}
"""What stands against a payment break without asking, as the borrower reads it."""

MISSING_FOR_STEP: Final[dict[str, Any]] = {
    "days": _("Enough days past due"),
    "wait": _("Long enough since the step before"),
    "promise": _("No promise to pay runs"),
    "run": _("Two instalments in a row overdue"),
    "sum": _("Overdue sum large enough (section 498)"),
    "offer": _("An offer to ease the loan recorded"),
    "notice_runs": _("Final notice run out"),
    "notice_paid": _("Something demanded is unpaid"),
    "still_late": _("Nothing late any more"),
    "still_owed": _("Everything paid"),
    "nothing_owed": _("Something is owed"),
    "second_person": _("Approved by a second person"),
    "nothing_recovered": _("Something came in"),
    "not_called": _("Called due in an earlier case"),
}
"""What each guard of the ladder asks for, as a condition that holds or does not yet."""
