"""A market half a year old, with something to see on every page."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.db.models import Count
from django.urls import reverse

from accounts.models import Role, User
from core import clock
from core.dates import target_day_on_or_after
from ledger.chain_check import check_chains
from ledger.models import Transfer
from ledger.sealing import seal_all
from lending.choices import Cover, Purpose
from lending.models import ArrearsCase, ChangeKind, Holding, Loan, LoanRequest, Offer, PoolRun
from lending.services import appeals, arrears, arrears_cases, breaks, hardship, mandates, reviews
from lending.services.easing import EasedTerms
from lending.services.pools import run_pools
from lending.states import LoanStatus, OfferSource
from matching.services.rounds import run_round
from notifications.models import Message
from payments.services import bank_accounts, identity, pay_ins
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.loans import noon
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.flows.market import FIRST_DAY
from tests.payments import world
from tests.web.world import offer_of_terms

TODAY: Final = date(2026, 6, 22)
NOW: Final = noon(TODAY)
_DAY: Final = timedelta(days=1)
LONG_TITLE: Final = (
    "Neue Fenster und eine Wärmepumpe für das Haus meiner Großeltern in Bad Salzuflen"
)
LONG_WORD: Final = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
STORY: Final = (
    "Unser altes Auto kommt nicht mehr durch die Hauptuntersuchung, und ich arbeite im "
    "Schichtdienst in einem Krankenhaus, zu dem nachts kein Bus fährt.\n\n"
    "Die Rate zahle ich aus meinem Gehalt; der letzte Kredit ist seit zwei Jahren abbezahlt."
)

Page = tuple[User | None, str]
"""Who looks, and at which address."""
GROUPS: Final = ("public", "hosted", "borrower", "lender", "staff")


def pages() -> dict[str, dict[str, Page]]:
    """Build the market and return its pages by group and name."""
    clock.set_business_date(FIRST_DAY, is_virtual=True)
    world.begin()
    hosted = _hosted_pages()
    clock.set_business_date(TODAY, is_virtual=True)
    lender = _lender_with_a_past()
    _requests_on_the_market(lender)
    _mandates_at_work(lender)
    return {
        "public": _public_pages(),
        "hosted": hosted,
        "borrower": _borrowers_pages(),
        "lender": _lenders_pages(lender),
        "staff": _staff_pages(),
    }


# --- What happened so far ------------------------------------------------------------------------


def _lender_with_a_past() -> User:
    """A lender with a loan in every grade, that in D a large one; some are not paid as planned."""
    lender = people.lender(cash_cents=18_432_17)
    rates = ("0.0325", "0.0455", "0.0595", "0.0745", "0.0915", "0.1095", "0.1295", "0.1495")
    for place, (grade, rate) in enumerate(zip("ABCDEFGH", rates, strict=True)):
        others = [people.lender(), people.lender()]
        loan = loans.loan(
            cover=Cover.POOL if grade == "D" else Cover.SOLO,
            due_day=15 if grade == "D" else 1,
            lenders=[lender, *others],
            shares_cents=[(place + 1) * 125_00, 48_975_00 if grade == "D" else 1_975_00, 250_00],
            grade=grade,
            annual_rate=Decimal(rate),
            term_months=24 + 6 * place,
            at=AT + place * _DAY,
        )
        _entitle(loan.request, Purpose.values[place])
        _live(loan, place)
    _share_in_the_pool(Loan.objects.filter(grade="D").earliest("pk"))
    arrears.note_dues(on=TODAY, at=NOW)
    arrears.age_loans(on=TODAY, at=NOW)
    assert Loan.objects.filter(status=LoanStatus.DEFAULTED).count() == 1
    return lender


def _live(loan: Loan, place: int) -> None:
    """The loan in D is late, the one in G is in default, the one in A was paid back early."""
    paid = {3: 2, 6: 0}.get(place, 4)
    loans.pay_instalments(loan, paid)
    if place == 0:
        loans.pay_off(loan, on=TODAY - 5 * _DAY)


def _share_in_the_pool(late: Loan) -> None:
    """A loan beside the late one is paid, and some of the late money comes before the last run."""
    beside = loans.loan(
        cover=Cover.POOL,
        shares_cents=[20_000_00],
        grade=late.grade,
        annual_rate=late.annual_rate,
        term_months=late.term_months,
        due_day=15,
    )
    loans.pay_instalments(beside, 4)
    for month in (3, 4, 5, 6):
        if month == 6:
            loans.pay(late, 400_00, on=date(2026, 5, 28))
        on = target_day_on_or_after(date(2026, month, 1))
        run_pools(on=on, at=noon(on))


def _entitle(request: LoanRequest, purpose: str, title: str = "") -> None:
    words = title or f"{Purpose(purpose).label} {request.pk}"
    LoanRequest.objects.filter(pk=request.pk).update(title=words, purpose=purpose, story=STORY)


def _requests_on_the_market(lender: User) -> None:
    """Ten requests of all ages, the first with a bid that can still be revoked."""
    for place in range(10):
        at = NOW - (place + 1) * _DAY
        request = make.listed_request(
            amount_cents=(50_000_00, 1_000_00, 7_525_00)[place % 3],
            grade="ABCDEFGH"[place % 8],
            affordability_mark=place % 5 + 1,
            at=at,
        )
        _entitle(request, Purpose.values[place], ("", LONG_TITLE, LONG_WORD)[place % 3])
        for cents in (25_00, 275_00)[: place % 3]:
            make.bid(people.lender(cash_cents=cents), request, cents, at=NOW)
    newest = LoanRequest.objects.filter(status="listed").latest("listed_at")
    make.bid(lender, newest, 1_250_00, at=NOW)


def _mandates_at_work(lender: User) -> None:
    """Mandates in force, paused and ended; a round that placed stakes and wrote receipts."""
    mandate(lender=lender, name="Alles bis 500 Euro", max_per_borrower_cents=2_000_00)
    mandate(
        lender=lender,
        name="Nur Autos, nur A bis C",
        grades=["A", "B", "C"],
        terms=[12, 24, 36],
        purposes=["car", "home_improvement"],
        min_rate=Decimal("0.035"),
        max_per_grade_cents={"C": 1_000_00},
        reserve_cents=500_00,
        budget_cents=5_000_00,
        end_on=TODAY + 90 * _DAY,
        priority=2,
    )
    paused = mandate(lender=lender, name=LONG_WORD[:60])
    mandates.pause_mandate(lender=lender, mandate_id=paused.pk, at=NOW)
    ended = mandate(lender=lender, name="Vom Frühjahr")
    mandates.end_mandate(lender=lender, mandate_id=ended.pk, at=NOW)
    for _ in range(12):
        mandate(cash_cents=2_000_00)
    run_round(at=NOW)
    assert Offer.objects.filter(lender=lender, source=OfferSource.MANDATE).exists()


# --- Who sees what -------------------------------------------------------------------------------


def _public_pages() -> dict[str, Page]:
    newest = LoanRequest.objects.filter(status="listed").latest("listed_at")
    plain = "landing how_it_works prices help credit_information lender_risks legal_notice market"
    return {
        **{name: (None, reverse(f"web:{name}")) for name in plain.split()},
        "statistics": (None, reverse("web:statistics")),
        "rounds": (None, reverse("web:rounds")),
        "request": (None, reverse("web:request", args=[newest.public_id])),
        "sign-up": (None, reverse("account_signup")),
        "login": (None, reverse("account_login")),
        "password-reset": (None, reverse("account_reset_password")),
        "staff-login": (None, reverse("admin:login")),
    }


def _hosted_pages() -> dict[str, Page]:
    """The provider's pages, as the sandbox has them."""
    newcomer = world.person(Role.BORROWER, FIRST_DAY)
    at = world.at(FIRST_DAY)
    opened = identity.start(user=newcomer, at=at)
    added = bank_accounts.add(
        user=newcomer,
        iban="DE89370400440532013000",
        holder_name="Jana Sommer",
        accepted=world.PROOF,
        at=at,
    )
    payer = world.ready(Role.LENDER, FIRST_DAY)
    started = pay_ins.start_pay_in(lender=payer, amount_cents=5_000_00, at=at)
    return {
        "hosted-identity": (None, _path(opened)),
        "hosted-onboarding": (None, _path(added.onboarding_url)),
        "hosted-checkout": (None, _path(started.url)),
        "profile-waiting": (newcomer, reverse("web:profile")),
    }


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _borrowers_pages() -> dict[str, Page]:
    late = Loan.objects.filter(grade="D").earliest("pk")
    fresh = people.person(Role.BORROWER)
    draft = make.complete_draft(story=make.story_data(title=LONG_TITLE, story=STORY), at=NOW)
    declined = make.submitted_request(work=make.work_data(income_cents=1_900_00), at=NOW - _DAY)
    filled = make.filled_request(at=NOW - 5 * _DAY)
    young = loans.loan(shares_cents=[2_000_00], grade="A", at=NOW - 4 * _DAY)
    steps = {
        f"step-{name}": (draft.borrower, reverse("web:application_step", args=[draft.pk, name]))
        for name in ("amount", "work", "budget", "story")
    }
    return {
        "borrower-home": (late.borrower, reverse("web:borrower_home")),
        "loan": (late.borrower, reverse("web:loan", args=[late.pk])),
        "wallet": (late.borrower, reverse("web:wallet")),
        "documents": (late.borrower, reverse("web:documents")),
        "early": (late.borrower, reverse("web:loan_early", args=[late.pk])),
        "withdraw-contract": (young.borrower, reverse("web:loan_withdraw", args=[young.pk])),
        **_eased_pages(),
        "messages": (late.borrower, reverse("web:messages")),
        "message": (late.borrower, _message_of(late.borrower)),
        "profile": (late.borrower, reverse("web:profile")),
        "borrower-new": (fresh, reverse("web:borrower_home")),
        "request-new": (fresh, reverse("web:my_request")),
        "profile-new": (fresh, reverse("web:profile")),
        **steps,
        "step-review": (draft.borrower, reverse("web:application_review", args=[draft.pk])),
        "request-declined": (declined.borrower, _own(declined)),
        "request-filled": (filled.borrower, _own(filled)),
        "sign": (filled.borrower, reverse("web:sign", args=[filled.pk])),
    }


