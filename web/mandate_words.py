"""What a mandate will do, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.wording import day, euro, percent
from lending.choices import Cover, Employment, Purpose, Reinvest
from lending.models import Mandate
from lending.services.mandate_data import MandateData


class Sentence(Protocol):
    """Writes one sentence about a mandate, or "" where there is nothing to say."""

    def __call__(self, mandate: Mandate | MandateData) -> str: ...


def sentences(mandate: Mandate | MandateData) -> list[str]:
    """What it lends on, how much, and where it stops."""
    writers: Sequence[Sentence] = (
        _lends_on,
        _at_rates,
        *_MORE,
        _stakes,
        _usual,
        _limits,
        _per_grade,
        _cover,
        _stops,
    )
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
        told = _("It lends %(budget)s in all and leaves %(reserve)s of your cash alone.") % facts
        again = _AGAIN.get(Reinvest(mandate.reinvest))
        return f"{told} {again}" if again else told
    return _("It uses all cash but %(reserve)s, and lends repayments out again.") % facts


def _per_grade(mandate: Mandate | MandateData) -> str:
    caps = mandate.max_per_grade_cents
    if not caps:
        return ""
    listed = ", ".join(f"{grade} {euro(cents)}" for grade, cents in caps.items())
    return ngettext(
        "One grade is limited: %(list)s.", "Some grades are limited: %(list)s.", len(caps)
    ) % {"list": listed}


def _cover(mandate: Mandate | MandateData) -> str:
    if mandate.cover == Cover.POOL:
        return _("Its stakes share their principal with the pool of their grade and term.")
    return _("Each of its stakes stands on its own: no pool covers it.")


def _stops(mandate: Mandate | MandateData) -> str:
    if mandate.end_on is None:
        return _("It goes on until you pause or end it.")
    return _("It ends on %(day)s.") % {"day": day(mandate.end_on)}


def _usual(mandate: Mandate | MandateData) -> str:
    if mandate.preferred_stake_cents is None:
        return ""
    return _("Where it fits, it begins with %(stake)s.") % {
        "stake": euro(mandate.preferred_stake_cents)
    }


def _net_rate(mandate: Mandate | MandateData) -> str:
    if mandate.min_net_rate is None:
        return ""
    told = _("After the losses expected of the grade, %(rate)s a year or more must be left.")
    return told % {"rate": percent(mandate.min_net_rate)}


def _amounts(mandate: Mandate | MandateData) -> str:
    low, high = mandate.min_amount_cents, mandate.max_amount_cents
    facts = {
        "low": euro(low) if low is not None else "",
        "high": euro(high) if high is not None else "",
    }
    if low is not None and high is not None:
        return _("It takes requests over %(low)s to %(high)s.") % facts
    if low is not None:
        return _("It takes requests over %(low)s and more.") % facts
    return _("It takes requests up to %(high)s.") % facts if high is not None else ""


def _moment(mandate: Mandate | MandateData) -> str:
    told = []
    if mandate.max_age_days is not None:
        days = mandate.max_age_days
        told.append(
            ngettext(
                "The request has been listed for %(days)s day at most.",
                "The request has been listed for %(days)s days at most.",
                days,
            )
            % {"days": days}
        )
    if mandate.min_funded_percent:
        part = percent(Decimal(mandate.min_funded_percent) / 100, 0)
        told.append(_("Others have funded %(part)s of it or more.") % {"part": part})
    return " ".join(told)


def _people(mandate: Mandate | MandateData) -> str:
    told = []
    if mandate.employments:
        work = ", ".join(str(Employment(kind).label) for kind in mandate.employments)
        told.append(_("The borrower's work: %(list)s.") % {"list": work})
    if mandate.regions:
        digits = ", ".join(mandate.regions)
        told.append(_("The borrower's postcode begins with %(list)s.") % {"list": digits})
    if mandate.no_late_payers:
        told.append(_("The borrower never paid late here."))
    return " ".join(told)


_MORE: Final[Sequence[Sentence]] = (_net_rate, _amounts, _moment, _people)
_AGAIN: Final = {
    Reinvest.PRINCIPAL: gettext_lazy("Principal that comes back refills the budget."),
    Reinvest.INTEREST: gettext_lazy("Interest refills the budget."),
    Reinvest.ALL: gettext_lazy("Whatever comes back refills the budget."),
}
