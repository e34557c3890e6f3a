"""The tables of test numbers in docs/payments.md say what the sandbox does."""

from __future__ import annotations

from config.embedded.places import CODE
from payments.limits import RETRY_WAITS_DAYS
from payments.sandbox import control, outcomes

PAGE = (CODE / "docs" / "payments.md").read_text(encoding="utf-8")


def table(title: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    rows = PAGE.partition(f"### {title}\n")[2].partition("\n#")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row[:1] == "|"]
    return cells[2:]


def told(title: str) -> dict[str, str]:
    return {row[0].replace(" ", ""): row[-1] for row in table(title)}


def test_the_ibans_of_debits_are_those_of_the_sandbox() -> None:
    back = "succeeds, taken back later: "
    late = {iban: back + reason for iban, reason in outcomes.LATE_RETURNS.items()}
    good = {control.GOOD_IBAN: "succeeds"}
    assert told("IBANs for debits") == good | outcomes.DEBIT_FAILURES | late


def test_the_ibans_of_payouts_are_those_of_the_sandbox() -> None:
    assert told("IBANs for payouts") == {control.GOOD_IBAN: "succeeds"} | outcomes.PAYOUT_FAILURES


def test_the_cards_are_those_of_the_sandbox() -> None:
    for number, kind, outcome in table("Cards"):
        card = outcomes.CARDS[number.replace(" ", "")]
        assert kind == f"{card.brand} {card.funding}", number
        if fate := outcomes.DISPUTED_CARDS.get(number.replace(" ", "")):
            assert outcome == f"succeeds, contested later: {fate}", number
        elif card.decline_code:
            assert outcome == card.decline_code, number
        elif card.funding == "credit":
            assert outcome.startswith("refused"), number
        else:
            assert outcome.startswith("succeeds"), number
    assert told("Cards").keys() == outcomes.CARDS.keys()


def test_the_plan_of_retries_is_ours() -> None:
    told_waits = [int(row[1].split()[0]) for row in table("When a debit fails")[2:]]
    assert told_waits == list(RETRY_WAITS_DAYS[1:])
