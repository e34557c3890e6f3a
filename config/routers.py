"""Which database holds what: the payment sandbox keeps its books apart from ours."""

from typing import Any

from django.db.models import Model

SANDBOX_APP, SANDBOX_ALIAS, OUR_ALIAS = "payments_sandbox", "sandbox", "default"


class SandboxRouter:
    """Sends the provider's side to its own database, and everything else to ours."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """Return the alias that holds the rows of `model`."""
        return SANDBOX_ALIAS if model._meta.app_label == SANDBOX_APP else OUR_ALIAS

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Return the alias that holds the rows of `model`."""
        return self.db_for_read(model)

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Refuse a relation that would reach across the two databases.

        Asks the rows, not their types: a person may be a lazy stand-in such as `request.user`.
        """
        return (one._meta.app_label == SANDBOX_APP) == (other._meta.app_label == SANDBOX_APP)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Create each table only where its rows live."""
        return (db == SANDBOX_ALIAS) == (app_label == SANDBOX_APP)
