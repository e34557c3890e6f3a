"""The only file outside the sandbox that imports the provider's SDK: client, keys, failures."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar

import stripe
from django.conf import settings

from payments.errors import ProviderError, Refused, Unavailable, UnknownOutcome
from payments.gateway.turns import TooMany, Turns
from payments.provider import is_sandbox
from payments.recorder import record_request

RETRIES: Final = 2
PAGE: Final = 100
CURRENCY: Final = "eur"

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # it tells of each call, twice


class Readable(Protocol):
    """A value of ours that is made from the provider's JSON."""

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Self:
        """From the provider's JSON."""


_Readable = TypeVar("_Readable", bound=Readable)


class Caller:
    """Holds the SDK's client; the parts of the gateway build on it."""

    def __init__(self, key: str, client: stripe.HTTPClient, base: str) -> None:
        self._client = stripe.StripeClient(
            key, http_client=client, max_network_retries=RETRIES, base_addresses={"api": base}
        )
        self._v1, self._v2 = self._client.v1, self._client.v2


@contextmanager
def reading() -> Iterator[None]:
    """Translate failures of a call that changes nothing."""
    _wire.sent = 0
    try:
        yield
    except TooMany as error:
        raise Unavailable(str(error)) from error
    except stripe.InvalidRequestError as error:
        raise _refused(error) from error
    except stripe.StripeError as error:
        raise Unavailable(str(error)) from error


@contextmanager
def writing() -> Iterator[None]:
    """Translate failures of a call that changes something; in doubt, the outcome is unknown."""
    _wire.sent = 0
    try:
        yield
    except TooMany as error:
        raise Unavailable(str(error)) from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise _refused(error) from error
    except (
        stripe.RateLimitError,
        stripe.AuthenticationError,
        stripe.PermissionError,
    ) as error:
        raise _turned_away(error) from error
    except stripe.StripeError as error:
        raise UnknownOutcome(str(error)) from error


def _turned_away(error: stripe.StripeError) -> ProviderError:
    """Nothing happened, unless the request was sent before and that answer was lost."""
    kind = Unavailable if _wire.sent <= 1 else UnknownOutcome
    return kind(str(error))


def read(kind: type[_Readable], found: stripe.StripeObject) -> _Readable:
    """What an answer says; one that cannot be read counts as no answer."""
    try:
        return kind.read(found.to_dict(for_json=True))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise stripe.APIError(f"unreadable answer: {error!r}") from error


def read_all(kind: type[_Readable], page: stripe.ListObject[Any]) -> list[_Readable]:
    """What a list says, page by page; one that cannot be read counts as no answer."""
    try:
        return [kind.read(row.to_dict(for_json=True)) for row in page.auto_paging_iter()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise stripe.APIError(f"unreadable list: {error!r}") from error


def keyed(key: str, account_id: str = "") -> stripe.RequestOptions:
    """Options of a request that writes: our key, and the account on whose behalf it is made."""
    if not key:
        raise ValueError("a request that writes needs a stored idempotency key")
    return {"idempotency_key": key, "stripe_account": account_id or None}


def on_behalf(account_id: str) -> stripe.RequestOptions:
    """Options of a request that reads; our own account when `account_id` is empty."""
    return {"stripe_account": account_id or None}


def http_client() -> stripe.HTTPClient:
    """The network when a key is set, else the sandbox in this process; recorded when asked for."""
    client: stripe.HTTPClient
    if settings.STRIPE_KEY:
        client = stripe.RequestsClient(timeout=settings.STRIPE_TIMEOUTS)
    else:
        from payments.sandbox.client import SandboxClient

        client = SandboxClient()
    if settings.PROVIDER_RECORD:
        client = Recording(client, Path(settings.PROVIDER_RECORD))
    return InTurn(client, _turns())


def _turns() -> Turns | None:
    """The turns that this process shares with all others; a sandbox on this machine needs none."""
    if is_sandbox() and not settings.STRIPE_TURNS_IN_SANDBOX:
        return None
    return Turns(
        settings.REDIS_URL,
        f"{settings.REDIS_PREFIX}provider-turns",
        per_second=settings.STRIPE_CALLS_PER_SECOND,
        patience=settings.STRIPE_PATIENCE_SECONDS,
    )


class _Wire(local):
    """What this thread has sent of the call that it makes now."""

    sent = 0


_wire: Final = _Wire()


class Passing(stripe.HTTPClient):
    """Does something to each request on its way to the client that sends it."""

    name: ClassVar[str] = "passing"

    def __init__(self, inner: stripe.HTTPClient) -> None:
        super().__init__()
        self._inner = inner

    def before(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any
    ) -> None:
        """What is done to each request, also to one that the SDK sends again."""

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Do it, then send."""
        self.before(method, url, headers, post_data)
        return self._inner.request(method, url, headers, post_data)

    def close(self) -> None:
        """Close the client that sends."""
        self._inner.close()  # type: ignore[no-untyped-call]


class InTurn(Passing):
    """Waits for a turn before each request, and counts what was sent."""

    def __init__(self, inner: stripe.HTTPClient, turns: Turns | None) -> None:
        super().__init__(inner)
        self._turns = turns

    def before(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any
    ) -> None:
        """Raises TooMany for the first request of a call alone: later ones are owed an answer."""
        try:
            if self._turns:
                self._turns.take()
        except TooMany:
            if not _wire.sent:
                raise
        _wire.sent += 1


class Recording(Passing):
    """Writes each request to a file."""

    def __init__(self, inner: stripe.HTTPClient, file: Path) -> None:
        super().__init__(inner)
        self._file = file

    def before(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any
    ) -> None:
        """Write it down without its secrets."""
        record_request(self._file, method, url, headers or {}, post_data)


def _refused(error: stripe.StripeError) -> Refused:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    said = body.get("error") if isinstance(body.get("error"), dict) else {}
    return Refused(
        str(error.user_message or error),
        reason=error.code or "",
        decline_code=said.get("decline_code") or "" if said else "",
        param=getattr(error, "param", None) or "",
    )
