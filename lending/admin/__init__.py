"""Staff's pages for lending: the review desk, which decides, and everything else to look at."""

from lending.admin import appeals, arrears, changes, fees, market, money, requests

__all__ = ["appeals", "arrears", "changes", "fees", "market", "money", "requests"]
