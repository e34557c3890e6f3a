"""What must be loaded before the first request: Celery's app, the log lines, the system checks."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from config import logs
from config.field_names import name_fields


class HouseConfig(AppConfig):
    """Registers the house itself with Django."""

    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make our Celery app the one that `shared_task` and `send_task` use, and name fields."""
        logs.set_up(settings.LOGGING)
        name_fields()
        import_module("config.celery")
        import_module("config.checks")
