"""The API's own description."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from tests.api.conftest import client_of

pytestmark = pytest.mark.django_db

PATH = "/api/v1/schema/"


@pytest.fixture
def described() -> dict[str, Any]:
    told: dict[str, Any] = client_of().get(PATH).json()
    return told


def test_it_is_drawn_up_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)
    assert (tmp_path / "schema.yml").read_text().startswith("openapi: 3.1.1")


@pytest.mark.parametrize(
    ("accepted", "begins"),
    [("application/json", b"{"), ("application/vnd.oai.openapi", b"openapi:")],
)
def test_it_comes_as_json_and_as_yaml(accepted: str, begins: bytes) -> None:
    answer = client_of(Accept=accepted).get(PATH)
    assert answer.status_code == 200
    assert answer.content.startswith(begins)


def test_every_operation_tells_its_problems(described: dict[str, Any]) -> None:
    for operations in described["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    continue
                assert list(answer["content"]) == ["application/problem+json"]
            assert {"400", "429", "default"} <= set(operation["responses"])
            assert operation["summary"]
            assert operation["tags"]


def test_private_operations_ask_for_a_token_or_a_session(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    bids = described["paths"]["/api/v1/bids"]["post"]
    assert bids["security"] == [{"token": []}, {"cookieAuth": []}]
    assert {} in described["paths"]["/api/v1/quotes"]["post"]["security"]


def test_bodies_take_no_unknown_names(described: dict[str, Any]) -> None:
    for name in ("QuoteRequest", "BidRequest", "MandateRequest", "TokenRequest"):
        assert described["components"]["schemas"][name]["additionalProperties"] is False


def test_money_writes_need_a_key(described: dict[str, Any]) -> None:
    for path in ("bids", "bids/{bid_id}/revoke", "mandates"):
        parameters = described["paths"][f"/api/v1/{path}"]["post"]["parameters"]
        key = next(found for found in parameters if found["name"] == "Idempotency-Key")
        assert key["required"] is True


def test_addresses_without_the_last_slash_lead_there() -> None:
    for name in ("schema", "docs"):
        assert client_of().get(f"/api/v1/{name}").headers["Location"] == f"/api/v1/{name}/"
