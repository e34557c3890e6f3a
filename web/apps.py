"""Pages for people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    """Registers the app with Django."""

    name = "web"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Web")
