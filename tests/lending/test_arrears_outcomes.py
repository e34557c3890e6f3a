"""What becomes of a claim: called due, collected, settled, sold, written off, recovered."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.models import User
from core.errors import IllegalTransition, StaleState
from core.money import to_cents
from lending.errors import (
    FourEyes,
    GuardHolds,
    NoMoneyForIt,
    NotRunning,
    Overpayment,
)
from lending.models import (
    ArrearsCase,
    Document,
    FeeRate,
    InstalmentKind,
    LegalCost,
    Loan,
    LoanEvent,
    Repayment,
    WriteOff,
)
from lending.selectors.debts import debt_of
from lending.services import arrears_decisions, claim_sales, collection_costs, recoveries
from lending.states import ArrearsStage, LoanStatus
from notifications.models import Message
from tests.factories import arrears as make
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> list[User]:
    return make.two_staff()


@pytest.fixture
def loan() -> Loan:
    """5,000 euros over 36 months at 8 %; three lenders."""
    return loans.loan(due_day=15)


def _kinds(loan: Loan) -> list[str]:
    return list(
        LoanEvent.objects.filter(loan=loan)
        .exclude(kind__in=["due", "late", "disbursed"])
        .order_by("on", "id")
        .values_list("kind", flat=True)
    )


def test_calling_due_needs_the_notice_to_run_out_and_a_second_person(
    loan: Loan, staff: list[User]
) -> None:
    case, after = make.noticed(loan, staff[0], missed=4)
    asked = {"staff": staff[0], "case_id": case.pk, "act": "terminate", "reason": make.REASON}
    with pytest.raises(GuardHolds) as refused:
        arrears_decisions.propose(**asked, at=loans.noon(after - timedelta(days=1)))
    assert refused.value.facts["missing"] == "notice_runs"
    at = loans.noon(after)
    proposal = arrears_decisions.propose(**asked, at=at)
    case.refresh_from_db()
    assert case.status == ArrearsStage.FINAL_NOTICE
    with pytest.raises(StaleState):
        arrears_decisions.propose(**asked, at=at)
    with pytest.raises(FourEyes):
        arrears_decisions.approve(staff=staff[0], proposal_id=proposal.pk, at=at)
    for _ in range(2):
        arrears_decisions.approve(staff=staff[1], proposal_id=proposal.pk, at=at)
    case.refresh_from_db()
    assert case.status == ArrearsStage.TERMINATED
    assert Document.objects.filter(loan=loan, kind="termination").count() == 1
    assert_money("ledger", "lending")


def test_called_due_is_all_principal_and_the_interest_earned_so_far(
    loan: Loan, staff: list[User]
) -> None:
    case, on = make.noticed(loan, staff[0], missed=4)
    late = list(loan.instalments.filter(due_on__lte=on).order_by("number"))
    rest = loan.outstanding_cents - sum(row.principal_cents for row in late)
    make.decide(case, "terminate", staff, at=loans.noon(on))
    called = list(loan.instalments.unpaid().order_by("number"))
    assert [row.kind for row in called] == [InstalmentKind.CALLED] * (len(late) + 1)
    assert [(row.due_on, row.principal_cents, row.interest_cents) for row in called[:-1]] == [
        (row.due_on, row.principal_cents, row.interest_cents) for row in late
    ]
    days = (on - late[-1].due_on).days if on.month == late[-1].due_on.month else None
    last = called[-1]
    assert (last.due_on, last.principal_cents) == (on, rest)
    months_30_360 = (on.month - late[-1].due_on.month) * 30 + on.day - late[-1].due_on.day
    assert days is None or days == months_30_360
    assert last.interest_cents == to_cents(rest * Decimal("0.08") * months_30_360 / 360)
    loan.refresh_from_db()
    assert (loan.terminated_on, loan.status) == (on, LoanStatus.DEFAULTED)
    assert debt_of(loan, on).principal_cents == loan.principal_cents
    late_events = LoanEvent.objects.filter(loan=loan, kind="late")
    before = late_events.count()
    make.live(on + timedelta(days=1), on + timedelta(days=1))
    assert late_events.count() == before
    told = Message.objects.filter(kind="holding_terminated").values_list("person_id", flat=True)
    assert set(told) == set(loan.holdings.values_list("lender_id", flat=True))
    assert_money("ledger", "lending")


def test_a_notice_that_was_paid_ends_it_and_one_paid_in_part_does_not(
    loan: Loan, staff: list[User]
) -> None:
    case, after = make.noticed(loan, staff[0], missed=4)
    on = after - timedelta(days=2)
    demanded = [row for row in loan.instalments.unpaid() if row.due_on < case.stage_since]
    loans.pay(loan, sum(row.open_cents for row in demanded) - 1, on=on)
    make.live(on, on)
    case.refresh_from_db()
    assert case.status == ArrearsStage.FINAL_NOTICE
    loans.pay(loan, 1, on=on)
    make.live(on, on)
    case.refresh_from_db()
    assert case.status == ArrearsStage.CURED
    with pytest.raises(GuardHolds):
        make.decide(case, "terminate", staff, at=loans.noon(after))


def test_what_is_paid_after_calling_due_settles_cost_then_debt_then_interest(
    loan: Loan, staff: list[User]
) -> None:
    case, called_on = make.terminated(loan, staff)
    on = called_on + timedelta(days=10)
    with pytest.raises(NoMoneyForIt):
        _recover(case, staff, 10_00, on, source="outside")
    make.give_capital(1_000_00, on)
    for _ in range(2):
        collection_costs.lay_out_cost(
            staff=staff[0],
            case_id=case.pk,
            cents=45_00,
            paid_on=on,
            note="Order for payment, court fee",
            key=KEY,
            at=loans.noon(on),
        )
    assert LegalCost.objects.get().cents == 45_00
    loan.refresh_from_db()
    before = debt_of(loan, on)
    assert before.costs_cents == 45_00
    assert before.default_interest_cents > 0
    paid = _recover(case, staff, 145_00, on, source="outside")
    assert (paid.costs_cents, paid.default_interest_cents) == (45_00, 0)
    assert paid.principal_cents + paid.interest_cents == 100_00
    loan.refresh_from_db()
    rest = debt_of(loan, on).total_cents
    loans.give_collected(loan.borrower, rest, on=on)
    _recover(case, staff, rest, on, source="borrower")
    make.live(on, on)
    case.refresh_from_db()
    loan.refresh_from_db()
    assert (case.status, loan.status) == (ArrearsStage.CURED, LoanStatus.REPAID)
    assert_money("ledger", "lending")


KEY = uuid4()


def _recover(
    case: ArrearsCase, staff: list[User], cents: int, on: date, *, source: str = "borrower"
) -> Repayment:
    return recoveries.recover(
        staff=staff[0],
        case_id=case.pk,
        amount_cents=cents,
        source=source,
        key=uuid4(),
        at=loans.noon(on),
    )


def test_costs_are_no_matter_before_the_loan_is_called_due(loan: Loan, staff: list[User]) -> None:
    case, on = make.reminded(loan, missed=1)
    with pytest.raises(NotRunning):
        collection_costs.lay_out_cost(
            staff=staff[0],
            case_id=case.pk,
            cents=10_00,
            paid_on=on,
            note="A reminder fee",
            key=uuid4(),
            at=loans.noon(on),
        )


def test_a_claim_is_written_off_after_collection_and_recovers_by_what_each_lost(
    loan: Loan, staff: list[User]
) -> None:
    case, on = make.in_collection(loan, staff)
    with pytest.raises(GuardHolds):
        make.decide(case, "write_off", staff, at=loans.noon(on - timedelta(days=1)))
    make.decide(case, "write_off", staff, at=loans.noon(on))
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents, loan.closed_on) == (
        LoanStatus.WRITTEN_OFF,
        0,
        on,
    )
    lost = WriteOff.objects.get()
    assert lost.principal_cents == loan.principal_cents
    assert {row.lender_id: row.written_off_cents for row in loan.holdings.all()} == {
        row.lender_id: row.principal_cents for row in loan.holdings.all()
    }
    assert not loan.instalments.unpaid().exists()
    assert_money("ledger", "lending")
    make.give_capital(6_000_00, on)
    key = uuid4()
    for _ in range(2):
        first = recoveries.recover(
            staff=staff[0],
            case_id=case.pk,
            amount_cents=1_000_00,
            source="outside",
            key=key,
            at=loans.noon(on),
        )
    assert (first.recovered_cents, first.fee_cents) == (1_000_00, 0)
    backs = list(loan.holdings.order_by("id").values_list("recovered_cents", flat=True))
    assert backs == [600_00, 395_00, 5_00]
    case.refresh_from_db()
    assert (case.status, case.closed_on) == (ArrearsStage.RECOVERED, None)
    with pytest.raises(Overpayment):
        _recover(case, staff, 4_000_01, on, source="outside")
    _recover(case, staff, 4_000_00, on, source="outside")
    case.refresh_from_db()
    assert (case.status, case.closed_on) == (ArrearsStage.RECOVERED, on)
    assert _kinds(loan)[-3:] == ["written_off", "recovered", "recovered"]
    assert_money("ledger", "lending")


def test_a_recovery_pays_costs_first_and_the_fee_that_was_agreed(
    loan: Loan, staff: list[User]
) -> None:
    case, on = make.in_collection(loan, staff)
    make.decide(case, "write_off", staff, at=loans.noon(on))
    FeeRate.objects.create(kind="recovery", rate=Decimal("0.05"), valid_from=date(2026, 1, 1))
    collection_costs.lay_out_cost(
        staff=staff[0],
        case_id=case.pk,
        cents=30_00,
        paid_on=on,
        note="Bailiff",
        key=uuid4(),
        at=loans.noon(on),
    )
    make.give_capital(500_00, on)
    paid = _recover(case, staff, 130_00, on, source="outside")
    assert (paid.costs_cents, paid.recovered_cents, paid.fee_cents) == (30_00, 100_00, 5_01)
    assert_money("ledger", "lending")


def test_a_claim_sold_at_once_shares_the_price_and_books_the_loss(
    loan: Loan, staff: list[User]
) -> None:
    case, called_on = make.terminated(loan, staff)
    on = called_on + timedelta(days=14)
    make.give_capital(2_000_00, on)
    make.decide(
        case,
        "sell",
        staff,
        at=loans.noon(on),
        buyer="Muster Forderungen GmbH",
        quota=Decimal("0.25"),
        is_by_parts=False,
    )
    loan.refresh_from_db()
    assert (case.status, loan.status, loan.outstanding_cents) == (
        ArrearsStage.SOLD,
        LoanStatus.SOLD,
        0,
    )
    paid = Repayment.objects.get()
    assert (paid.kind, paid.principal_cents) == ("sale", 1_250_00)
    assert WriteOff.objects.get().principal_cents == 3_750_00
    shares = list(loan.holdings.order_by("id").values_list("written_off_cents", flat=True))
    assert shares == [2_250_00, 1_481_25, 18_75]
    told = Message.objects.filter(kind="holding_sold").order_by("person_id")
    assert {row.facts["quota_rate"] for row in told} == {"0.25"}
    assert_money("ledger", "lending")


def test_a_claim_sold_by_parts_is_paid_month_by_month(loan: Loan, staff: list[User]) -> None:
    case, called_on = make.terminated(loan, staff)
    on = called_on + timedelta(days=14)
    make.give_capital(2_000_00, on)
    make.decide(
        case,
        "sell",
        staff,
        at=loans.noon(on),
        buyer="Muster",
        quota=Decimal("0.24"),
        is_by_parts=True,
    )
    loan.refresh_from_db()
    parts = list(loan.instalments.unpaid().order_by("due_on"))
    assert sum(row.principal_cents for row in parts) == loan.outstanding_cents == 1_200_00
    assert parts[0].due_on == on
    assert len(parts) > 20
    assert make.live(on, on + timedelta(days=200)) == []
    later = on + timedelta(days=40)
    for _ in range(2):
        claim_sales.receive_from_buyer(
            staff=staff[0], loan_id=loan.pk, amount_cents=500_00, key=KEY, at=loans.noon(later)
        )
    with pytest.raises(Overpayment):
        claim_sales.receive_from_buyer(
            staff=staff[0], loan_id=loan.pk, amount_cents=700_01, key=uuid4(), at=loans.noon(later)
        )
    claim_sales.receive_from_buyer(
        staff=staff[0], loan_id=loan.pk, amount_cents=700_00, key=uuid4(), at=loans.noon(later)
    )
    loan.refresh_from_db()
    assert (loan.outstanding_cents, loan.closed_on) == (0, later)
    assert_money("ledger", "lending")


def test_an_act_that_no_edge_leads_to_is_refused(loan: Loan, staff: list[User]) -> None:
    case, on = make.reminded(loan, missed=1)
    for act in ("sell", "settle", "write_off", "terminate"):
        with pytest.raises((GuardHolds, IllegalTransition)):
            make.decide(case, act, staff, at=loans.noon(on), cents=1, source="borrower")


def test_one_person_is_enough_below_the_limit_and_turning_down_does_nothing(
    staff: list[User],
) -> None:
    small = loans.loan(shares_cents=[900_00, 100_00], term_months=12, due_day=15)
    loans.pay_instalments(small, 1)
    case, on = make.noticed(small, staff[0], missed=2)
    proposal = make.decide(case, "terminate", staff[:1], at=loans.noon(on))
    assert (proposal.decided_by, case.status) == (None, ArrearsStage.TERMINATED)
    large = loans.loan(due_day=15)
    case, on = make.noticed(large, staff[0], missed=4)
    asked = arrears_decisions.propose(
        staff=staff[0], case_id=case.pk, act="terminate", reason=make.REASON, at=loans.noon(on)
    )
    arrears_decisions.turn_down(staff=staff[1], proposal_id=asked.pk, at=loans.noon(on))
    with pytest.raises(StaleState):
        arrears_decisions.approve(staff=staff[1], proposal_id=asked.pk, at=loans.noon(on))
    case.refresh_from_db()
    assert case.status == ArrearsStage.FINAL_NOTICE
