"""What a mandate will do, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.wording import day, euro, percent
from lending.choices import Purpose
from lending.models import Mandate
from lending.services.mandate_data import MandateData


class Sentence(Protocol):
    """Writes one sentence about a mandate, or "" where there is nothing to say."""

    def __call__(self, mandate: Mandate | MandateData) -> str: ...


def sentences(mandate: Mandate | MandateData) -> list[str]:
    """What it lends on, how much, and where it stops."""
    writers: Sequence[Sentence] = (_lends_on, _at_rates, _stakes, _limits, _per_grade, _stops)
    return [sentence for write in writers if (sentence := write(mandate))]


def _lends_on(mandate: Mandate | MandateData) -> str:
    grades = (
        _("grades %(list)s") % {"list": ", ".join(mandate.grades)}
        if mandate.grades
        else _("every grade")
    )
    terms = (
        _("terms of %(list)s months") % {"list": ", ".join(str(term) for term in mandate.terms)}
        if mandate.terms
        else _("every term")
    )
    chosen = [str(Purpose(purpose).label) for purpose in mandate.purposes]
    purposes = (
        _("the purposes %(list)s") % {"list": ", ".join(chosen)} if chosen else _("every purpose")
    )
    return _("It takes %(grades)s, %(terms)s and %(purposes)s.") % {
        "grades": grades,
        "terms": terms,
        "purposes": purposes,
    }


def _at_rates(mandate: Mandate | MandateData) -> str:
    low, high = mandate.min_rate, mandate.max_rate
    facts = {
        "low": percent(low) if low is not None else "",
        "high": percent(high) if high is not None else "",
        "mark": str(mandate.max_mark),
    }
    if low is not None and high is not None:
        return _("The rate lies from %(low)s to %(high)s, the mark at %(mark)s or better.") % facts
    if low is not None:
        return _("The rate is %(low)s or more, the mark %(mark)s or better.") % facts
    if high is not None:
        return _("The rate is %(high)s or less, the mark %(mark)s or better.") % facts
    return _("At any rate of the market, with the mark %(mark)s or better.") % facts


def _stakes(mandate: Mandate | MandateData) -> str:
    return _("It places %(least)s to %(most)s on one loan, and %(person)s on one borrower.") % {
        "least": euro(mandate.min_stake_cents),
        "most": euro(mandate.max_per_loan_cents),
        "person": euro(mandate.max_per_borrower_cents),
    }


def _limits(mandate: Mandate | MandateData) -> str:
    facts = {"reserve": euro(mandate.reserve_cents)}
    if mandate.budget_cents is not None:
        facts["budget"] = euro(mandate.budget_cents)
        return _("It lends %(budget)s in all and leaves %(reserve)s of your cash alone.") % facts
    return _("It uses all cash but %(reserve)s, and lends repayments out again.") % facts


def _per_grade(mandate: Mandate | MandateData) -> str:
    caps = mandate.max_per_grade_cents
    if not caps:
        return ""
    listed = ", ".join(f"{grade} {euro(cents)}" for grade, cents in caps.items())
    return ngettext(
        "One grade is limited: %(list)s.", "Some grades are limited: %(list)s.", len(caps)
    ) % {"list": listed}


def _stops(mandate: Mandate | MandateData) -> str:
    if mandate.end_on is None:
        return _("It goes on until you pause or end it.")
    return _("It ends on %(day)s.") % {"day": day(mandate.end_on)}
