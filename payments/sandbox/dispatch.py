"""Answers one request: who asks, which operation, are its parameters sound, was it asked before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from payments.sandbox import clock, forms, parameters, permissions, routes
from payments.sandbox.errors import ApiError, bad_parameter
from payments.sandbox.expand import expanded
from payments.sandbox.ids import new_id
from payments.sandbox.sql import rows
from payments.sandbox.store import PLATFORM, Record, Work, repeat

KEY_LIFE: Final = timedelta(hours=24)
"""After this a key is forgotten, as the provider may do from then on."""

_PROLOGUE = """
SELECT (SELECT ahead FROM payments_sandbox_clock WHERE id = 1),
       kept.fingerprint, kept.status, kept.body, kept.kept_at,
       (SELECT jsonb_agg(jsonb_build_object(
            'id', object_id, 'kind', kind, 'account', account, 'parent', parent,
            'created_at', created_at, 'version', version, 'data', data, 'hidden', hidden))
        FROM payments_sandbox_storedobject WHERE object_id = ANY(%s))
FROM (SELECT 1) AS one
LEFT JOIN payments_sandbox_keptanswer AS kept ON kept.key = %s
"""


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are in lower case.

    Attributes:
        tells_all: whether events of every kind are written, as a caller who lists them expects.
    """

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]
    tells_all: bool = False


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
        work = Work(now=clock.wall(), account=account)  # no read depends on the hour
        return 200, _perform(work, route, params, ids), False
    return _once(request, route, params, ids, account)


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith(("sk_test_", "rk_test_")):
        raise ApiError(401, "invalid_request_error", "Invalid API Key provided.")
    permissions.check(key, request.method, request.path)


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
    request: Request, route: routes.Route, params: dict[str, Any], ids: list[str], account: str
) -> tuple[int, str, bool]:
    """Carry out a request that writes, at most once for its key."""
    key = f"{account}:{request.headers.get('idempotency-key') or new_id('request')}"
    said = f"{request.method} {request.path}\n{json.dumps(params, sort_keys=True, default=str)}"
    fingerprint = hashlib.sha256(said.encode()).hexdigest()
    nearby = [*ids, account, *(value for value in params.values() if isinstance(value, str))]

    def once() -> tuple[int, str, bool]:
        now, kept, found = _prologue(key, nearby)
        if kept:
            return _replay(kept, fingerprint, request)
        work = Work(now=now, account=account, tells_all=request.tells_all)
        work.know(found)
        status, body, is_kept = _try(work, route, params, ids)
        if is_kept:
            answer = {"key": key, "fingerprint": fingerprint, "status": status, "body": body}
            stale = {"kept_at": now.isoformat(), "stale_before": (now - KEY_LIFE).isoformat()}
            work.append("answers", answer | stale)
        work.flush()
        return status, body, False

    return repeat(once)


def _prologue(
    key: str, ids: list[str]
) -> tuple[datetime, tuple[str, int, str] | None, list[Record]]:
    """The present instant, what is kept under a key, and the objects that the request names."""
    ahead, fingerprint, status, body, kept_at, objects = rows(_PROLOGUE, [ids, key])[0]
    now = clock.wall() + (ahead or timedelta())
    found = [
        Record(**row | {"created_at": datetime.fromisoformat(row["created_at"])})
        for row in json.loads(objects or "[]")
    ]
    if fingerprint is None or now - kept_at > KEY_LIFE:
        return now, None, found
    return now, (fingerprint, status, body), found


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
    wanted = params.get("expand", [])
    given = {name: value for name, value in params.items() if name != "expand"}
    result = route.handler(work, given, *ids)
    data = result.data if isinstance(result, Record) else result
    return json.dumps(expanded(work, data, wanted) if wanted else data)
