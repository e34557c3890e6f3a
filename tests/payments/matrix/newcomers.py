"""People whom the provider does not know yet: identity, bank account, terms."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts.models import BankStatus, IdentityCheck, Role
from accounts.selectors import active_bank_account, is_identified
from payments.gateway import gateway
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.services import (
    bank_accounts,
    closings,
    identity,
)
from payments.services.sweep import sweep
from tests.factories import people
from tests.payments import world
from tests.payments.matrix.parts import (
    LATER,
    SOON,
    Case,
    Scene,
    made,
    stored,
)
from tests.payments.proxy import Proxy


def newcomer(proxy: Proxy) -> Scene:
    """Someone with a profile and nothing else."""
    world.begin()
    return Scene(proxy, world.MONDAY, world.person(Role.LENDER))


def _prove(scene: Scene, _: Any) -> str:
    return identity.start(user=scene.person, at=world.at(scene.on) + SOON)


def _proven_once(scene: Scene, _: Any) -> None:
    world.identify(scene.person)
    assert is_identified(scene.person)
    assert made("identity.verification_session") == 1


def _documents_shown(scene: Scene) -> str:
    session_id = world.last_part(identity.start(user=scene.person, at=world.at()))
    names = {"first_name": "Jana", "last_name": "Sommer"}
    control.finish_identity(session_id, born_on=date(1988, 4, 17), **names)
    return session_id


def _identified(scene: Scene, _: Any) -> None:
    assert is_identified(scene.person)


def _add_bank(scene: Scene, _: Any) -> None:
    if not scene.person.bank_accounts.filter(status=BankStatus.ACTIVE).exists():
        at = world.at(scene.on)
        given = {"iban": control.GOOD_IBAN, "holder_name": "Jana Sommer", "accepted": world.PROOF}
        given["password"] = people.PASSWORD
        bank_accounts.add(user=scene.person, at=at, **given)


def _bank_is_used(scene: Scene, _: Any) -> None:
    recipient = StoredObject.objects.get(kind="v2.core.account").object_id
    control.finish_onboarding(recipient)
    world.hear(scene.on)
    sweep(at=world.at(scene.on) + LATER)
    used = active_bank_account(scene.person)
    assert used is not None and used.provider_recipient == recipient
    assert stored(used.provider_mandate)["status"] == "active"
    assert made("customer") == made("v2.core.account") == 1
    settings = gateway()._v1.balance_settings.retrieve({}, {"stripe_account": recipient})
    assert settings.to_dict()["payments"]["payouts"]["schedule"]["interval"] == "manual"


def _failed_check(scene: Scene) -> str:
    world.identify(scene.person, last_name="Winter")
    return IdentityCheck.objects.get().provider_id


def _delete_pictures(scene: Scene, _: Any) -> None:
    day = world.later(40)
    assert closings.close_due(on=day, at=world.at(day))["recorded"] == 1


def _pictures_are_gone(scene: Scene, session_id: str) -> None:
    assert stored(session_id)["redaction"] == {"status": "redacted"}


_BANK = (
    "POST /v1/customers",
    "POST /v2/core/accounts",
    "POST /v1/balance_settings",
    "POST /v1/setup_intents",
    "POST /v1/setup_intents/*/confirm",
    "POST /v1/accounts/*/external_accounts",
    "GET /v1/setup_intents/*",
    "GET /v2/core/accounts/*",
    "POST /v2/core/account_links",
)
_SESSIONS = "/v1/identity/verification_sessions"
NEWCOMERS = [
    Case(f"POST {_SESSIONS}", "newcomer", _prove, _proven_once, again=_prove),
    Case(
        f"GET {_SESSIONS}/*",
        "newcomer",
        lambda scene, vs: identity.refresh(provider_id=vs, at=world.at()),
        _identified,
        arrange=_documents_shown,
    ),
    *(Case(name, "newcomer", _add_bank, _bank_is_used, again=_add_bank) for name in _BANK),
    Case(
        f"POST {_SESSIONS}/*/redact",
        "newcomer",
        _delete_pictures,
        _pictures_are_gone,
        arrange=_failed_check,
    ),
]
