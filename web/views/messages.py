"""What was written to a person."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from notifications.selectors import messages_of
from notifications.services import mark_read
from notifications.words import words
from web.access import person_of
from web.paging import other_pages, page_of


@require_safe
@login_required
def messages(request: HttpRequest) -> HttpResponse:
    """All messages, newest first, by their subjects."""
    page = page_of(request, messages_of(person_of(request)))
    context = {
        "page": page,
        "pages": other_pages(request),
        "rows": [(message, words(message).subject) for message in page],
    }
    return render(request, "messages/list.html", context)


@require_safe
@login_required
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message; opening it counts as reading it."""
    read = mark_read(person=person_of(request), message_id=message_id, at=clock.now())
    return render(request, "messages/message.html", {"message": read, "letter": words(read)})
