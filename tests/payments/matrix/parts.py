"""What the cases of the fault matrix are made of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from accounts.models import User
from payments.errors import ProviderError
from payments.models import (
    OperationKind,
    ProviderOperation,
)
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.services.sweep import sweep
from payments.states import (
    UNFINISHED,
)
from tests.payments import world
from tests.payments.proxy import FAULTS, Proxy

SOON, LATER = timedelta(hours=1), timedelta(days=2)
THIRD = world.later(3)


class Scene(NamedTuple):
    """Who is there, on which day."""

    proxy: Proxy
    on: date
    person: User
    loan: Any = None
    lender: User | None = None


class Case(NamedTuple):
    """One operation: what comes before it, the act that causes it, who mends it, what must hold."""

    operation: str
    scene: str
    act: Callable[[Scene, Any], Any]
    check: Callable[[Scene, Any], None]
    arrange: Callable[[Scene], Any] = lambda scene: None
    again: Callable[[Scene, Any], Any] | None = None

    @property
    def later(self) -> timedelta:
        """How long after the scene's evening the act is: at once, or when a search is due."""
        return LATER if self.act is sweep_late else timedelta()


def made(kind: str, account: str | None = "") -> int:
    """How many objects of a kind the provider has."""
    rows = StoredObject.objects.filter(kind=kind)
    return rows.count() if account is None else rows.filter(account=account).count()


def stored(object_id: str) -> dict[str, Any]:
    """An object as the provider has it."""
    return StoredObject.objects.get(object_id=object_id).data


def lose_answer(scene: Scene, operation: str, act: Callable[[], Any]) -> None:
    """Let the answer of an operation be lost for good, so that it must be looked up later."""
    with scene.proxy.misbehaving(operation, FAULTS["500 after effect"]):
        with contextlib.suppress(ProviderError):
            act()
        assert scene.proxy.hits
    control.advance_to(scene.on + LATER)


def sweep_late(scene: Scene, _: Any) -> None:
    """The sweep of two days later, which looks for what was lost."""
    sweep(at=world.at(scene.on + LATER))


def unfinished() -> list[str]:
    """Requests that are still open."""
    rows = ProviderOperation.objects.filter(status__in=UNFINISHED)
    return [f"{row.key} {OperationKind(row.kind)} {row.status}" for row in rows]
