"""The whole life of one loan, act by act, as a page: every booking, taken from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import uuid4

from accounts.models import User
from core.clock import day_of
from core.money import to_cents
from core.transitions import advance
from ledger.chart import RULES, EntryKind, Role
from ledger.models import Account, Entry
from ledger.services import Move, account_id, post_entry
from lending.domain.due_dates import payable_on
from lending.models import Instalment, Loan, Repayment
from lending.selectors.charges import payable
from lending.selectors.early_repayment import payoff_quote
from lending.services.disbursements import disburse
from lending.services.early_repayment import repay_early
from lending.services.receivables import settle_receivables
from lending.services.reversals import reverse_repayment
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

SHARES: Final = {"Ada": 5_000_00, "Ben": 3_000_00, "Cem": 2_000_00}
HEAD: Final = """# The life of one loan

10,000.00 euros at 8 % a year over 36 months, lent by Ada (5,000.00), Ben (3,000.00) and Cem (2,000.00) to Dora. Each act is done by the service that does it in the marketplace, and each line below is read from the ledger afterwards. This page is written by `tests/lending/test_life_of_a_loan.py`, which fails when the books say anything else; `PARI_REWRITE_DOCS=1` writes it anew. What the accounts mean stands in [money.md](money.md).
"""  # noqa: E501 - a paragraph is one line


@dataclass
class Life:
    """The people, the loan, and the page as far as it is told."""

    people: dict[str, User]
    page: list[str] = field(default_factory=lambda: [HEAD])
    told_id: int = 0
    acts: int = 0

    def tell(self, title: str, on: date, words: str) -> None:
        """Add an act with the entries that it wrote."""
        self.acts += 1
        self.page.append(f"## {self.acts}. {title} ({on.isoformat()})\n\n{words}\n")
        self.page += _table(self._new_moves())

    def _new_moves(self) -> Iterator[list[str]]:
        entries = Entry.objects.filter(pk__gt=self.told_id).order_by("pk")
        for entry in entries:
            moves = entry.transfers.select_related("debit", "credit").order_by("id")
            for place, move in enumerate(moves):
                kind = str(entry.get_kind_display()) if place == 0 else ""
                accounts = [self.name(move.debit), self.name(move.credit)]
                yield [kind, *accounts, amount(move.cents)]
            self.told_id = entry.pk

    def name(self, account: Account) -> str:
        """What an account is called on the page."""
        holder = RULES[Role(account.role)].holder
        names = {person.pk: name for name, person in self.people.items()}
        whose = {"person": names.get(account.holder_id, "?"), "loan": "loan"}.get(holder, "")
        return f"`{account.role}`{f' {whose}' if whose else ''}"

    def balances(self) -> list[list[str]]:
        """Every account that holds something now."""
        rows = Account.objects.exclude(balance_cents=0).order_by("role", "holder_id")
        return [[self.name(row), row.side, amount(row.balance_cents)] for row in rows]


def amount(cents: int) -> str:
    """1,234.56."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def _table(
    rows: Iterator[list[str]] | Sequence[list[str]],
    heads: Sequence[str] = ("entry", "debit", "credit", "euros"),
) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = " | ".join(["---"] * (len(heads) - 1))
    return [f"| {' | '.join(heads)} |", f"| {rule} | ---: |", *lines, ""]


def life_of_a_loan() -> tuple[Loan, str]:
    """Live it and write it down."""
    life = Life({name: people.lender() for name in SHARES})
    loan = _begins(life)
    _first_instalment(life, loan)
    _taken_back(life, loan)
    _late(life, loan)
    _in_parts(life, loan)
    _part_early(life, loan)
    _ends(life, loan)
    life.page.append("## What stands in the books at the end\n")
    life.page += _table(life.balances(), ("account", "side", "euros"))
    life.page.append(
        "Every account of the loan and every holding is at zero; what the borrower paid has "
        "become cash of the lenders and fees.\n"
    )
    loan.refresh_from_db()
    return loan, "\n".join(life.page)


