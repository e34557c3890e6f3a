"""Borrowers: debits, their returns, the end of a bank account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from payments.models import (
    Collection,
)
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.services import (
    closings,
    collections,
    disputes,
)
from payments.services.sweep import sweep
from payments.states import (
    CollectionStatus,
)
from tests.payments import world
from tests.payments.matrix.parts import (
    Case,
    Scene,
    lose_answer,
    made,
    stored,
    sweep_late,
)
from tests.payments.proxy import Proxy


def borrower(proxy: Proxy) -> Scene:
    """A loan, paid out, on the day on which its first debit is to be sent."""
    world.begin()
    loan, person, creditor, _ = world.paid_out_loan()
    on = world.first_instalment(loan).due_on - timedelta(days=6)
    control.advance_to(on)
    return Scene(proxy, on, person, loan, creditor)


def _collect(scene: Scene, _: Any = None) -> None:
    collections.collect_due(on=scene.on, at=world.at(scene.on))


def _collected(scene: Scene) -> Collection:
    _collect(scene)
    row = Collection.objects.get()
    control.advance_to(row.target_on)
    return row


def _collect_lost(scene: Scene) -> None:
    lose_answer(scene, "POST /v1/payment_intents", lambda: _collect(scene))


def _look(scene: Scene, row: Collection) -> None:
    collections.refresh(collection_id=row.pk, at=world.at(row.target_on))


def _paid_once(scene: Scene, _: Any) -> None:
    instalment = world.first_instalment(scene.loan)
    last = instalment.due_on + timedelta(days=9)
    world.live_until(last, scene.on + timedelta(days=3))
    sweep(at=world.at(last))
    instalment.refresh_from_db()
    assert instalment.paid_on is not None
    good = Collection.objects.filter(status=CollectionStatus.SUCCEEDED)
    assert [row.amount_cents for row in good] == [instalment.total_cents]
    assert made("payment_intent") == 2  # the pay-in's and this one
    assert balance_cents(Money.CASH, scene.person.pk) == 0


def _came_back(scene: Scene) -> Collection:
    method = world.method_of(scene.person)
    control.set_fate(method, "insufficient_funds", from_date=scene.on)
    row = _collected(scene)
    day = row.target_on + timedelta(days=5)
    world.play(day)
    row.refresh_from_db()
    assert row.status == CollectionStatus.FAILED
    return row


def _payment_is_over(scene: Scene, row: Collection) -> None:
    assert stored(row.payment_id)["status"] == "canceled"
    row.refresh_from_db()
    assert row.status == CollectionStatus.FAILED
    assert balance_cents(Money.CASH, scene.person.pk) == 0


def _disputed(scene: Scene) -> str:
    method = world.method_of(scene.person)
    control.set_fate(method, "late:insufficient_funds", from_date=scene.on)
    row = _collected(scene)
    _look(scene, row)
    control.advance_to(row.target_on + timedelta(days=9))
    return StoredObject.objects.get(kind="dispute").object_id


def _hear_dispute(scene: Scene, dispute_id: str) -> None:
    disputes.refresh_dispute(dispute_id=dispute_id, at=world.at(scene.on + timedelta(days=20)))


def _returned_once(scene: Scene, _: Any) -> None:
    world.hear(scene.on + timedelta(days=20))
    assert Collection.objects.get().status == CollectionStatus.TAKEN_BACK
    assert world.first_instalment(scene.loan).paid_on is None
    assert balance_cents(Money.CASH, scene.person.pk) == 0


def _replaced_bank(scene: Scene) -> str:
    old = world.method_of(scene.person)
    world.add_bank(scene.person, scene.on)
    assert world.method_of(scene.person) != old
    return old


def _close(scene: Scene, _: Any) -> None:
    closings.close_due(on=scene.on, at=world.at(scene.on))


def _bank_is_forgotten(scene: Scene, method_id: str) -> None:
    assert stored(method_id)["customer"] is None
    assert stored(world.method_of(scene.person))["customer"]


BORROWERS = [
    Case("GET /v1/mandates/*", "borrower", _collect, _paid_once),
    Case("POST /v1/payment_intents", "borrower", _collect, _paid_once),
    Case("GET /v1/payment_intents", "borrower", sweep_late, _paid_once, arrange=_collect_lost),
    Case("GET /v1/payment_intents/*", "borrower", _look, _paid_once, arrange=_collected),
    Case(
        "POST /v1/payment_intents/*/cancel",
        "borrower",
        _close,
        _payment_is_over,
        arrange=_came_back,
    ),
    Case("GET /v1/disputes/*", "borrower", _hear_dispute, _returned_once, arrange=_disputed),
    Case(
        "POST /v1/payment_methods/*/detach",
        "borrower",
        _close,
        _bank_is_forgotten,
        arrange=_replaced_bank,
    ),
]
