"""The demo's year: people act through services, a worker runs the rounds, the day ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from accounts.models import Role, User
from accounts.services import confirm_email, register
from core import clock
from core.day_end import close_day
from demo import provider
from demo.applicants import Applicant
from demo.arrears_desk import work_on_arrears
from demo.borrowers import PASSWORD, apply, sign_up
from demo.hand_bids import bid_by_hand, revoke_some, wait_in_lines
from demo.hard_times import helped, skip_instalments
from demo.lenders import LenderPlan, MandatePlan
from demo.names import MAIL_DOMAIN, person
from demo.story_line import ASKED_AGAIN, BREAKS, HELPED, TROUBLES, StoryLine
from demo.wishes import A_PART, HURRY, LOWEST_RATE, wish
from lending.models import Loan, LoanRequest
from lending.selectors.offers import firm_from
from lending.services.contracts import sign
from lending.services.mandate_data import MandateData
from lending.services.mandates import save_mandate
from lending.services.offers import suffices, take_part
from lending.services.reviews import approve, needs_two
from lending.states import LoanStatus, RequestStatus
from payments.services.capital import add_capital

MORNING: Final = time(8, 0, tzinfo=UTC)
EVENING: Final = time(20, 0, tzinfo=UTC)
BORROWER_EMAIL: Final = f"borrower@{MAIL_DOMAIN}"
LENDER_EMAIL: Final = f"lender@{MAIL_DOMAIN}"
SHOWN_LENDER: Final = 1
"""Whose address is easy to remember, by number."""
LAST_DAYS: Final = timedelta(days=7)
COMFORTABLE: Final = 0.4
SMALL_CENTS: Final = 3_000_00
STAFF_EMAIL: Final = f"staff@{MAIL_DOMAIN}"
SECOND_STAFF_EMAIL: Final = f"second.staff@{MAIL_DOMAIN}"


@dataclass
class World:
    """The people of the demo while their story is told."""

    plot: StoryLine
    rng: Random
    line_rng: Random
    run_rounds: Callable[[], None]
    lenders: dict[int, User] = field(default_factory=dict)
    staff: list[User] = field(default_factory=list)
    troubled: dict[int, int] = field(default_factory=dict)
    pausing: dict[int, int] = field(default_factory=dict)
    in_need: set[int] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    posted: int = 0
    shown: tuple[User, Applicant] | None = None

    def live(self, on: date) -> None:
        """One day, from the morning's deposits to the evening's day end."""
        at = datetime.combine(on, MORNING)
        self._pay_in(on, at)
        self._post(on, at)
        self._review(at)
        self._take_parts(at)
        hand = [self.lenders[n] for n in self._by_hand if n in self.lenders]
        self.told["bids by hand"] += bid_by_hand(hand, self.rng, at=at)
        self.run_rounds()
        self._sign(on, at)
        self._ease(on, at)
        self._wait_in_lines(hand, on, at)
        self.told["steps in arrears"] += work_on_arrears(self.staff, at=at)
        close_day(at=clock.now())
        self._let_some_fail()

    @property
    def _by_hand(self) -> list[int]:
        return [n for n, plan in enumerate(self.plot.lenders) if not plan.mandates]

    def hire_staff(self, at: datetime) -> None:
        """Two members of staff, since some decisions need two."""
        for email in (STAFF_EMAIL, SECOND_STAFF_EMAIL):
            self.staff.append(_staff(email, at))

    def bring_capital(self, cents: int, at: datetime) -> None:
        """The operator's own money, which bears the provider's charges."""
        add_capital(amount_cents=cents, at=at)

    def _pay_in(self, on: date, at: datetime) -> None:
        for number, plan in enumerate(self.plot.lenders):
            for day, cents in plan.deposits:
                if day == on:
                    lender = self._lender(number, plan, at)
                    provider.pay_in(lender, plan.person.full_name, cents, at=at)
                    self.told["pay-ins"] += 1

    def _lender(self, number: int, plan: LenderPlan, at: datetime) -> User:
        """The lender of a number, who joins with the first pay-in."""
        if number not in self.lenders:
            who = plan.person
            if number == SHOWN_LENDER:
                who = who._replace(email=LENDER_EMAIL)
            user = sign_up(who, Role.LENDER, at=at)
            for mandate in plan.mandates:
                save_mandate(lender=user, at=at, data=_mandate(mandate))
            self.lenders[number] = user
            self.told["lenders"] += 1
        return self.lenders[number]

    def _post(self, on: date, at: datetime) -> None:
        """Each arrival posts a request; who is declined at once makes room for another."""
        for number, day in enumerate(self.plot.arrivals):
            if day == on and not (number == ASKED_AGAIN and self._ask_again(at)):
                while not self._is_posted(number, next(self.plot.applicants), at):
                    self.told["declined"] += 1

    def _is_posted(self, number: int, given: Applicant, at: datetime) -> bool:
        self.posted += 1
        who, wished = person(self.rng, self.posted, on=self.plot.start), wish(number)
        is_shown = self._may_be_shown(number, given)
        if is_shown:
            who, wished = who._replace(email=BORROWER_EMAIL), LOWEST_RATE
        user = sign_up(who, Role.BORROWER, at=at)
        request = apply(user, given, wished, self.rng, at=at)
        self.told["requests"] += 1
        is_posted = request.status == RequestStatus.IN_REVIEW
        if is_shown and is_posted:
            self.shown = user, given
        if is_posted:
            self._plan_hard_times(number, request.pk, is_shown=is_shown)
        return is_posted

    def _plan_hard_times(self, number: int, request_id: int, *, is_shown: bool) -> None:
        """Keep in mind whose money will run short, and how."""
        if number in TROUBLES:
            self.troubled[request_id] = number
        if number in BREAKS or is_shown:
            self.pausing[request_id] = BREAKS.get(number, 1)
        if number == HELPED:
            self.in_need.add(request_id)

    def _ask_again(self, at: datetime) -> bool:
        """Let the borrower that is shown, once its first loan runs, ask for a little more."""
        if self.shown is None:
            return False
        user, before = self.shown
        loan = Loan.objects.filter(borrower=user).first()
        if loan is None:
            return False
        owed = before.instalments_cents + loan.instalments.get(number=2).total_cents
        given = replace(before, amount_cents=SMALL_CENTS, term_months=24, instalments_cents=owed)
        self.told["requests"] += 1
        return apply(user, given, A_PART, self.rng, at=at).status == RequestStatus.IN_REVIEW

    def _may_be_shown(self, number: int, given: Applicant) -> bool:
        """Whether this is the first borrower of whom all will go well, the one that is shown."""
        is_sound = given.burden < COMFORTABLE and not given.had_payment_trouble
        if not is_sound or number in TROUBLES or self.told["shown"]:
            return False
        self.told["shown"] += 1
        return True

    def _review(self, at: datetime) -> None:
        for request in LoanRequest.objects.filter(status=RequestStatus.IN_REVIEW).order_by("id"):
            for reviewer in self.staff[: 1 + needs_two(request)]:
                approve(reviewer=reviewer, request_id=request.pk, at=at)
            self.told["listed"] += 1

    def _take_parts(self, at: datetime) -> None:
        """Some of those who are content with a part wait no longer once it is there."""
        waiting = LoanRequest.objects.filter(
            status=RequestStatus.LISTED, least_percent__lt=100, listed_at__lte=at - HURRY
        )
        for request in waiting.order_by("id"):
            if request.pk % 2 and suffices(request):
                take_part(borrower=request.borrower, request_id=request.pk, at=at)

    def _wait_in_lines(self, lenders: list[User], on: date, at: datetime) -> None:
        """Bids are revoked while others wait; towards the end the shown lender waits as well."""
        is_late = on > self.plot.end - LAST_DAYS
        eager = self.lenders.get(SHOWN_LENDER) if is_late else None
        self.told["bids revoked"] += revoke_some(self.line_rng, at=at)
        self.told["spares"] += wait_in_lines(lenders, self.line_rng, eager=eager, at=at)

    def _sign(self, on: date, at: datetime) -> None:
        for request in LoanRequest.objects.filter(status=RequestStatus.FILLED).order_by("id"):
            firm_on = firm_from(request)
            if firm_on is not None and firm_on <= on:
                sign(borrower=request.borrower, request_id=request.pk, at=at, ip="127.0.0.1")
                self.told["signed"] += 1

    def _ease(self, on: date, at: datetime) -> None:
        """Breaks are thought of in the middle of the week, help is given when it is needed."""
        if on.weekday() == 2:
            for loan in _loans_of(self.pausing):
                if skip_instalments(loan, self.pausing[loan.request_id], on=on, at=at):
                    del self.pausing[loan.request_id]
                    self.told["payment breaks"] += 1
        for loan_id in helped(_loans_of(self.in_need), self.staff[0], on=on, at=at):
            self.in_need.discard(Loan.objects.get(pk=loan_id).request_id)
            self.told["loans stretched"] += 1

    def _let_some_fail(self) -> None:
        """As soon as a loan of trouble was paid out, the sandbox learns what will go wrong."""
        for loan in Loan.objects.filter(request__in=self.troubled).select_related("borrower"):
            provider.stop_paying(loan, TROUBLES[self.troubled.pop(loan.request_id)])


def _loans_of(requests: Collection[int]) -> list[Loan]:
    """The running loans of some requests, with their borrowers."""
    rows = Loan.objects.filter(request__in=requests, status=LoanStatus.ACTIVE)
    return list(rows.select_related("borrower").order_by("id")) if requests else []


def _staff(email: str, at: datetime) -> User:
    user = register(email=email, password=PASSWORD, role=Role.STAFF, language="en", at=at)
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    confirm_email(user=user, at=at)
    return user


def _mandate(plan: MandatePlan) -> MandateData:
    return MandateData(
        name=plan.name,
        priority=plan.priority,
        min_stake_cents=plan.min_stake_cents,
        max_per_loan_cents=plan.max_per_loan_cents,
        max_per_borrower_cents=plan.max_per_loan_cents,
        reserve_cents=plan.reserve_cents,
        **plan.filters,
    )