def _begins(life: Life) -> Loan:
    on = day_of(AT)
    for name, cents in SHARES.items():
        people.give_cash(life.people[name], cents)
    life.tell("Deposits", on, "Three lenders pay in. The provider holds the money for us.")
    request = listed_request(amount_cents=sum(SHARES.values()), due_day=1)
    life.people["Dora"] = request.borrower
    for name, cents in SHARES.items():
        bid(life.people[name], request, cents)
    life.tell("Bids", on, "A bid reserves money; for four days it can be revoked at no cost.")
    request.refresh_from_db()
    advance(request, RequestStatus.ACCEPTED, table=REQUEST_TRANSITIONS, at=AT, accepted_at=AT)
    loan = disburse(request_id=request.pk, on=on, at=AT)
    loan.refresh_from_db()
    paid_out = loan.principal_cents - loan.fee_cents
    life.tell(
        "Disbursement",
        on,
        f"Reserved money becomes invested money. Of {amount(loan.principal_cents)} the fee of "
        f"2.5 % ({amount(loan.fee_cents)}) stays with the platform, {amount(paid_out)} are on "
        "their way to Dora's bank.",
    )
    _pay_out(loan, paid_out, on)
    life.tell("Payout", on, "The provider confirms that the money left.")
    return loan


def _pay_out(loan: Loan, cents: int, on: date) -> None:
    """Book a confirmed payout as the payments floor books it."""
    transit = account_id(Role.IN_TRANSIT_OUT, loan.borrower_id)
    clearing, provider = account_id(Role.CLEARING_OUT), account_id(Role.PROVIDER)
    post_entry(
        reference=f"payout:{uuid4()}",
        kind=EntryKind.PAYOUT,
        effective_on=on,
        at=loans.noon(on),
        moves=[Move(transit, clearing, cents), Move(clearing, provider, cents)],
    )


def _next(loan: Loan) -> Instalment:
    row = loan.instalments.unpaid().order_by("number").first()
    assert row is not None
    return row


def _first_instalment(life: Life, loan: Loan) -> None:
    first = _next(loan)
    loans.pay(loan, first.total_cents, on=first.due_on)
    life.tell(
        "First instalment",
        first.due_on,
        f"{amount(first.total_cents)} are debited. Interest of the first period is "
        f"{amount(first.interest_cents)} (56 days of German 30/360 at 8 %), the "
        f"rest of {amount(first.principal_cents)} is principal. Both are shared by what each is "
        "still owed, five to three to two, spare cents to the largest remainders; each lender "
        "pays the service fee of 1 % of what arrives.",
    )