def _eased_pages() -> dict[str, Page]:
    """A loan on a break, the studio with a choice made, one that is behind, and an offer."""
    paused = Loan.objects.get(grade="E")
    studio = reverse("web:loan_break", args=[paused.pk])
    third, fourth = paused.instalments.unpaid().order_by("number")[1:3]
    chosen = f"{studio}?numbers={third.number}&numbers={fourth.number}&collect=spread"
    behind = Loan.objects.filter(grade="D").earliest("pk")
    offered = offer_of_terms(Loan.objects.get(grade="H"), on=TODAY)
    return {
        "loan-on-break": (_on_break().borrower, reverse("web:loan", args=[_on_break().pk])),
        "break": (paused.borrower, studio),
        "break-chosen": (paused.borrower, chosen),
        "break-asked": (paused.borrower, f"{chosen}&numbers={fourth.number + 1}"),
        "break-behind": (behind.borrower, reverse("web:loan_break", args=[behind.pk])),
        "terms-offered": (offered.loan.borrower, reverse("web:loan_change", args=[offered.pk])),
    }


def _on_break() -> Loan:
    """The loan in F, whose borrower skips a payment."""
    loan = Loan.objects.get(grade="F")
    if not loan.changes.exists():
        second = loan.instalments.unpaid().order_by("number")[1]
        breaks.take_break(
            borrower=loan.borrower,
            loan_id=loan.pk,
            numbers=[second.number],
            collect="end",
            on=TODAY,
            at=NOW,
            request_key=uuid4(),
        )
    return loan


