"""Staff's pages for payments: what moved, and the provider's books against ours."""

from payments.admin import books, money, suspense

__all__ = ["books", "money", "suspense"]
