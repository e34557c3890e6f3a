"""Every kind of message has words, and every fact that the words name is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.template import engines

from notifications.models import Message
from notifications.words import letter, words

FLOORS: Final = ("accounts", "lending", "matching", "payments")
FOLDER: Final = settings.BASE_DIR / "templates" / "email"
MISSING: Final = "<missing>"

_TITLE: Final = {"title": "A used estate car", "request_id": 7}
_LOAN: Final = {"loan_id": 3, "number": "L-3"}
_CHANGE: Final = _LOAN | {
    "change_id": 5,
    "change_kind": "payment_break",
    "starts_on": "2026-05-01",
    "ends_on": "2026-07-01",
    "extra_cents": 123_45,
    "is_dearer": True,
    "instalment_cents": 313_37,
    "last_before_on": "2029-01-01",
    "last_after_on": "2029-03-01",
}
_DEBT: Final = _LOAN | {
    "until_on": "2026-02-11",
    "costs_cents": 25_00,
    "overdue_cents": 123_45,
    "default_interest_cents": 1_23,
    "total_cents": 149_68,
}
SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "loan_settled": _LOAN | {"paid_cents": 123_45},
    "loan_in_collection": _LOAN | {"owed_cents": 123_45},
    "holding_written_off": _LOAN | {"lost_cents": 12_00},
    "holding_terminated": _LOAN | {"outstanding_cents": 12_00},
    "holding_sold": _LOAN | {"lost_cents": 12_00, "gets_cents": 4_00, "quota_rate": "0.25"},
    "holding_settled": _LOAN | {"lost_cents": 12_00},
    "holding_recovered": _LOAN | {"gets_cents": 12_00},
    "claim_sold": _LOAN | {"buyer": "Muster Forderungen GmbH"},
    "appeal_answered": _TITLE | {"answer": "We counted your rent twice.", "is_reopened": True},
    "appeal_received": _TITLE | {"answer_on": "2026-02-01"},
    "change_asked": _CHANGE,
    "change_offered": _CHANGE
    | {"offer_until_on": "2026-04-20", "answer": "We can stretch your loan to 48 months."},
    "change_refused": _CHANGE | {"answer": "Three months are more than we can agree to."},
    "collection_returned": _LOAN | {"amount_cents": 123_45, "due_on": "2026-02-01"},
    "contract_signed": _TITLE | {"number": "V-7", "withdraw_until_on": "2026-02-01"},
    "early_contact": _LOAN | {"overdue_cents": 123_45},
    "final_notice": _DEBT,
    "holding_changed": _CHANGE
    | {
        "holding_id": 9,
        "own_before_cents": 1_128_13,
        "own_after_cents": 1_137_00,
        "before_rate": "0.07120",
        "after_rate": "0.07110",
    },
    "holding_defaulted": _LOAN | {"overdue_cents": 123_45},
    "holding_started": _LOAN | _TITLE,
    "identity_failed": {},
    "identity_verified": {},
    "instalment_due": _LOAN | {"due_on": "2026-02-01", "amount_cents": 123_45},
    "instalment_late": _LOAN | {"due_on": "2026-02-01", "open_cents": 123_45},
    "loan_defaulted": _LOAN | {"overdue_cents": 123_45},
    "loan_disbursed": _LOAN | _TITLE | {"payout_cents": 4_875_00, "first_due_on": "2026-03-01"},
    "loan_repaid": _LOAN,
    "loan_terminated": _DEBT,
    "loan_given_back": _LOAN | {"fee_cents": 25_00},
    "contract_withdrawn": _LOAN
    | {"total_cents": 5_000_00, "per_day_cents": 97, "pay_by_on": "2026-02-01"},
    "holding_withdrawn": _LOAN | {"pay_by_on": "2026-02-01"},
    "part_repaid": _LOAN
    | {"principal_cents": 500_00, "instalment_cents": 123_45, "ends_on": "2028-02-01"},
    "repayment_reversed": _LOAN | {"amount_cents": 123_45},
    "share_reversed": _LOAN | {"amount_cents": 12_34, "missing_cents": 5_00, "is_missing": True},
    "mandate_ended": {"name": "Careful grades"},
    "offer_released": _TITLE | {"amount_cents": 250_00},
    "books_differ": {"count": 2, "open": 3, "day_on": "2026-02-01", "first": "pay-in:7"},
    "bank_account_changed": {
        "iban": "DE89 **** **** **** **30 00",
        "payouts_from_at": "2026-02-01T10:00:00+00:00",
    },
    "card_is_over": {"card": "Visa **** 4242", "is_expired": True},
    "card_needs_you": _LOAN | {"amount_cents": 123_45, "due_on": "2026-02-01"},
    "mandate_revoked": {"iban": "DE89 **** **** **** **30 00", "is_borrower": True},
    "money_given_again": {"amount_cents": 123_45},
    "refund_failed": {"amount_cents": 123_45},
    "refund_sent": {"amount_cents": 123_45},
    "pay_in_credited": {"amount_cents": 500_00},
    "pay_in_taken_back": {"amount_cents": 500_00, "missing_cents": 5_00, "is_missing": True},
    "question_back": _TITLE | {"question": "Is the rent with or without heating?"},
    "reminder_1": _DEBT,
    "reminder_2": _DEBT,
    "request_cancelled": _TITLE | {"why": "The story is copied from another one."},
    "request_declined": _TITLE
    | {"reasons": ["score", "affordability"], "note": "Try less.", "is_automatic": False},
    "request_expired": _TITLE | {"was_filled": False},
    "request_filled": _TITLE,
    "request_listed": _TITLE
    | {"amount_cents": 5_000_00, "annual_rate": "0.07", "deadline_on": "2026-02-01"},
    "request_submitted": _TITLE,
    "spare_moved_up": _TITLE
    | {"amount_cents": 200_00, "wanted_cents": 250_00, "firm_on": "2026-02-01"},
    "spare_released": _TITLE | {"amount_cents": 250_00, "wanted_cents": 250_00},
    "terms_changed": _CHANGE,
    "surplus_held": _LOAN | {"surplus_cents": 12_34},
    "statement_ready": {
        "from_on": "2026-01-01",
        "to_on": "2026-01-31",
        "closing_cents": 123_45,
        "invested_cents": 1_000_00,
    },
    "tax_year_ready": {"from_on": "2026-01-01", "to_on": "2026-12-31", "year": "2026"},
    "withdrawal_paid": {"amount_cents": 500_00},
    "withdrawal_returned": {"amount_cents": 500_00},
    "withdrawal_reminder": _TITLE | {"number": "V-7", "withdraw_until_on": "2026-02-01"},
}


SAID_BY_NAME: Final = {
    "loan_given_back",
    "loan_repaid",
    "loan_defaulted",
    "holding_defaulted",
    "spare_moved_up",
    "spare_released",
    "reminder_1",
    "reminder_2",
    "final_notice",
    "loan_terminated",
    "statement_ready",
    "tax_year_ready",
}
"""Kinds that a service hands on and that reading the code for calls does not find."""


def _strings(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)


def _kinds_in(file: Path) -> Iterator[str]:
    """Kinds that a module writes: of `notify` itself, and of helpers that hand a kind on."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("notify", "notify_all"):
            kinds = [word.value for word in node.keywords if word.arg == "kind"]
            yield from (kind for value in kinds for kind in _strings(value))
        elif name in ("_tell", "_about"):
            yield from (kind for value in node.args for kind in _strings(value))


