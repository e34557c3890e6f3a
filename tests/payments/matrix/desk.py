"""Staff and the sweep: refunds, disputes, the provider's lists of what happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from payments.models import Dispute, EventMark, PayIn, Refund
from payments.sandbox import control
from payments.services import disputes, missed_events, refunds
from payments.states import DISPUTE_ANSWERABLE, RefundStatus
from tests.factories import people
from tests.payments import world
from tests.payments.matrix.lenders import credited, paid
from tests.payments.matrix.parts import Case, Scene, lose_answer, made, stored, sweep_late

_KEY = UUID("00000000-0000-4000-8000-000000000001")


def _give_back(scene: Scene, _: Any = None) -> None:
    refunds.refund_pay_in(
        pay_in_id=PayIn.objects.earliest("id").pk,
        staff=people.staff(),
        amount_cents=100_00,
        why="asked for",
        at=world.at(scene.on),
        request_key=_KEY,
    )


def _refund_lost(scene: Scene) -> None:
    lose_answer(scene, "POST /v1/refunds", lambda: _give_back(scene))


def _refund_broken(scene: Scene) -> Refund:
    _give_back(scene)
    given = Refund.objects.get()
    control.fail_refund(given.refund_id)
    return given


def _look_at_refund(scene: Scene, row: Refund) -> None:
    refunds.refresh(refund_id=row.pk, at=world.at(scene.on))


def _gone_once(scene: Scene, _: Any) -> None:
    assert Refund.objects.get().status == RefundStatus.DONE
    assert made("refund") == 1
    assert balance_cents(Money.CASH, scene.person.pk) == 700_00


def _back_again(scene: Scene, _: Any) -> None:
    world.hear(scene.on)
    assert Refund.objects.get().status == RefundStatus.FAILED
    assert balance_cents(Money.CASH, scene.person.pk) == 800_00


def _disputed(scene: Scene) -> str:
    dispute_id = control.open_dispute(PayIn.objects.get().payment_id)
    disputes.refresh_dispute(dispute_id=dispute_id, at=world.at(scene.on))
    return dispute_id


def _answer(scene: Scene, dispute_id: str) -> None:
    _decide(scene, dispute_id, is_answered=True)


def _accept(scene: Scene, dispute_id: str) -> None:
    _decide(scene, dispute_id, is_answered=False)


def _decide(scene: Scene, dispute_id: str, *, is_answered: bool) -> None:
    """Answer or accept, unless an earlier attempt turns out to have been heard."""
    at, staff = world.at(scene.on), people.staff()
    row = disputes.refresh_dispute(dispute_id=dispute_id, at=at)
    if row is None or row.status not in DISPUTE_ANSWERABLE:
        return
    if is_answered:
        disputes.answer(dispute_id=row.pk, staff=staff, evidence="It was they who paid.", at=at)
    else:
        disputes.accept(dispute_id=row.pk, staff=staff, why="They are right.", at=at)


def _is_answered(scene: Scene, dispute_id: str) -> None:
    assert stored(dispute_id)["evidence_details"]["submission_count"] == 1
    assert Dispute.objects.get().status not in DISPUTE_ANSWERABLE


def _is_lost(scene: Scene, dispute_id: str) -> None:
    assert stored(dispute_id)["status"] == "lost"
    assert Dispute.objects.get().status == "lost"


def _read_lists(scene: Scene, _: Any) -> None:
    missed_events.take_up(at=world.at(scene.on))


def _lists_are_read(scene: Scene, _: Any) -> None:
    assert {"", "thin"} <= set(EventMark.objects.values_list("account", flat=True))


DESK = [
    Case("POST /v1/refunds", "lender", _give_back, _gone_once),
    Case("GET /v1/refunds", "lender", sweep_late, _gone_once, arrange=_refund_lost),
    Case("GET /v1/refunds/*", "lender", _look_at_refund, _back_again, arrange=_refund_broken),
    Case("POST /v1/disputes/*", "lender", _answer, _is_answered, arrange=_disputed, again=_answer),
    Case(
        "POST /v1/disputes/*/close", "lender", _accept, _is_lost, arrange=_disputed, again=_accept
    ),
    Case("GET /v1/events", "lender", _read_lists, credited, arrange=paid),
    Case("GET /v2/core/events", "lender", _read_lists, _lists_are_read),
]
