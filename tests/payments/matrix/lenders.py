"""Lenders: pay-ins, withdrawals, the operator's own money, the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from payments.models import (
    CapitalPayment,
    PayIn,
    Payout,
)
from payments.sandbox import control
from payments.services import (
    capital,
    pay_ins,
    payouts,
    reconciliation,
)
from payments.services.sweep import sweep
from payments.states import (
    CapitalStatus,
    PayInStatus,
    PayoutStatus,
)
from tests.payments import world
from tests.payments.matrix.parts import (
    LATER,
    SOON,
    THIRD,
    Case,
    Scene,
    lose_answer,
    made,
    stored,
    sweep_late,
)
from tests.payments.proxy import Proxy


def lender(proxy: Proxy) -> Scene:
    """A lender with 800 euros that may leave, and an operator who has put some in."""
    world.begin()
    person = world.rich_lender(800_00)
    world.cover_charges()
    world.play(THIRD)
    return Scene(proxy, THIRD, person)


def _start(scene: Scene, _: Any = None) -> None:
    pay_ins.start_pay_in(lender=scene.person, amount_cents=70_00, at=world.at(scene.on))


def _newest() -> PayIn:
    return PayIn.objects.latest("id")


def _started(scene: Scene) -> PayIn:
    _start(scene)
    return _newest()


def paid(scene: Scene) -> PayIn:
    started = _started(scene)
    control.pay_session(started.session_id, card=world.DEBIT_CARD)
    return started


def _refresh_pay_in(scene: Scene, started: PayIn) -> None:
    pay_ins.refresh(pay_in_id=started.pk, at=world.at(scene.on))


def _one_page(scene: Scene, _: Any) -> None:
    opened = _newest()
    assert made("checkout.session") == 2
    control.pay_session(opened.session_id, card=world.DEBIT_CARD)
    world.hear(scene.on)
    credited(scene, opened)


def credited(scene: Scene, started: PayIn) -> None:
    started.refresh_from_db()
    assert started.status == PayInStatus.CONFIRMED
    assert balance_cents(Money.CASH, scene.person.pk) == 870_00
    assert made("payment_intent") == 2


def _page_is_closed(scene: Scene, started: PayIn) -> None:
    started.refresh_from_db()
    assert started.status == PayInStatus.EXPIRED
    assert stored(started.session_id)["status"] == "expired"


def _top_up(scene: Scene, _: Any = None) -> None:
    capital.add_capital(amount_cents=90_00, at=world.at(scene.on))


def _top_up_lost(scene: Scene) -> None:
    lose_answer(scene, "POST /v1/topups", lambda: _top_up(scene))


def _top_up_arrived(scene: Scene) -> CapitalPayment:
    _top_up(scene)
    control.advance_to(scene.on + timedelta(days=1))
    return CapitalPayment.objects.latest("id")


def _topped_up_once(scene: Scene, _: Any) -> None:
    world.play(scene.on + timedelta(days=4))
    assert [row.status for row in CapitalPayment.objects.all()] == [CapitalStatus.CONFIRMED] * 2
    assert made("topup") == 2
    assert balance_cents(Money.CAPITAL) == 1_090_00


def _withdraw(scene: Scene, _: Any = None) -> None:
    if not Payout.objects.exists():
        world.withdraw(scene.person, 100_00, scene.on)


def _withdrawn(scene: Scene) -> Payout:
    _withdraw(scene)
    return Payout.objects.get()


def _withdrawal_lost(operation: str) -> Callable[[Scene], None]:
    return lambda scene: lose_answer(scene, operation, lambda: _withdraw(scene))


def _arrives_once(scene: Scene, _: Any) -> None:
    world.play(scene.on + timedelta(days=8))
    sweep(at=world.at(scene.on + timedelta(days=9)))
    assert Payout.objects.get().status == PayoutStatus.PAID
    assert made("transfer") == made("payout", None) == 1
    assert balance_cents(Money.CASH, scene.person.pk) == 700_00
    assert balance_cents(Money.IN_TRANSIT_OUT, scene.person.pk) == 0


def _arrived(scene: Scene) -> Payout:
    payout = _withdrawn(scene)
    control.advance_to(scene.on + timedelta(days=4))
    return payout


def _sent_back(scene: Scene) -> Payout:
    payout = _withdrawn(scene)
    control.break_payout(payout.payout_id)
    return payout


def _taking_back_lost(scene: Scene) -> None:
    payout = _sent_back(scene)
    back = "POST /v1/transfers/*/reversals"
    lose_answer(scene, back, lambda: _refresh_payout(scene, payout))


def _refresh_payout(scene: Scene, payout: Payout) -> None:
    payouts.refresh(payout_id=payout.pk, at=world.at(scene.on))


def _taken_back_once(scene: Scene, _: Any) -> None:
    sweep(at=world.at(scene.on + LATER) + SOON)
    assert Payout.objects.get().status == PayoutStatus.RETURNED
    assert made("transfer_reversal") == 1
    assert balance_cents(Money.CASH, scene.person.pk) == 800_00


def _compare(scene: Scene, _: Any) -> None:
    assert list(reconciliation.differences()) == []


def _nothing_moved(scene: Scene, _: Any) -> None:
    _compare(scene, None)
    assert balance_cents(Money.CASH, scene.person.pk) == 800_00


LENDERS = [
    Case("POST /v1/checkout/sessions", "lender", _start, _one_page),
    Case("GET /v1/checkout/sessions/*", "lender", _refresh_pay_in, credited, arrange=paid),
    Case(
        "POST /v1/checkout/sessions/*/expire",
        "lender",
        lambda scene, row: pay_ins.give_up(pay_in_id=row.pk, at=world.at(scene.on)),
        _page_is_closed,
        arrange=_started,
    ),
    Case("POST /v1/topups", "lender", _top_up, _topped_up_once),
    Case("GET /v1/topups", "lender", sweep_late, _topped_up_once, arrange=_top_up_lost),
    Case(
        "GET /v1/topups/*",
        "lender",
        lambda scene, row: capital.refresh(payment_id=row.pk, at=world.at(scene.on)),
        _topped_up_once,
        arrange=_top_up_arrived,
    ),
    Case("POST /v1/transfers", "lender", _withdraw, _arrives_once),
    Case("POST /v1/payouts", "lender", _withdraw, _arrives_once),
    Case(
        "GET /v1/transfers",
        "lender",
        sweep_late,
        _arrives_once,
        arrange=_withdrawal_lost("POST /v1/transfers"),
    ),
    Case(
        "GET /v1/payouts",
        "lender",
        sweep_late,
        _arrives_once,
        arrange=_withdrawal_lost("POST /v1/payouts"),
    ),
    Case("GET /v1/payouts/*", "lender", _refresh_payout, _arrives_once, arrange=_arrived),
    Case(
        "POST /v1/transfers/*/reversals",
        "lender",
        _refresh_payout,
        _taken_back_once,
        arrange=_sent_back,
    ),
    Case("GET /v1/transfers/*", "lender", sweep_late, _taken_back_once, arrange=_taking_back_lost),
    Case("GET /v1/balance", "lender", _compare, _nothing_moved),
    Case("GET /v1/balance_transactions", "lender", _compare, _nothing_moved),
]