def _taken_back(life: Life, loan: Loan) -> None:
    second = _next(loan)
    loan.refresh_from_db()
    owed_cents = loan.outstanding_cents
    repayment = loans.pay(loan, second.total_cents, on=second.due_on)
    interest = to_cents(Decimal(owed_cents) * loan.annual_rate / 12)
    life.tell(
        "Second instalment",
        second.due_on,
        f"Interest of a regular month is 8 % / 12 of the {amount(owed_cents)} still owed: "
        f"{amount(interest)}.",
    )
    cem = life.people["Cem"]
    cash = Account.objects.get(role=Role.CASH, holder_id=cem.pk).balance_cents
    bid(cem, listed_request(), cash // 25_00 * 25_00)
    back_on = second.due_on + timedelta(days=8)
    life.tell("Cem bids", back_on, "Cem lends on: most of his cash is reserved for another loan.")
    _reverse(life, loan, repayment, back_on)


def _reverse(life: Life, loan: Loan, repayment: Repayment, on: date) -> None:
    reverse_repayment(
        repayment_id=repayment.pk, on=on, at=loans.noon(on), reason="insufficient funds"
    )
    life.tell(
        "The bank takes the second debit back",
        on,
        "The mirror of the repayment, lender by lender, fees included. Cem no longer has his "
        "share: what is missing is laid out for him and stands as his debt (`receivable`).",
    )
    borrower, clearing = account_id(Role.CASH, loan.borrower_id), account_id(Role.CLEARING_IN)
    cents = repayment.amount_cents
    post_entry(
        reference=f"collection-returned:{uuid4()}",
        kind=EntryKind.REVERSAL,
        effective_on=on,
        at=loans.noon(on),
        moves=[Move(borrower, clearing, cents), Move(clearing, account_id(Role.PROVIDER), cents)],
    )
    life.tell("The debit goes back to the bank", on, "The money leaves as it came.")


def _late(life: Life, loan: Loan) -> None:
    second = _next(loan)
    on = payable_on(second.due_on) + timedelta(days=20)
    owed = payable(loan, on)
    paid = loans.pay(loan, owed.total_cents, on=on)
    lenders = [person.pk for name, person in life.people.items() if name in SHARES]
    settle_receivables(person_ids=lenders, cause="life", on=on, at=loans.noon(on))
    life.tell(
        "Paid late, with default interest",
        on,
        f"Dora pays {amount(second.total_cents)} and default interest of "
        f"{amount(paid.default_interest_cents)}: base rate plus five points on the overdue amount, "
        "actual/365, on an account of its own. The first money that reaches Cem settles his debt.",
    )


def _in_parts(life: Life, loan: Loan) -> None:
    third = _next(loan)
    loans.pay(loan, 100_00, on=third.due_on)
    life.tell(
        "A part of the third instalment",
        third.due_on,
        f"Only 100.00 of {amount(third.total_cents)} arrive. Interest of the instalment is paid "
        "first, what is left goes to principal.",
    )
    rest = _next(loan)
    loans.pay(loan, rest.open_cents, on=third.due_on)
    life.tell("The rest of it on the same day", third.due_on, "The instalment is paid.")


def _part_early(life: Life, loan: Loan) -> None:
    loan.refresh_from_db()
    on = _next(loan).due_on - timedelta(days=10)
    loans.give_collected(loan.borrower, 2_000_00, on=on)
    paid = repay_early(
        borrower=loan.borrower,
        loan_id=loan.pk,
        amount_cents=2_000_00,
        keep="instalment",
        on=on,
        at=loans.noon(on),
        request_key=uuid4(),
    )
    loan.refresh_from_db()
    last = loan.instalments.current().order_by("number").last()
    assert last is not None
    life.tell(
        "2,000.00 repaid early",
        on,
        f"Interest to the day ({amount(paid.interest_cents)}), then principal "
        f"({amount(paid.principal_cents)}); no compensation, and of the borrower's fee "
        f"{amount(paid.fee_refund_cents)} go back for the time that is no longer used. A second "
        f"version of the plan keeps the instalment and ends on {last.due_on.isoformat()}.",
    )


def _ends(life: Life, loan: Loan) -> None:
    on = _next(loan).due_on + timedelta(days=95)
    for row in list(loan.instalments.unpaid().filter(due_on__lte=on).order_by("number")):
        loans.pay(loan, row.open_cents, on=row.due_on)
    life.tell("The next instalments", on, "All paid on their days, by the new plan.")
    loan.refresh_from_db()
    quote = payoff_quote(borrower=loan.borrower, loan_id=loan.pk, on=on)
    loans.give_collected(loan.borrower, quote.total_cents, on=on)
    repay_early(
        borrower=loan.borrower,
        loan_id=loan.pk,
        amount_cents=quote.total_cents,
        keep="instalment",
        on=on,
        at=loans.noon(on),
        request_key=uuid4(),
    )
    life.tell(
        "The rest repaid early",
        on,
        f"The quote of the day is {amount(quote.total_cents)}: principal of "
        f"{amount(quote.principal_cents)} and interest to the day, less "
        f"{amount(quote.fee_refund_cents)} of the borrower's fee for the time left. Every holding "
        "closes at exactly zero.",
    )
