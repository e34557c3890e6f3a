"""Answers one request: who asks, which operation, are its parameters sound, was it asked before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, OperationalError, connections, transaction

from payments.sandbox import clock, forms, parameters, routes
from payments.sandbox.errors import ApiError, bad_parameter
from payments.sandbox.expand import expanded
from payments.sandbox.ids import new_id
from payments.sandbox.store import ALIAS, PLATFORM, Record, Work

KEY_LIFE: Final = timedelta(hours=24)
"""After this a key is forgotten, as the provider may do from then on."""

_PROLOGUE = """
SELECT (SELECT ahead FROM payments_sandbox_clock WHERE id = 1),
       pg_try_advisory_xact_lock(hashtextextended(%s, 0)),
       kept.fingerprint, kept.status, kept.body, kept.kept_at
FROM (SELECT 1) AS one
LEFT JOIN payments_sandbox_keptanswer AS kept ON kept.key = %s
"""


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: str
    headers: Mapping[str, str]


def answer(request: Request) -> Answer:
    """Carry out a request; never raises for what the caller did wrong."""
    headers = {"Content-Type": "application/json", "Request-Id": new_id("request")}
    try:
        status, body, replayed = _carry_out(request)
    except ApiError as error:
        status, body, replayed = error.status, json.dumps(error.body()), False
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if request.headers.get("idempotency-key"):
        headers["Idempotency-Key"] = request.headers["idempotency-key"]
    return Answer(status, body, headers)


def _carry_out(request: Request) -> tuple[int, str, bool]:
    _check_key(request)
    found = routes.match(request.method, request.path)
    if found is None:
        raise ApiError(
            404,
            "invalid_request_error",
            f"Unrecognized request URL ({request.method}: {request.path}).",
        )
    route, ids = found
    account = request.headers.get("stripe-account", PLATFORM)
    params = parameters.table(route.params).read(_given(request))
    if request.method == "GET":
        work = Work(now=clock.now(), account=account, locks=False)
        return 200, _perform(work, route, params, ids), False
    return _once(request, route, params, ids, account)


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith(("sk_test_", "rk_test_")):
        raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")


def _given(request: Request) -> dict[str, Any]:
    """The parameters, from where this method and version of the API carry them."""
    if request.method == "GET":
        return forms.decode(request.query)
    if not request.path.startswith("/v2/"):
        return forms.decode(request.body)
    try:
        given = json.loads(request.body or "{}")
    except json.JSONDecodeError as error:
        raise bad_parameter("The request body is not JSON.", param="") from error
    if not isinstance(given, dict):
        raise bad_parameter("The request body must be an object.", param="")
    return given


def _once(
    request: Request,
    route: routes.Route,
    params: dict[str, Any],
    ids: list[str],
    account: str,
) -> tuple[int, str, bool]:
    """Carry out a request that writes, at most once for its key."""
    key = f"{account}:{request.headers.get('idempotency-key') or new_id('request')}"
    said = f"{request.method} {request.path}\n{request.body}"
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    try:
        with transaction.atomic(using=ALIAS):
            now, kept = _prologue(key)
            if kept:
                return _replay(kept, fingerprint, request)
            work = Work(now=now, account=account)
            status, body, is_kept = _try(work, route, params, ids)
            if is_kept:
                row = {
                    "key": key,
                    "fingerprint": fingerprint,
                    "status": status,
                    "body": body,
                }
                work.append("answers", row | {"kept_at": now.isoformat()})
            work.flush()
    except IntegrityError as error:
        if "keptanswer" not in str(error):
            raise
        raise _busy() from error
    except OperationalError as error:
        if "deadlock" not in str(error):
            raise
        raise ApiError(
            409,
            "invalid_request_error",
            "This object cannot be accessed right now.",
            code="lock_timeout",
        ) from error
    return status, body, False


def _prologue(key: str) -> tuple[datetime, tuple[str, int, str] | None]:
    """The present instant, and what is kept under a key; refuses a key that is in use."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_PROLOGUE, [key, key])
        ahead, is_ours, fingerprint, status, body, kept_at = cursor.fetchone()
        now = clock.wall() + (ahead or timedelta())
        if not is_ours:
            raise _busy()
        if fingerprint is None:
            return now, None
        if now - kept_at <= KEY_LIFE:
            return now, (fingerprint, status, body)
        cursor.execute("DELETE FROM payments_sandbox_keptanswer WHERE key = %s", [key])
        return now, None


def _replay(
    kept: tuple[str, int, str], fingerprint: str, request: Request
) -> tuple[int, str, bool]:
    if kept[0] != fingerprint:
        raise ApiError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than"
            f" '{request.headers.get('idempotency-key')}' if you meant to execute a different"
            " request.",
        )
    return kept[1], kept[2], True


def _try(
    work: Work, route: routes.Route, params: dict[str, Any], ids: list[str]
) -> tuple[int, str, bool]:
    """Status, body, and whether they are kept under the key."""
    try:
        return 200, _perform(work, route, params, ids), True
    except ApiError as error:
        if not error.is_done:
            work.forget()
        return error.status, json.dumps(error.body()), error.is_kept


def _perform(work: Work, route: routes.Route, params: dict[str, Any], ids: list[str]) -> str:
    wanted = params.pop("expand", [])
    result = route.handler(work, params, *ids)
    data = result.data if isinstance(result, Record) else result
    return json.dumps(expanded(work, data, wanted) if wanted else data)


def _busy() -> ApiError:
    return ApiError(
        409,
        "invalid_request_error",
        "There is currently another in-progress request using this Idempotent Key.",
        code="idempotency_key_in_use",
    )