def _own(request: LoanRequest) -> str:
    return reverse("web:my_request_page", args=[request.pk])


def _message_of(user: User) -> str:
    return reverse("web:message", args=[Message.objects.filter(person=user).latest("pk").pk])


def _corrected_run(lender: User) -> int:
    """A run that was made again when late money had come."""
    return PoolRun.objects.filter(bookings__holding__lender=lender, version__gt=1).latest("pk").pk


def _lenders_pages(lender: User) -> dict[str, Page]:
    newest = LoanRequest.objects.filter(offers__lender=lender, status="listed").latest("listed_at")
    stake = Offer.objects.filter(lender=lender, source=OfferSource.MANDATE).earliest("pk")
    late = Holding.objects.get(lender=lender, loan__grade="D")
    paused = Holding.objects.get(lender=lender, loan=_on_break())
    new = people.person(Role.LENDER)
    plain = "lender_home market wallet pay_in withdraw holdings offers mandates mandate_new pools"
    plain += " documents statement"
    working = lender.mandates.earliest("pk").pk
    return {
        **{name: (lender, reverse(f"web:{name}")) for name in plain.split()},
        "statistics": (None, reverse("web:statistics")),
        "request": (lender, reverse("web:request", args=[newest.public_id])),
        "bid": (lender, reverse("web:bid", args=[newest.public_id])),
        "holding": (lender, reverse("web:holding", args=[late.pk])),
        "pool-run": (lender, reverse("web:pool_run", args=[_corrected_run(lender)])),
        "holding-on-break": (lender, reverse("web:holding", args=[paused.pk])),
        "mandate": (lender, reverse("web:mandate", args=[working])),
        "mandate-edit": (lender, reverse("web:mandate_edit", args=[working])),
        "receipt": (lender, reverse("web:receipt", args=[stake.pk])),
        "tax": (lender, reverse("web:tax", args=[TODAY.year])),
        "lender-new": (new, reverse("web:lender_home")),
    }


