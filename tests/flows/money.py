"""The end of every flow: the money is proven."""

from __future__ import annotations

from core.management.commands.verify_money import findings


def assert_money() -> None:
    """Fail with the words of every finding when one cent is not where it must be."""
    wrong = [str(finding) for finding in findings()]
    assert not wrong, "\n".join(wrong)
