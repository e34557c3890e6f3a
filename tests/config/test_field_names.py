"""What staff's pages call each field."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.db.models import Model
from django.test import RequestFactory
from django.utils import translation

from accounts.models import User

SAME_IN_BOTH = {"ID", "UUID", "SHA-256"}


def _names(page: admin.ModelAdmin) -> set[str]:
    """All that a list, its filters and the page of a row show by a name."""
    asked = RequestFactory().get("/")
    asked.user = User(is_active=True, is_staff=True, is_superuser=True)
    filters = (each[0] if isinstance(each, tuple) else each for each in page.list_filter)
    return {
        *page.get_list_display(asked),
        *flatten_fieldsets(page.get_fieldsets(asked)),
        *(each for each in filters if isinstance(each, str)),
    }


def _called(name: str, page: admin.ModelAdmin, language: str) -> str:
    with translation.override(language):
        return str(label_for_field(name, page.model, model_admin=page))


def test_all_that_staff_see_is_called_by_a_german_and_an_english_name() -> None:
    ours = [page for page in admin.site._registry.values() if _is_ours(page.model)]
    seen = {
        (str(page), name): {_called(name, page, language) for language in ("de", "en")}
        for page in ours
        for name in _names(page)
    }
    assert len(seen) > 400
    same = {where: called for where, called in seen.items() if len(called) == 1}
    assert {where: called for where, called in same.items() if not called <= SAME_IN_BOTH} == {}


def _is_ours(model: type[Model]) -> bool:
    return model.__module__.split(".")[0] in {
        "accounts", "core", "ledger", "lending", "matching", "notifications", "payments"
    }  # fmt: skip
