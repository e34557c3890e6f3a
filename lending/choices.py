"""The words of the market that are no status: grades, purposes, work, home."""

from __future__ import annotations

from typing import Final, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Grade(TextChoices):
    """Risk class; A is the best. Worse than H is declined."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"
    E = "E", "E"
    F = "F", "F"
    G = "G", "G"
    H = "H", "H"


class Purpose(TextChoices):
    """What the money is for."""

    DEBT_CONSOLIDATION = "debt_consolidation", _("Paying off other loans")
    CREDIT_CARD = "credit_card", _("Paying off a card or overdraft")
    CAR = "car", _("Car or motorcycle")
    HOME_IMPROVEMENT = "home_improvement", _("Renovation")
    HOUSE = "house", _("House or flat")
    MOVING = "moving", _("Moving")
    MEDICAL = "medical", _("Health")
    MAJOR_PURCHASE = "major_purchase", _("Large purchase")
    SMALL_BUSINESS = "small_business", _("Side business")
    VACATION = "vacation", _("Travel")
    WEDDING = "wedding", _("Wedding")
    RENEWABLE_ENERGY = "renewable_energy", _("Renewable energy")
    OTHER = "other", _("Something else")


class Employment(TextChoices):
    """How someone earns; the words of the scorecard."""

    FIXED = "fixed", _("Permanent employment")
    PART_TIME = "partime", _("Part-time or temporary employment")
    FREELANCE = "freelance", _("Self-employed")
    OTHERS = "others", _("Pension or other income")


class Home(TextChoices):
    """How someone lives; the words of the scorecard."""

    RENT = "rent", _("Rented")
    OWNER = "owner", _("Own home, paid off")
    MORTGAGE = "priv", _("Own home with a mortgage")
    PARENTS = "parents", _("With parents")
    OTHER = "other", _("Otherwise")


class PriceRule(TextChoices):
    """How the rate of a request is found."""

    FIXED = "fixed", _("Fixed rate")
    AUCTION = "auction", _("Lowest rate at which it fills")
    AUCTION_SPREAD = "spread", _("Low rate, spread over more lenders")


class FirstPeriod(TextChoices):
    """How the days between payout and the first regular month are paid."""

    EQUAL = "equal", _("All instalments equal")
    STUB = "stub", _("With the first instalment")

    @property
    def rule(self) -> Literal["equal", "stub"]:
        """The word that the arithmetic of plans knows it by."""
        return "stub" if self == FirstPeriod.STUB else "equal"


class Cover(TextChoices):
    """Whether a lender bears a claim alone or shares its principal with its pool."""

    SOLO = "solo", _("On my own")
    POOL = "pool", _("Grade pool")


class Reinvest(TextChoices):
    """What of the money that comes back through a mandate refills its budget."""

    NOTHING = "nothing", _("Nothing: the budget is what it ever lends")
    PRINCIPAL = "principal", _("Principal")
    INTEREST = "interest", _("Interest")
    ALL = "all", _("Principal and interest")


TERMS: Final = tuple(range(12, 85, 6))
"""The terms on offer, in months."""
DUE_DAYS: Final = (1, 15)
"""The days of the month among which a borrower chooses to pay."""

MIN_AMOUNT_CENTS: Final = 1_000_00
MAX_AMOUNT_CENTS: Final = 50_000_00
SHARE_CENTS: Final = 25_00
"""The unit of the market: amounts, bids and stakes are multiples of it."""

LEAST_PART_PERCENT: Final = 70
"""A borrower may accept a part of the amount from this share of it on."""
LEAST_PARTS: Final = tuple(range(LEAST_PART_PERCENT, 101, 5))
"""The parts of the amount, in percent, among which a borrower chooses what would do."""

ARREARS_FOUR_EYES_FROM_CENTS: Final = 1_000_00
"""From this outstanding sum on two members of staff call due, sell, settle or write off."""
DEFAULT_ENDS_AFTER_MONTHS: Final = 3
"""A loan leaves default after so many months without a late instalment."""

LISTING_DAYS: Final = 14
REFLECTION_DAYS: Final = 4
FOUR_EYES_FROM_CENTS: Final = 25_000_00
"""Above this amount two members of staff approve."""

REVIEW_DAYS: Final = 3
"""Within so many days of its submission a request is decided."""
SIGNING_DAYS: Final = 14
"""A filled request waits so long for the borrower's signature, then its lenders are let go."""
APPEAL_DAYS: Final = 14
"""Within so many days a person looks again at a refusal."""

BREAK_PAID_BEFORE: Final = 3
"""A borrower takes a payment break without asking once so many instalments are paid."""
BREAK_MONTHS_A_YEAR: Final = 2
"""So many months in any twelve may be skipped without asking."""
BREAKS_A_LOAN: Final = 2
"""So many breaks of one loan are taken without asking."""
BREAK_NOTICE_BANK_DAYS: Final = 7
"""A break is agreed so many bank days before the debit that it saves, before that one is sent."""
BREAK_MONTHS_WITH_US: Final = 3
"""So many months staff may agree to at once."""
BREAK_HORIZON: Final = 12
"""Among so many coming instalments a borrower chooses."""
LONGEST_EASED_MONTHS: Final = 120
"""The longest term to which a loan can be stretched."""
OFFER_DAYS: Final = 14
"""So long a borrower may think about changed terms that we offer."""
FORBORNE_MONTHS: Final = 12
"""So long a loan whose terms were eased bears the flag, even when it is current."""

AMOUNT_BORDERS: Final = (
    1_000_00,
    2_500_00,
    5_000_00,
    10_000_00,
    15_000_00,
    25_000_00,
    50_000_00,
)
"""Amounts among which a mandate chooses its smallest and its largest request, both inclusive."""
AMOUNT_CHOICES: Final = tuple((cents, cents) for cents in AMOUNT_BORDERS)
AGE_BORDERS: Final = (1, 3, 7)
"""Days since listing among which a mandate chooses the last on which it still lends."""
FUNDED_BORDERS: Final = (25, 50, 75)
"""Percent of a request among which a mandate chooses what others must have given first."""
REGIONS: Final = tuple("0123456789")
"""The first digits of German postcodes."""
REGION_NAMES: Final = {
    "0": _("Saxony, south of Saxony-Anhalt, east of Thuringia"),
    "1": _("Berlin, Brandenburg, Mecklenburg"),
    "2": _("Hamburg, Bremen, Schleswig-Holstein, north of Lower Saxony"),
    "3": _("Hanover, Kassel, Magdeburg, Bielefeld"),
    "4": _("Rhine and Ruhr, Münster"),
    "5": _("Cologne, Bonn, Aachen, Mainz, Siegen"),
    "6": _("Frankfurt, Saarland, Palatinate"),
    "7": _("Stuttgart, Karlsruhe, Freiburg"),
    "8": _("Munich, Augsburg, Lake Constance"),
    "9": _("Nuremberg, Würzburg, Erfurt, Regensburg"),
}
"""Roughly where the postcodes of each first digit lie."""
