"""Staff's pages for lending: the review desk, which decides, and everything else to look at."""

from lending.admin import (
    appeals,
    arrears,
    base_rates,
    changes,
    fees,
    market,
    money,
    pools,
    requests,
    servicing,
)

__all__ = [
    "appeals",
    "arrears",
    "base_rates",
    "changes",
    "fees",
    "market",
    "money",
    "pools",
    "requests",
    "servicing",
]
