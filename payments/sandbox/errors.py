"""The provider's refusals, with the bodies that its API sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ApiError(Exception):
    """A refusal: an HTTP status and the fields of the `error` object.

    Attributes:
        is_kept: whether the answer is stored under the idempotency key; the provider stores
            what happened once work began, and forgets a request that never passed the checks.
        is_done: whether what was gathered until then is written all the same, as a declined
            charge is.
    """

    status: int
    kind: str
    message: str
    code: str = ""
    param: str = ""
    decline_code: str = ""
    is_kept: bool = True
    is_done: bool = False
    extra: tuple[tuple[str, Any], ...] = ()

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        fields = {
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
            "param": self.param,
            "type": self.kind,
        }
        return {"error": {**{k: v for k, v in fields.items() if v}, **dict(self.extra)}}


def invalid(message: str, *, code: str = "", param: str = "", is_kept: bool = True) -> ApiError:
    """A request that cannot be carried out as it stands."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, is_kept=is_kept)


def bad_parameter(message: str, *, param: str, code: str = "") -> ApiError:
    """A request that fails the checks before any work is done."""
    return invalid(message, code=code, param=param, is_kept=False)


def missing(noun: str, object_id: str, *, param: str = "id", status: int = 404) -> ApiError:
    """An object that does not exist, or not for the account that asks."""
    return ApiError(
        status,
        "invalid_request_error",
        f"No such {noun}: '{object_id}'",
        code="resource_missing",
        param=param,
    )


def declined(message: str, *, code: str, decline_code: str = "", **extra: Any) -> ApiError:
    """A payment that the payer's bank or card refused."""
    return ApiError(
        402,
        "card_error",
        message,
        code=code,
        decline_code=decline_code,
        is_done=True,
        extra=tuple(extra.items()),
    )
