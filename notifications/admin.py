"""Messages as staff see them: what was written to whom, and whether the letter left."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin import ReadOnlyAdmin
from notifications.models import Message
from notifications.words import words


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every message with its words in staff's language."""

    list_display = ("created_at", "person", "subject", "sent_at", "attempts", "read_at")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("person",)
    search_fields = ("person__email", "=key")
    ordering = ("-created_at", "-id")
    fields = (
        "person",
        "kind",
        "subject",
        "body",
        "created_at",
        "send_from",
        "attempts",
        "sent_at",
        "read_at",
        "key",
    )

    @display(description=_("subject"))
    def subject(self, message: Message) -> str:
        """The first line."""
        return words(message).subject

    @display(description=_("text"))
    def body(self, message: Message) -> str:
        """The rest."""
        return words(message).body
