"""The end of every flow: the money is proven."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from core.findings import Check


def assert_money(*floors: str) -> None:
    """Fail with the words of every finding when one cent is not where it must be.

    Args:
        floors: prove these apps alone, for a test that books what an app above would have booked.
    """
    names = [name for name in settings.MONEY_CHECKS if not floors or name.split(".")[0] in floors]
    checks: list[Check] = [import_string(name) for name in names]
    wrong = [str(finding) for check in checks for finding in check()]
    assert not wrong, "\n".join(wrong)