def _staff_pages() -> dict[str, Page]:
    desk, colleague = people.staff(), people.staff()
    overdue = make.submitted_request(
        story=make.story_data(title=LONG_TITLE, story=STORY), at=NOW - 9 * _DAY
    )
    large = make.large_request(at=NOW - _DAY)
    reviews.approve(reviewer=colleague, request_id=large.pk, at=NOW)
    refused = make.submitted_request(work=make.work_data(income_cents=1_900_00), at=NOW)
    appeal = appeals.ask_for_review(
        borrower=refused.borrower,
        request_id=refused.pk,
        statement="My income rises by 400 euros from the first of July on.",
        at=NOW,
    )
    return {
        "staff-home": (desk, reverse("admin:index")),
        "staff-queue": (desk, reverse("admin:lending_review_queue")),
        "staff-case": (desk, _case(overdue)),
        "staff-case-large": (desk, _case(large)),
        "staff-appeal": (desk, reverse("admin:lending_appeal_change", args=[appeal.pk])),
        "staff-fee": (desk, reverse("admin:lending_feerate_add")),
        "staff-loans": (desk, reverse("admin:lending_loan_changelist")),
        "staff-change": (desk, _change_of("B", desk)),
        "staff-propose": (desk, reverse("admin:lending_change_propose", args=[_graded("C").pk])),
        "staff-account": (desk, reverse("admin:ledger_account_change", args=[_busiest_account()])),
        "staff-arrears": (desk, reverse("admin:lending_arrears_desk")),
        "staff-arrears-case": (desk, _arrears_case()),
        "staff-base-rates": (desk, reverse("admin:lending_baserate_changelist")),
        "staff-set-aside": (desk, reverse("admin:lending_setaside_changelist")),
        "staff-seals": (desk, reverse("admin:ledger_seal_changelist")),
        "staff-recounts": (desk, reverse("admin:ledger_chaincheck_changelist")),
    }


def _busiest_account() -> int:
    """The account with the most moves; and the books are sealed and recounted."""
    seal_all(at=NOW)
    check_chains(at=NOW)
    most = Transfer.objects.values_list("debit_id").annotate(moves=Count("id"))
    busiest: int = most.order_by("-moves").values_list("debit_id", flat=True)[0]
    return busiest


def _arrears_case() -> str:
    """The case of the loan in D, which a day end opens."""
    arrears_cases.walk(on=TODAY, at=NOW)
    case = ArrearsCase.objects.get(loan=Loan.objects.filter(grade="D").earliest("pk"))
    return reverse("admin:lending_arrearscase_change", args=[case.pk])


def _graded(grade: str) -> Loan:
    return Loan.objects.get(grade=grade)


def _change_of(grade: str, desk: User) -> str:
    """A waiver that waits for a second person."""
    change = hardship.propose_change(
        staff=desk,
        loan_id=_graded(grade).pk,
        kind=ChangeKind.WAIVER,
        terms=EasedTerms(waived_cents=250_00),
        reason="Long illness; a part of the debt cannot be repaid any more.",
        answer="We waive a part of your loan, so that each month costs less.",
        on=TODAY,
        at=NOW,
        request_key=uuid4(),
    )
    return reverse("admin:lending_planchange_change", args=[change.pk])


def _case(request: LoanRequest) -> str:
    return reverse("admin:lending_loanrequest_change", args=[request.pk])
