"""The payment provider's keys and address, read from the environment and held to the rules.

One key may serve every process; better is a restricted one per role, so that a web process that
is taken over can open pages, yet move no money out. A live key meets the provider's own address
and nothing else: neither DEBUG, nor the demo, nor a server that plays the provider.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from config.env import Env
from payments.provider import STRIPE

ROLES: Final = ("web", "worker", "reconciler")
LIVE: Final = ("sk_live_", "rk_live_")
RESTRICTED: Final = ("rk_test_", "rk_live_")
SOUND: Final = ("sk_test_", "rk_test_", *LIVE)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Provider:
    """What this process needs to know of the provider.

    Attributes:
        key: the key of this process; "" when the embedded sandbox answers.
        role: what this process is for, one of ROLES.
        base: the address of the API.
        is_live: whether any key moves real money.
    """

    key: str
    role: str
    base: str
    is_live: bool


def read_provider(env: Env, *, debug: bool, is_demo: bool) -> Provider:
    """Read the keys; whatever breaks a rule is told to `env`."""
    role = env.text("PARI_ROLE", "worker", choices=ROLES)
    shared = env.text("PARI_STRIPE_KEY", "")
    names = {each: f"PARI_STRIPE_KEY_{each.upper()}" for each in ROLES}
    own = {each: env.text(name, "") for each, name in names.items()}
    base = env.text("PARI_STRIPE_API_BASE", STRIPE).rstrip("/")
    given = {"PARI_STRIPE_KEY": shared} | {names[each]: own[each] for each in ROLES}
    for name, key in given.items():
        _check(env, name, key, debug=debug, is_demo=is_demo)
    for each in ROLES:
        if own[each] and not own[each].startswith(RESTRICTED):
            env.complain(names[each], "must be a restricted key (rk_): a role may not do all")
        if not own[each] and not shared and any(own.values()):
            env.complain(names[each], "is needed where other roles have a key and all share none")
    live = {key.startswith(LIVE) for key in given.values() if key}
    if len(live) > 1:
        env.complain("PARI_STRIPE_KEY", "and the keys of roles must be all live or all for tests")
    _check_base(env, base, is_live=True in live)
    return Provider(own[role] or shared, role, base, True in live)


def _check(env: Env, name: str, key: str, *, debug: bool, is_demo: bool) -> None:
    if not key:
        return
    if not key.startswith(SOUND):
        env.complain(name, "does not look like a secret or restricted Stripe key")
    if key.startswith(LIVE) and debug:
        env.complain(name, "is a live key, which is refused while PARI_DEBUG is on")
    if key.startswith(LIVE) and is_demo:
        env.complain(name, "is a live key, which the demo refuses")


def _check_base(env: Env, base: str, *, is_live: bool) -> None:
    if base == STRIPE:
        return
    parts = urlsplit(base)
    if is_live:
        env.complain("PARI_STRIPE_API_BASE", f"must be {STRIPE} for a live key")
    if parts.scheme not in ("http", "https") or parts.hostname not in LOOPBACK or parts.path:
        env.complain("PARI_STRIPE_API_BASE", f"must be {STRIPE}, or a server on this machine")
