"""Who takes part in the oracle's round, as plain objects with what is left of each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Lender:
    """A lender with what is left and where it stands."""

    id: int
    idle: int
    lot: int
    cash: int
    owed: int
    mandates: list[Mandate] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)
    attainable: int = 0
    reach: int = 0
    seen: int = 0
    placed: int = 0


@dataclass(eq=False)
class Mandate:
    """A mandate with what it may still place."""

    id: int
    at: int
    lender: Lender
    room: list[int]
    budget: int
    minimum: int
    preferred: int
    per_loan: int
    per_borrower: int


@dataclass(eq=False)
class Bucket:
    """Requests that look alike, with the mandates that take part."""

    requests: list[int]
    targets: list[int]
    mandates: list[Mandate]
    urgent: int
    price: int = 1_000
    cover: int = 0
    weight: int = 0
