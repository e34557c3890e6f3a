"""Customers, their bank accounts, their identity, and the accounts that receive money."""

from __future__ import annotations

from payments import facts
from payments.gateway.sdk import CURRENCY, Caller, keyed, read, reading, writing


class People(Caller):
    """People as the provider knows them."""

    def create_customer(
        self, *, key: str, email: str, name: str, metadata: dict[str, str]
    ) -> facts.Customer:
        """Someone who will pay."""
        with writing():
            found = self._v1.customers.create(
                {"email": email, "name": name, "metadata": metadata}, keyed(key)
            )
            return read(facts.Customer, found)

    def create_bank_setup(
        self, *, key: str, customer_id: str, metadata: dict[str, str]
    ) -> facts.BankSetup:
        """Begin to get leave to debit a bank account."""
        with writing():
            found = self._v1.setup_intents.create(
                {
                    "customer": customer_id,
                    "allowed_payment_method_types": ["sepa_debit"],
                    "usage": "off_session",
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.BankSetup, found)

    def confirm_bank_setup(
        self,
        setup_id: str,
        *,
        key: str,
        iban: str,
        holder_name: str,
        email: str,
        ip: str,
        user_agent: str,
    ) -> facts.BankSetup:
        """Name the account and prove that its holder agreed to the mandate."""
        with writing():
            found = self._v1.setup_intents.confirm(
                setup_id,
                {
                    "payment_method_data": {
                        "type": "sepa_debit",
                        "sepa_debit": {"iban": iban},
                        "billing_details": {"name": holder_name, "email": email},
                    },
                    "mandate_data": {
                        "customer_acceptance": {
                            "type": "online",
                            "online": {"ip_address": ip, "user_agent": user_agent},
                        }
                    },
                    "expand": ["payment_method"],
                },
                keyed(key),
            )
            return read(facts.BankSetup, found)

    def bank_setup(self, setup_id: str) -> facts.BankSetup:
        """How far a setup has come."""
        with reading():
            found = self._v1.setup_intents.retrieve(setup_id, {"expand": ["payment_method"]})
            return read(facts.BankSetup, found)

    def mandate(self, mandate_id: str) -> facts.Mandate:
        """Whether a bank account may still be debited."""
        with reading():
            return read(facts.Mandate, self._v1.mandates.retrieve(mandate_id))

    def detach_method(self, method_id: str, *, key: str) -> facts.Method:
        """Forget a bank account that is no longer in use."""
        with writing():
            found = self._v1.payment_methods.detach(method_id, {}, keyed(key))
            return read(facts.Method, found)

    def create_card_setup(
        self,
        *,
        key: str,
        customer_id: str,
        success_url: str,
        cancel_url: str,
        expires_at: int,
        metadata: dict[str, str],
    ) -> facts.CardSetup:
        """A hosted page on which someone saves a debit card for later."""
        with writing():
            found = self._v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "currency": CURRENCY,
                    "customer": customer_id,
                    "allowed_payment_method_types": ["card"],
                    "setup_intent_data": {"metadata": metadata},
                    "success_url": success_url,
                    "cancel_url": cancel_url,
                    "expires_at": expires_at,
                },
                keyed(key),
            )
            return read(facts.CardSetup, found)

    def card_setup(self, session_id: str) -> facts.CardSetup:
        """The card that was saved on a page, if one was."""
        with reading():
            found = self._v1.checkout.sessions.retrieve(
                session_id, {"expand": ["setup_intent.payment_method"]}
            )
            return read(facts.CardSetup, found)

    def create_verification(
        self, *, key: str, reference: str, return_url: str, metadata: dict[str, str]
    ) -> facts.Verification:
        """A hosted page on which someone shows a document and a face."""
        with writing():
            found = self._v1.identity.verification_sessions.create(
                {
                    "type": "document",
                    "client_reference_id": reference,
                    "metadata": metadata,
                    "options": {
                        "document": {
                            "require_live_capture": True,
                            "require_matching_selfie": True,
                        }
                    },
                    "return_url": return_url,
                },
                keyed(key),
            )
            return read(facts.Verification, found)

    def verification(self, session_id: str) -> facts.Verification:
        """How far a check has come, with the verified name and birth date."""
        expand = ["verified_outputs", "verified_outputs.dob"]
        with reading():
            found = self._v1.identity.verification_sessions.retrieve(session_id, {"expand": expand})
            return read(facts.Verification, found)

    def redact_verification(self, session_id: str, *, key: str) -> facts.Verification:
        """Delete the pictures and data of a check for good."""
        with writing():
            found = self._v1.identity.verification_sessions.redact(session_id, {}, keyed(key))
            return read(facts.Verification, found)

    def create_recipient(
        self,
        *,
        key: str,
        email: str,
        given_name: str,
        surname: str,
        country: str,
        metadata: dict[str, str],
    ) -> facts.Recipient:
        """A connected account that may receive transfers once its holder has agreed."""
        with writing():
            found = self._v2.core.accounts.create(
                {
                    "contact_email": email,
                    "display_name": f"{given_name} {surname}",
                    "dashboard": "none",
                    "configuration": {
                        "recipient": {
                            "capabilities": {
                                "stripe_balance": {"stripe_transfers": {"requested": True}}
                            }
                        }
                    },
                    "defaults": {
                        "currency": CURRENCY,
                        "responsibilities": {
                            "fees_collector": "application",
                            "losses_collector": "application",
                        },
                    },
                    "identity": {
                        "country": country,
                        "entity_type": "individual",
                        "individual": {"given_name": given_name, "surname": surname},
                    },
                    "include": ["configuration.recipient", "requirements"],
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.Recipient, found)

    def recipient(self, account_id: str) -> facts.Recipient:
        """Whether a recipient may receive, and what is missing."""
        with reading():
            found = self._v2.core.accounts.retrieve(
                account_id, {"include": ["configuration.recipient", "requirements"]}
            )
            return read(facts.Recipient, found)

    def onboarding_link(
        self, account_id: str, *, key: str, refresh_url: str, return_url: str
    ) -> facts.Link:
        """A page on which the recipient gives what is missing; for one use, never stored."""
        with writing():
            found = self._v2.core.account_links.create(
                {
                    "account": account_id,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {
                            "refresh_url": refresh_url,
                            "return_url": return_url,
                        },
                    },
                },
                keyed(key),
            )
            return read(facts.Link, found)

    def add_destination(
        self, account_id: str, *, key: str, iban: str, holder_name: str
    ) -> facts.BankDestination:
        """Set the bank account to which a recipient's payouts go."""
        with writing():
            found = self._v1.accounts.external_accounts.create(
                account_id,
                {
                    "external_account": {
                        "object": "bank_account",
                        "account_holder_name": holder_name,
                        "account_holder_type": "individual",
                        "account_number": iban,
                        "country": iban[:2],
                        "currency": CURRENCY,
                    },
                    "default_for_currency": True,
                },
                keyed(key),
            )
            return read(facts.BankDestination, found)

    def pay_out_by_hand(self, account_id: str, *, key: str) -> None:
        """Stop the provider from paying a recipient's balance out by itself."""
        with writing():
            self._v1.balance_settings.update(
                {"payments": {"payouts": {"schedule": {"interval": "manual"}}}},
                keyed(key, account_id),
            )
