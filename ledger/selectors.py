"""Reads of the ledger. What belongs to a person is asked for by that person's id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import F, Q, QuerySet

from ledger.as_of import balances_as_of
from ledger.chain import Chain
from ledger.chart import PLATFORM_ID, RULES, Role
from ledger.models import Account, ChainCheck, Seal, Transfer


def balance_cents(role: Role, holder_id: int = PLATFORM_ID) -> int:
    """The present balance; an account that was never opened holds nothing."""
    row = Account.objects.filter(role=role, holder_id=holder_id).values_list("balance_cents")
    found = row.first()
    return found[0] if found else 0


def balances_cents(roles: Iterable[Role], holder_id: int) -> dict[Role, int]:
    """The present balances of one holder, zero where no account was opened."""
    wanted = list(roles)
    rows = Account.objects.filter(role__in=wanted, holder_id=holder_id)
    known = dict(rows.values_list("role", "balance_cents"))
    return {role: known.get(role, 0) for role in wanted}


def balance_cents_on(role: Role, holder_id: int, *, on: date) -> int:
    """The balance at the end of `on`; an account that was never opened held nothing."""
    account = Account.objects.filter(role=role, holder_id=holder_id).values_list("id").first()
    return balances_as_of(account, on=on)[account[0]] if account else 0


def moves_of_person(person_id: int, roles: Iterable[Role]) -> QuerySet[Transfer]:
    """Moves that touch a person's accounts of `roles`, newest first, with entry and accounts."""
    wanted = [role for role in roles if RULES[role].holder == "person"]
    ours = Account.objects.filter(role__in=wanted, holder_id=person_id).values("id")
    return (
        Transfer.objects.filter(Q(debit__in=ours) | Q(credit__in=ours))
        .select_related("entry", "debit", "credit")
        .annotate(reference=F("entry__reference"))
        .order_by("-entry__effective_on", "-id")
    )


def last_seal() -> Seal | None:
    """The newest seal of the ledger."""
    return Seal.objects.filter(chain=Chain.LEDGER).order_by("-number").first()


def last_chain_check() -> ChainCheck | None:
    """The newest recount of the seals."""
    return ChainCheck.objects.order_by("-id").first()
