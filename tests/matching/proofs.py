"""What must hold of money and stakes after anything, recounted without the house's proofs."""

from __future__ import annotations

from collections import Counter, defaultdict

from ledger.chart import EntryKind, Role
from ledger.models import Account, Entry, Transfer
from lending.models import Offer
from lending.states import OfferStatus
from matching.models import MatchRound
from matching.services.booking import decided_rows
from matching.services.replays import replayed


def assert_ledger() -> None:
    """Recount here, without the house's own proofs, what each account and wallet must hold."""
    moved: Counter[int] = Counter()
    for debit, credit, cents in Transfer.objects.values_list("debit_id", "credit_id", "cents"):
        moved[credit] += cents
        moved[debit] -= cents
    assert sum(moved.values()) == 0
    sign = {"credit": 1, "debit": -1}
    for account in Account.objects.all():
        assert account.balance_cents == sign[account.side] * moved[account.pk]
        assert account.balance_cents >= 0 or account.may_overdraw
    staked: Counter[int] = Counter()
    for lender_id, cents in Offer.objects.filter(status=OfferStatus.OPEN).values_list(
        "lender_id", "amount_cents"
    ):
        staked[lender_id] += cents
    reserved = Account.objects.filter(role=Role.RESERVED, balance_cents__gt=0)
    assert dict(reserved.values_list("holder_id", "balance_cents")) == staked


def assert_entries(match: MatchRound) -> None:
    """Each request's stakes of a round are one entry, and that entry is nothing else."""
    offers: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for offer in Offer.objects.filter(round_id=match.pk):
        offers[f"round:{match.pk}:{offer.request_id}"][offer.lender_id] += offer.amount_cents
    entries = Entry.objects.filter(reference__startswith=f"round:{match.pk}:")
    assert set(entries.values_list("reference", flat=True)) == set(offers)
    for entry in entries:
        assert entry.kind == EntryKind.RESERVATION
        taken: Counter[int] = Counter()
        for move in entry.transfers.select_related("debit", "credit"):
            assert (move.debit.role, move.credit.role) == (Role.CASH, Role.RESERVED)
            assert move.debit.holder_id == move.credit.holder_id
            taken[move.debit.holder_id] += move.cents
        assert taken == offers[entry.reference]


def assert_gave_way_whole(match: MatchRound) -> None:
    """Each request of the round has all that was decided for it, or nothing and a reason."""
    decided = decided_rows(replayed(match), slice(None))
    columns = (decided.request_ids, decided.mandate_ids, decided.amount_cents)
    wanted: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for request, mandate, cents in zip(*(column.tolist() for column in columns), strict=True):
        wanted[request].add((mandate, cents))
    for request, stakes in wanted.items():
        offers = Offer.objects.filter(round_id=match.pk, request_id=request)
        fell = str(request) in match.fallen
        assert set(offers.values_list("mandate_id", "amount_cents")) == (set() if fell else stakes)
        assert offers.count() == (0 if fell else len(stakes))
    assert {int(request) for request in match.fallen} <= set(wanted)
