"""Money in and out through the payment provider."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """Registers the app with Django."""

    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Payments")
