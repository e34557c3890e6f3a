"""The heart of the house: requests, offers, loans, repayments, arrears."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class LendingConfig(AppConfig):
    """Registers the app; after a migration empty tables receive opening fees and base rates."""

    name = "lending"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Lending")

    def ready(self) -> None:
        """Listen for the end of a migration of this app."""
        from lending.first_base_rates import store_opening_base_rates
        from lending.first_fees import store_opening_fees

        post_migrate.connect(store_opening_fees, sender=self)
        post_migrate.connect(store_opening_base_rates, sender=self)
