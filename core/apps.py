"""What every other app stands on: money, dates, clock, audit, jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Registers the app with Django."""

    name = "core"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Core")
