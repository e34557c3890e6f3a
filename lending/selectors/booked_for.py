"""Which loan or request an entry of the ledger was booked for, read from its reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from ledger.models import Entry
from lending.models import Holding, Loan, LoanRequest, Offer, Repayment, WriteOff

_NO_LOAN: Final = {"offer", "release", "round", "release-request"}


@dataclass(frozen=True)
class Target:
    """What an entry was booked for, and where a link may lead.

    Attributes:
        title: of the request, as its borrower wrote it.
        loan_id, loan_number: set when it was for a loan.
        holding_id: the reader's own holding in that loan, for lenders.
    """

    title: str
    request_public_id: UUID
    loan_id: int | None = None
    loan_number: str = ""
    holding_id: int | None = None


def targets_of(user: User, entries: Iterable[Entry]) -> dict[int, Target]:
    """The target of each entry, by its id; entries for neither loan nor request are left out.

    For entries that the reader may see; the number of queries does not depend on how many.
    """
    named: dict[str, dict[str, int]] = defaultdict(dict)
    for entry in entries:
        kind, _, name = entry.reference.partition(":")
        named[kind][name] = entry.pk
    loans = _loans(named)
    requests = _requests(named)
    rows = {row.pk: row for row in Loan.objects.filter(pk__in=loans.values())}
    wanted = {*requests.values(), *(row.request_id for row in rows.values())}
    titles = LoanRequest.objects.only("title", "public_id").in_bulk(wanted)
    held = Holding.objects.filter(lender=user, loan__in=rows).values_list("loan_id", "pk")
    holdings = dict(held)
    of_loans = {
        entry_id: _loan_target(rows[loan_id], titles, holdings)
        for entry_id, loan_id in loans.items()
    }
    return of_loans | {
        entry_id: Target(titles[request_id].title, titles[request_id].public_id)
        for entry_id, request_id in requests.items()
    }


def _loan_target(
    loan: Loan, titles: Mapping[int, LoanRequest], holdings: Mapping[int, int]
) -> Target:
    request = titles[loan.request_id]
    return Target(request.title, request.public_id, loan.pk, loan.number, holdings.get(loan.pk))


def _loans(named: Mapping[str, Mapping[str, int]]) -> dict[int, int]:
    """Entry id -> loan id, for disbursements, payments, those taken back, and losses."""
    disbursed = named["disbursement"]
    numbers = Loan.objects.filter(number__in=disbursed).values_list("number", "pk")
    others = {pk for kind in named.keys() - _NO_LOAN for pk in named[kind].values()} - {
        *disbursed.values()
    }
    found = {disbursed[number]: loan_id for number, loan_id in numbers}
    if others:
        paid = Repayment.objects.filter(Q(entry__in=others) | Q(reversal_entry__in=others))
        for *entry_ids, loan_id in paid.values_list("entry_id", "reversal_entry_id", "loan_id"):
            found |= {entry_id: loan_id for entry_id in entry_ids if entry_id in others}
        lost = WriteOff.objects.filter(entry__in=others)
        found |= dict(lost.values_list("entry_id", "loan_id"))
    return found


def _requests(named: Mapping[str, Mapping[str, int]]) -> dict[int, int]:
    """Entry id -> request id, for reservations and releases."""
    bids, released = named["offer"], named["release"]
    by_key = Offer.objects.filter(request_key__in=bids).values_list("request_key", "request_id")
    by_id = Offer.objects.filter(pk__in=released).values_list("pk", "request_id")
    staked = {entry_id: int(name.rpartition(":")[2]) for name, entry_id in named["round"].items()}
    ended = {
        entry_id: int(name.partition(":")[0]) for name, entry_id in named["release-request"].items()
    }
    return (
        {bids[str(key)]: request_id for key, request_id in by_key}
        | {released[str(offer_id)]: request_id for offer_id, request_id in by_id}
        | staked
        | ended
    )
