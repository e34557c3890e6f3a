"""Staff's pages for what every app needs, and the read-only page that money is shown on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin
from django.db.models import (
    Count,
    DateField,
    DateTimeField,
    Field,
    JSONField,
    Model,
    Q,
    QuerySet,
)
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from core.models import AuditRow, DayEndRun, DayEndShard, DayEndStep, ShardStatus
from core.wording import day, euro, instant, percent

EMPTY: Final = "–"


def in_euro(cents: int | None) -> str:
    """Whole cents as an amount, a dash for none."""
    return EMPTY if cents is None else euro(cents)


def _each_in_euro(cents: Mapping[str, int]) -> str:
    """Amounts by their names, a dash for none."""
    return ", ".join(f"{name} {in_euro(each)}" for name, each in cents.items()) or EMPTY


def in_percent(rate: Decimal | None) -> str:
    """A fraction as percent, a dash for none."""
    return EMPTY if rate is None else percent(rate)


def _in_day(on: date | None) -> str:
    return EMPTY if on is None else day(on)


def _in_instant(at: datetime | None) -> str:
    return EMPTY if at is None else instant(at)


def _writer(field: Field[Any, Any]) -> Callable[[Any], str] | None:
    """How a field's values are written; None where Django's own way will do."""
    if field.name.endswith("cents"):
        return _each_in_euro if isinstance(field, JSONField) else in_euro
    if field.name.endswith("_rate"):
        return in_percent
    if isinstance(field, DateTimeField):
        return _in_instant
    return _in_day if isinstance(field, DateField) else None


def _column(name: str, label: Any, write: Callable[[Any], str]) -> Callable[[Model], str]:
    def column(row: Model) -> str:
        return write(getattr(row, name))

    column.short_description = label  # type: ignore[attr-defined]
    column.admin_order_field = name  # type: ignore[attr-defined]
    return column


class DayInput(UnfoldAdminTextInputWidget):
    """A day, chosen with the browser's own calendar."""

    input_type = "date"


class WrittenOut:
    """Shows amounts (`*_cents`), rates (`*_rate`), days and instants as people write them.

    Each keeps its name, label and order in `list_display` and `fields`; where an admin names no
    fields, every field of the model is shown.
    """

    model: type[Model]
    labels: ClassVar[dict[str, Any]] = {}
    """Labels of fields whose model gives none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._written: set[str] = set()
        for field in self.model._meta.concrete_fields:
            if (write := _writer(field)) is not None:
                label = self.labels.get(field.name, field.verbose_name)
                setattr(self, f"written_{field.name}", _column(field.name, label, write))
                self._written.add(field.name)

    def shown(self, names: Sequence[str]) -> list[str]:
        """The same names, with those that are written out turned into their columns."""
        return [f"written_{name}" if name in self._written else name for name in names]


class Unchangeable:
    """Nobody adds, changes or deletes here: services do, and they write down who."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False


class ReadOnlyAdmin(Unchangeable, WrittenOut, ModelAdmin):
    """A list and a page for each row, to look at and no more."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """Columns, with amounts and rates written out."""
        return self.shown(super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The fields that the admin names, else all but those it excludes, written out."""
        names = self.fields or [field.name for field in self.model._meta.concrete_fields]
        return self.shown([name for name in names if name not in (self.exclude or ())])

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Every field."""
        return self.get_fields(request, obj)


class ReadOnlyInline(Unchangeable, WrittenOut, TabularInline):
    """Rows that belong to a row, to look at and no more."""

    extra = 0
    per_page = 50
    hide_title = True
    ordering: Sequence[str] = ("id",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The fields that the inline names, written out."""
        return self.shown(self.fields or [])

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Every field."""
        return self.get_fields(request, obj)


@admin.register(AuditRow)
class AuditRowAdmin(ReadOnlyAdmin):
    """Who did what to which thing; search by its name, such as `lending.loan:17`."""

    list_display = ("at", "subject", "action", "before", "after", "actor_id", "reason")
    list_filter = ("action",)
    search_fields = ("=subject",)
    search_help_text = "lending.loan:17"
    ordering = ("-id",)


class DayEndStepInline(ReadOnlyInline):
    """What each step of a day end did."""

    model = DayEndStep
    fields = ("name", "finished_at", "result")
    ordering = ("id",)


class DayEndShardInline(ReadOnlyInline):
    """The shards of the steps that are done key by key."""

    model = DayEndShard
    fields = ("step", "number", "keys_count", "status", "started_at", "finished_at", "result")
    ordering = ("id",)


@admin.register(DayEndRun)
class DayEndRunAdmin(ReadOnlyAdmin):
    """The business dates that were closed, and how far the one is that is being closed."""

    list_display = ("business_date", "started_at", "finished_at", "at_work_on", "shards_done")
    ordering = ("-business_date",)
    inlines = (DayEndStepInline, DayEndShardInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DayEndRun]:
        """Runs with their steps and how many shards are done."""
        runs = super().get_queryset(request).prefetch_related("steps")
        done = Count("shards", filter=Q(shards__status=ShardStatus.DONE))
        counted: QuerySet[DayEndRun] = runs.annotate(shards_count=Count("shards"), done_count=done)
        return counted

    @admin.display(description=_("at work on"))
    def at_work_on(self, run: DayEndRun) -> str:
        """The step under way, a dash once all are done."""
        if run.finished_at:
            return EMPTY
        done = {step.name for step in run.steps.all()}
        left = [name for name in settings.DAY_END_STEPS if name not in done]
        return left[0].rsplit(".", 1)[-1] if left else EMPTY

    @admin.display(description=_("shards"))
    def shards_done(self, run: DayEndRun) -> str:
        """How many shards are done, of how many."""
        counted: Any = run
        return f"{counted.done_count} / {counted.shards_count}"
