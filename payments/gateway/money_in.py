"""Payments on a hosted page, debits under a mandate, refunds, the operator's own money."""

from __future__ import annotations

from datetime import date, datetime

from payments import facts
from payments.gateway.sdk import CURRENCY, PAGE, Caller, keyed, read, read_all, reading, writing


class MoneyIn(Caller):
    """Money that comes in, and goes back where it came from."""

    def create_checkout(
        self,
        *,
        key: str,
        customer_id: str,
        amount_cents: int,
        label: str,
        reference: str,
        success_url: str,
        cancel_url: str,
        expires_at: datetime,
        metadata: dict[str, str],
    ) -> facts.CheckoutSession:
        """A hosted page for one payment, by debit of a bank account or by debit card."""
        with writing():
            found = self._v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "customer": customer_id,
                    "client_reference_id": reference,
                    "line_items": [
                        {
                            "price_data": {
                                "currency": CURRENCY,
                                "unit_amount": amount_cents,
                                "product_data": {"name": label},
                            },
                            "quantity": 1,
                        }
                    ],
                    "payment_intent_data": {"metadata": metadata},
                    "allowed_payment_method_types": ["sepa_debit", "card"],
                    "payment_method_options": {
                        "card": {"restrictions": {"funding_types_blocked": ["credit"]}}
                    },
                    "success_url": success_url,
                    "cancel_url": cancel_url,
                    "expires_at": int(expires_at.timestamp()),
                },
                keyed(key),
            )
            return read(facts.CheckoutSession, found)

    def checkout(self, session_id: str) -> facts.CheckoutSession:
        """A checkout session with its payment, charge and balance transaction."""
        expand = ["payment_intent.latest_charge.balance_transaction"]
        with reading():
            found = self._v1.checkout.sessions.retrieve(session_id, {"expand": expand})
            return read(facts.CheckoutSession, found)

    def expire_checkout(self, session_id: str, *, key: str) -> facts.CheckoutSession:
        """Close a page on which nobody paid."""
        with writing():
            found = self._v1.checkout.sessions.expire(session_id, {}, keyed(key))
            return read(facts.CheckoutSession, found)

    def collect(
        self,
        *,
        key: str,
        customer_id: str,
        method_id: str,
        mandate_id: str,
        amount_cents: int,
        target_on: date,
        description: str,
        metadata: dict[str, str],
    ) -> facts.Payment:
        """Debit a bank account under its mandate, on a day 3 to 15 days ahead."""
        with writing():
            found = self._v1.payment_intents.create(
                {
                    "amount": amount_cents,
                    "currency": CURRENCY,
                    "customer": customer_id,
                    "payment_method": method_id,
                    "mandate": mandate_id,
                    "allowed_payment_method_types": ["sepa_debit"],
                    "payment_method_options": {
                        "sepa_debit": {"target_date": target_on.isoformat()}
                    },
                    "off_session": True,
                    "confirm": True,
                    "description": description,
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.Payment, found)

    def charge_card(
        self,
        *,
        key: str,
        customer_id: str,
        method_id: str,
        amount_cents: int,
        description: str,
        metadata: dict[str, str],
    ) -> facts.Payment:
        """Charge a saved card while its holder is away; refused where the bank asks for them."""
        with writing():
            found = self._v1.payment_intents.create(
                {
                    "amount": amount_cents,
                    "currency": CURRENCY,
                    "customer": customer_id,
                    "payment_method": method_id,
                    "allowed_payment_method_types": ["card"],
                    "off_session": True,
                    "confirm": True,
                    "error_on_requires_action": True,
                    "description": description,
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.Payment, found)

    def payment(self, payment_id: str) -> facts.Payment:
        """A payment with its charge and balance transaction."""
        expand = ["latest_charge.balance_transaction"]
        with reading():
            found = self._v1.payment_intents.retrieve(payment_id, {"expand": expand})
            return read(facts.Payment, found)

    def cancel_payment(self, payment_id: str, *, key: str) -> facts.Payment:
        """Give up a payment that was not made."""
        with writing():
            found = self._v1.payment_intents.cancel(payment_id, {}, keyed(key))
            return read(facts.Payment, found)

    def payments_since(self, created_from: datetime) -> list[facts.Payment]:
        """Payments made since an instant, newest first; to look for one whose answer was lost."""
        since = int(created_from.timestamp())
        with reading():
            page = self._v1.payment_intents.list({"created": {"gte": since}, "limit": PAGE})
            return read_all(facts.Payment, page)

    def refund(
        self, *, key: str, payment_id: str, amount_cents: int, metadata: dict[str, str]
    ) -> facts.Refund:
        """Give money back to whoever paid it."""
        with writing():
            found = self._v1.refunds.create(
                {
                    "payment_intent": payment_id,
                    "amount": amount_cents,
                    "reason": "requested_by_customer",
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.Refund, found)

    def dispute(self, dispute_id: str) -> facts.Dispute:
        """A payment that the payer's bank contests or took back."""
        with reading():
            return read(facts.Dispute, self._v1.disputes.retrieve(dispute_id))

    def answer_dispute(self, dispute_id: str, *, key: str, evidence: str) -> facts.Dispute:
        """Hand our side of the story to the payer's bank; it is taken once."""
        with writing():
            found = self._v1.disputes.update(
                dispute_id,
                {"evidence": {"uncategorized_text": evidence}, "submit": True},
                keyed(key),
            )
            return read(facts.Dispute, found)

    def accept_dispute(self, dispute_id: str, *, key: str) -> facts.Dispute:
        """Leave the money to the payer; the dispute is then lost."""
        with writing():
            return read(facts.Dispute, self._v1.disputes.close(dispute_id, {}, keyed(key)))

    def refunds_of(self, payment_id: str) -> list[facts.Refund]:
        """What was given back of a payment; to look for a refund whose answer was lost."""
        with reading():
            page = self._v1.refunds.list({"payment_intent": payment_id, "limit": PAGE})
            return read_all(facts.Refund, page)

    def refund_state(self, refund_id: str) -> facts.Refund:
        """How far a refund has come."""
        with reading():
            return read(facts.Refund, self._v1.refunds.retrieve(refund_id))

    def top_up(self, *, key: str, amount_cents: int, metadata: dict[str, str]) -> facts.TopUp:
        """Put the operator's own money into the balance."""
        with writing():
            found = self._v1.topups.create(
                {"amount": amount_cents, "currency": CURRENCY, "metadata": metadata},
                keyed(key),
            )
            return read(facts.TopUp, found)

    def top_up_state(self, topup_id: str) -> facts.TopUp:
        """How far a top-up has come."""
        with reading():
            return read(facts.TopUp, self._v1.topups.retrieve(topup_id))

    def top_ups_since(self, created_from: datetime) -> list[facts.TopUp]:
        """Top-ups since an instant; to look for one whose answer was lost."""
        since = int(created_from.timestamp())
        with reading():
            page = self._v1.topups.list({"created": {"gte": since}, "limit": PAGE})
            return read_all(facts.TopUp, page)
