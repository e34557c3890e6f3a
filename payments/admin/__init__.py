"""Staff's pages for payments: what moved, the provider's books against ours, what is contested."""

from payments.admin import books, disputes, money, panel, refunds, suspense

__all__ = ["books", "disputes", "money", "panel", "refunds", "suspense"]
