"""Registers the sandbox, and refuses to stand next to a live key."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    """The provider's side of the payment sandbox."""

    name = "payments.sandbox"
    label = "payments_sandbox"
    verbose_name = _("Payment sandbox")
    default_auto_field = "django.db.models.BigAutoField"


def refuse_live_key() -> None:
    """Raise ImproperlyConfigured when a live key is set: then no sandbox may answer."""
    if settings.STRIPE_IS_LIVE:
        raise ImproperlyConfigured("the payment sandbox does not load while a live key is set")