def _kinds_in_use() -> set[str]:
    files = (file for floor in FLOORS for file in (settings.BASE_DIR / floor).rglob("*.py"))
    return {kind for file in files for kind in _kinds_in(file)}


def test_each_kind_in_use_has_a_template_and_a_sample() -> None:
    templates = {file.stem for file in FOLDER.glob("[!_]*.txt")}
    assert _kinds_in_use() | SAID_BY_NAME == templates
    assert templates == set(SAMPLES)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_the_words_name_only_facts_that_are_given(
    kind: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", MISSING)
    said = letter(Message(kind=kind, facts=SAMPLES[kind]), language)
    assert said.subject and "\n" not in said.subject
    assert MISSING not in said.subject + said.body
    assert len(said.body) > 100


def test_figures_are_written_as_the_reader_writes_them() -> None:
    message = Message(kind="request_listed", facts=SAMPLES["request_listed"])
    german, english = words(message, "de").body, words(message, "en").body
    assert "5.000,00\N{NO-BREAK SPACE}€" in german and "7,00\N{NO-BREAK SPACE}%" in german
    assert "01.02.2026" in german
    assert "€5,000.00" in english and "7.00%" in english and "1 Feb 2026" in english


def test_a_refusal_names_reasons_source_review_and_advice() -> None:
    body = words(Message(kind="request_declined", facts=SAMPLES["request_declined"]), "en").body
    assert "- The expected risk of default is too high." in body
    assert "A member of our staff decided this" in body
    assert "No credit bureau was asked." in body
    assert "look at the decision again" in body
    assert "www.meine-schulden.de" in body
    automatic = SAMPLES["request_declined"] | {"is_automatic": True}
    told = words(Message(kind="request_declined", facts=automatic), "en").body
    assert "This was decided automatically" in told


def test_a_title_never_breaks_the_subject() -> None:
    message = Message(kind="request_submitted", facts={"title": "One\r\nBcc: x@example.org"})
    subject = words(message, "en").subject
    assert "\n" not in subject and "\r" not in subject
