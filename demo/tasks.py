"""A sign from the worker that it has come this far in its queue."""

from __future__ import annotations

from celery import shared_task
from django.core.cache import cache

MARK = "demo:mark"


@shared_task(name="demo.mark")
def mark(token: str) -> None:
    """Say that everything sent to this worker before `token` is done."""
    cache.set(MARK, token, timeout=None)
