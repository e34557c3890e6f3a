"""The provider's rows: objects, books, events to deliver, answers kept under their keys."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StoredObject(models.Model):
    """One object of the provider's API: what it shows (`data`) and what it keeps to itself.

    `parent` is the object under which this one is listed most often: the customer of a payment,
    the payment of a charge, the source of a balance transaction.
    """

    object_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    account = models.CharField(max_length=64, blank=True)
    parent = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    version = models.BigIntegerField(default=0)
    data = models.JSONField()
    hidden = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "account", "-id"], name="sandbox_object_list"),
            models.Index(fields=["parent", "kind"], name="sandbox_object_parent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["object_id"], name="sandbox_object_once"),
        ]

    def __str__(self) -> str:
        return self.object_id


class Book(models.Model):
    """One account of the provider's own books and its balance; all of them sum to zero."""

    name = models.CharField(max_length=80, primary_key=True)
    cents = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Posting(models.Model):
    """One line of the books; the lines of a balance transaction sum to zero."""

    transaction = models.CharField(max_length=64)
    book = models.CharField(max_length=80)
    cents = models.BigIntegerField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(cents=0), name="sandbox_posting_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.book} {self.cents}"


class Act(models.Model):
    """Something that the provider will do at a set time, such as settle a debit."""

    due_at = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    account = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.object_id}"


class StoredEvent(models.Model):
    """One event; `payload` is the very text that is signed and sent."""

    event_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=80)
    account = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    payload = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(delivered_at__isnull=True, lost_at__isnull=True),
                name="sandbox_event_to_deliver",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="sandbox_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Form(models.TextChoices):
    """What the mail brings."""

    SNAPSHOT = "snapshot", _("with a copy of the object")
    THIN = "thin", _("thin")
    BOTH = "both", _("both")


class Mail(models.Model):
    """How events reach us, and how badly; a single row. See `delivery.Mischief`."""

    ONLY: Final = 1

    form = models.CharField(max_length=10, choices=Form, default=Form.SNAPSHOT)
    copies = models.PositiveSmallIntegerField(default=1)
    is_shuffled = models.BooleanField(default=False)
    lost_share = models.PositiveSmallIntegerField(default=0)
    delay_minutes = models.PositiveIntegerField(default=0)
    seed = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="sandbox_mail_is_single"),
            models.CheckConstraint(
                condition=Q(form__in=Form.values, copies__range=(1, 10), lost_share__lte=100),
                name="sandbox_mail_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} x {self.copies}"


class KeptAnswer(models.Model):
    """The answer to a request with an idempotency key, for whoever sends it again."""

    key = models.CharField(max_length=400, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Fate(models.Model):
    """What happens to payments of one payment method or bank account from a day on."""

    subject = models.CharField(max_length=64)
    outcome = models.CharField(max_length=40)
    from_date = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["subject", "-from_date"], name="sandbox_fate_of")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.outcome}"


class Clock(models.Model):
    """How far the provider's clock is ahead of the wall clock; a single row."""

    ONLY: Final = 1

    ahead = models.DurationField()

    class Meta:
        verbose_name = verbose_name_plural = _("payment sandbox")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="sandbox_clock_is_single")]

    def __str__(self) -> str:
        return str(self.ahead)
