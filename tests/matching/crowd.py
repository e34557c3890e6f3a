"""A small crowd that bids, withdraws, revokes and pauses at random, the same for the same seed."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import uuid4

from accounts.models import User
from core.errors import DomainError
from ledger.chart import Role
from ledger.models import Account
from lending.choices import LEAST_PART_PERCENT, PriceRule
from lending.models import LoanRequest, Mandate, Offer
from lending.services.mandates import pause_mandate
from lending.services.offers import revoke_offer
from lending.states import MandateStatus, OfferSource, OfferStatus, RequestStatus
from matching.models import MatchRound
from matching.services.rounds import run_round
from payments.services.withdrawals import request_withdrawal
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid
from tests.matching.world import OLD, on_market

U = 25_00
GRADES = "ABC"
FLOOR = Decimal("0.06")
"""The lowest price of an auction, whose highest is the rate of the others."""


@dataclass
class Touched:
    """Whose money, which requests and which mandates an act has changed."""

    lenders: set[int] = field(default_factory=set)
    requests: set[int] = field(default_factory=set)
    mandates: set[int] = field(default_factory=set)


class Crowd:
    """Lenders with mandates, requests on the market, and acts by hand."""

    def __init__(self, seed: int, *, lenders: int = 6) -> None:
        self.rng = Random(seed)
        self.lenders = [self._lender() for _ in range(lenders)]
        self.touched = Touched()

    def at_random(self, seed: int) -> Crowd:
        """The same people, who will do other things; for a thread of their own."""
        twin = copy(self)
        twin.rng, twin.touched = Random(seed), Touched()
        return twin

    def _lender(self) -> User:
        lender = people.lender(cash_cents=self.rng.randint(10, 90) * U + self.rng.randint(0, 99))
        for _ in range(self.rng.choice((0, 1, 1, 1, 2))):
            mandate(
                lender=lender,
                grades=self.rng.sample(GRADES, self.rng.randint(1, 3)),
                max_per_loan_cents=self.rng.randint(4, 40) * U,
                max_per_borrower_cents=40 * U,
                reserve_cents=self.rng.choice((0, 0, U)),
                priority=self.rng.randint(1, 3),
                min_rate=self.rng.choice((None, Decimal("0.062"), Decimal("0.071"))),
            )
        return lender

    def list_requests(self, *, most: int = 4) -> None:
        """Bring new requests to the market: some content with a part, some auctions."""
        for _ in range(self.rng.randint(1, most)):
            made = on_market(self.rng.randint(40, 70) * U, grade=self.rng.choice(GRADES))
            if self.rng.random() < 0.3:
                least = self.rng.randint(LEAST_PART_PERCENT, 100)
                LoanRequest.objects.filter(pk=made.pk).update(least_percent=least)
            elif self.rng.random() < 0.3:
                rule = self.rng.choice((PriceRule.AUCTION, PriceRule.AUCTION_SPREAD))
                LoanRequest.objects.filter(pk=made.pk).update(price_rule=rule, floor_rate=FLOOR)

    def pay_in(self) -> None:
        """Give some of them more to lend."""
        for lender in self.rng.sample(self.lenders, 3):
            people.give_cash(lender, self.rng.randint(4, 60) * U, at=AT)

    def acts(self, count: int, *, at: datetime) -> None:
        """Do some things by hand; what is refused changes nothing."""
        for _ in range(count):
            self.act(at=at)

    def act(self, *, at: datetime) -> str:
        """Do one thing; its name, or the code of the refusal."""
        name = self.rng.choice(("bid", "bid", "withdraw", "withdraw", "revoke", "pause"))
        try:
            getattr(self, f"_{name}")(at)
        except DomainError as refusal:
            return refusal.code
        return name

    def _bid(self, at: datetime) -> None:
        lender = self.rng.choice(self.lenders)
        open_ = LoanRequest.objects.filter(status=RequestStatus.LISTED).order_by("pk")
        if not open_:
            return
        request = self.rng.choice(open_)
        bid(lender, request, self.rng.randint(1, 6) * U, at=at)
        self.touched.lenders.add(lender.pk)
        self.touched.requests.add(request.pk)

    def _withdraw(self, at: datetime) -> None:
        lender = self.rng.choice(self.lenders)
        cash = Account.objects.get(role=Role.CASH, holder_id=lender.pk).balance_cents
        request_withdrawal(
            lender=lender,
            amount_cents=self.rng.choice((cash, self.rng.randint(1, max(cash, 1)))),
            request_key=uuid4(),
            at=at,
        )
        self.touched.lenders.add(lender.pk)

    def _revoke(self, at: datetime) -> None:
        by_hand = Offer.objects.filter(source=OfferSource.HAND, status=OfferStatus.OPEN)
        if not by_hand:
            return
        offer = self.rng.choice(by_hand.order_by("pk"))
        revoke_offer(lender=offer.lender, offer_id=offer.pk, at=at)
        self.touched.lenders.add(offer.lender_id)
        self.touched.requests.add(offer.request_id)

    def _pause(self, at: datetime) -> None:
        active = Mandate.objects.filter(status=MandateStatus.ACTIVE)
        if not active:
            return
        chosen = self.rng.choice(active.order_by("pk"))
        pause_mandate(lender=chosen.lender, mandate_id=chosen.pk, at=at)
        self.touched.mandates.add(chosen.pk)


def several_rounds(seed: int = 0) -> list[MatchRound]:
    """Rounds of a crowd, one after another, each with some stakes."""
    crowd, made = Crowd(seed), []
    for hour in range(8):
        crowd.list_requests()
        crowd.pay_in()
        crowd.acts(2, at=OLD)
        match = run_round(at=OLD + timedelta(hours=hour))
        if match is not None and match.figures["stakes"]:
            made.append(match)
    assert len(made) > 3
    return made
