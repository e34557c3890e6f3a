"""System checks on how the house is run, for `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from payments.provider import STRIPE


@register(Tags.security, deploy=True)
def check_payment_provider(**_: Any) -> list[CheckMessage]:
    """Refuse a live key with DEBUG; warn when a sandbox would stand in for a real provider."""
    found: list[CheckMessage] = []
    if settings.STRIPE_IS_LIVE and settings.DEBUG:
        found.append(Error("A live payment key must never meet DEBUG.", id="pari.E001"))
    if settings.STRIPE_IS_LIVE and settings.STRIPE_API_BASE != STRIPE:
        found.append(Error("A live payment key goes to the provider alone.", id="pari.E002"))
    if settings.STRIPE_IS_LIVE and settings.PARI_ENV == "demo":
        found.append(Error("A live payment key must never meet the demo.", id="pari.E003"))
    if settings.IN_PRODUCTION and not settings.STRIPE_KEY:
        found.append(
            Warning(
                "The payment sandbox answers in production: no real money moves.",
                hint="Set PARI_STRIPE_KEY, or PARI_ENV=demo if that is what you want.",
                id="pari.W001",
            )
        )
    if settings.STRIPE_KEY and not settings.STRIPE_IS_LIVE and settings.IN_PRODUCTION:
        found.append(Warning("A test key pays nobody in production.", id="pari.W002"))
    is_deaf = settings.STRIPE_KEY and not settings.STRIPE_THIN_WEBHOOK_SECRETS
    if is_deaf and settings.IN_PRODUCTION:
        found.append(
            Warning(
                "No secret for thin events: only the sweep hears of recipients' accounts.",
                hint="Set PARI_STRIPE_THIN_WEBHOOK_SECRETS.",
                id="pari.W003",
            )
        )
    if settings.IN_PRODUCTION and settings.STRIPE_KEY.startswith("sk_"):
        found.append(
            Warning(
                "A secret key lets every process do everything at the provider.",
                hint="Give each role a restricted key: PARI_STRIPE_KEY_WEB, _WORKER, _RECONCILER.",
                id="pari.W004",
            )
        )
    return found
