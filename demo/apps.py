"""A small repeatable world, built only by calling services."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """Registers the app with Django."""

    name = "demo"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Demo")
