"""The engine's stakes walked through again in plain loops, request by request."""

from __future__ import annotations

from dataclasses import dataclass

from matching.engine.pour import Outcome
from matching.engine.result import Result
from tests.matching.oracle import Bucket, Mandate, Oracle, U, engine_stakes


@dataclass
class Moment:
    """One funded request just before it was booked."""

    request: int
    target: int
    able: list[Mandate]
    caps: dict[int, int]
    first: dict[int, int]
    taken: dict[int, int]
    is_fitted: bool
    """Whether the queue was set aside: by the rescue, for a part, or at the price of an auction."""


class Replay(Oracle):
    """Books what the engine decided and hands every moment to `look`."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.market, result.seed)
        self.result = result
        self.decided = engine_stakes(result.market, result.stakes)

    def look(self, moment: Moment) -> None:
        """Say what must hold here."""

    def _pour(self, bucket: Bucket, request: int, target: int) -> None:
        if not self.result.is_funded[request]:
            return
        request_id = int(self.market.requests.ids[request])
        taken = {m.id: self.decided.get((m.id, request_id), 0) for m in bucket.mandates}
        caps = {m.id: self._cap(m, request, target) for m in bucket.mandates}
        able = [m for m in bucket.mandates if caps[m.id] >= m.minimum]
        asked = self.market.requests
        fitted = self.result.outcome[request] in (Outcome.FITTED, Outcome.PART)
        auctioned = asked.floor_rate[request] < asked.rate[request]
        first = {m.id: m.preferred if m.preferred <= caps[m.id] else m.minimum for m in able}
        if auctioned:
            able = self.bidders(able, request, int(self.result.rate[request]))
        if fitted:
            first = {m.id: m.minimum for m in able}
        self.look(Moment(request, target, able, caps, first, taken, bool(fitted or auctioned)))
        for mandate in bucket.mandates:
            if taken[mandate.id]:
                self._book(mandate, request, taken[mandate.id])

    def limits(self, mandate: Mandate, request: int, target: int) -> dict[str, int]:
        """Every limit of a stake by the name of its reason, in units."""
        asked, lender = self.market.requests, mandate.lender
        lent = self.exposure.get((lender.id, int(asked.borrower_ids[request])), 0)
        offered = self.offered.get((lender.id, int(asked.ids[request])), 0)
        return {
            "amount": target,
            "loan_cap": (mandate.per_loan - offered) // U,
            "borrower_cap": (mandate.per_borrower - lent) // U,
            "room": mandate.room[int(asked.grade[request])] // U,
            "budget": mandate.budget // U,
            "cash": lender.cash // U,
        }
