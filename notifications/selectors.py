"""Reads of messages; each takes the person who asks."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from notifications.models import Message


def messages_of(user: User) -> QuerySet[Message]:
    """Everything that was written to this person, newest first."""
    return Message.objects.filter(person=user).order_by("-created_at", "-id")


def unread_count(user: User) -> int:
    """How many messages the person has not opened."""
    return Message.objects.filter(person=user, read_at__isnull=True).count()
