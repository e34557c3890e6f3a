"""Rounds that bring lenders' money to listed requests."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MatchingConfig(AppConfig):
    """Registers the app with Django."""

    name = "matching"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Matching")
