"""The same acts for programs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class APIConfig(AppConfig):
    """Registers the app with Django."""

    name = "api"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("API")
