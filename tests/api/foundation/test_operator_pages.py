"""`/healthz`, `/readyz`, `/metrics`, `/openapi.json` and `/docs`."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from api_shim.app import RESOURCES
from api_shim.errors import ERROR
from api_shim.openapi import openapi_document
from api_shim.operations import Call, Operation, Resource
from assay.contracts.wire import RequestModel
from assay.errors import StoreUnavailable
from tests.harness.api import ApiWorld, judge

URL = "/api/environments/1/evaluations/"


async def test_health_needs_nothing(world: ApiWorld) -> None:
    async with world.client(key=None) as client:
        response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready_when_every_dependency_answers(world: ApiWorld) -> None:
    async with world.client(key=None) as client:
        response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "checks": {"registry": "ok"}})


async def test_not_ready_names_what_is_wrong_with_each_dependency_and_no_secret(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_shim.health._CHECK_SECONDS", 0.2)
    started: list[str] = []

    async def hang() -> None:
        started.append("hang")
        await asyncio.sleep(60)

    async def down() -> None:
        started.append("down")
        raise StoreUnavailable("The event store cannot be reached.")

    async def broken() -> None:
        raise ConnectionError("postgresql://user:password@host")

    checks = {"temporal": hang, "clickhouse": down, "registry": broken, "own": world.registry.ping}
    async with world.client(key=None, ready_checks=checks) as client:
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "checks": {
            "temporal": "no answer within 0.2 s",
            "clickhouse": "The event store cannot be reached.",
            "registry": "ConnectionError",
            "own": "ok",
        },
    }
    assert started == ["hang", "down"]


async def test_requests_are_counted_by_template_not_by_path(client: httpx.AsyncClient) -> None:
    async def samples() -> dict[tuple[str, ...], float]:
        text = (await client.get("/metrics")).text
        return {
            (
                sample.name,
                *(sample.labels.get(label, "") for label in ("route", "method", "status")),
            ): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    template = "/api/environments/{project_id}/evaluations/{id}/"
    counter = ("assay_http_requests_total", template, "GET", "404")
    timer = ("assay_http_request_seconds_count", template, "GET", "")
    unmatched = ("assay_http_requests_total", "unmatched", "other", "404")
    before = await samples()
    for path in ("a", "b"):
        await client.get(f"/api/projects/1/evaluations/{path}")
    await client.request("BREW", "/nothing")
    after = await samples()
    assert after[counter] - before.get(counter, 0) == 2
    assert after[timer] - before.get(timer, 0) == 2
    assert after[unmatched] - before.get(unmatched, 0) == 1


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    response = await client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    return body


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_every_declared_operation_is_described_once() -> None:
    described = operations(openapi_document(RESOURCES))
    assert len(described) == sum(len(resource.operations) for resource in RESOURCES)
    ids = [operation["operationId"] for operation in described]
    assert len(set(ids)) == len(ids)
    for operation in described:
        assert operation["summary"]
        assert operation["security"][0]["PersonalApiKey"][0] in operation["description"]


async def test_references_lead_somewhere_and_schemas_are_valid(document: dict[str, Any]) -> None:
    for reference in references(document):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


async def test_what_is_described_is_what_is_sent(client: httpx.AsyncClient, document: dict[str, Any]) -> None:
    example = document["components"]["schemas"]["EvaluationRequest"]["examples"][0]
    validator(document, "EvaluationRequest").validate(example)
    response = await client.post(URL, json=example)
    assert response.status_code == 201, response.text
    validator(document, "EvaluationResponse").validate(response.json())
    validator(document, "PaginatedEvaluationResponseList").validate((await client.get(URL)).json())
    validator(document, "StandardError").validate((await client.post(URL, json={})).json())


async def test_described_limits_are_the_real_ones(document: dict[str, Any]) -> None:
    request = validator(document, "EvaluationRequest")
    assert request.is_valid(judge())
    assert not request.is_valid(judge(name="x" * 401))
    assert not request.is_valid(judge(name=...))
    assert not request.is_valid(judge(evaluation_type="zzz"))
    assert not request.is_valid(judge(conditions=[{"id": "a", "rollout_percentage": 101}]))
    patch = document["components"]["schemas"]["PatchedEvaluationRequest"]
    assert "required" not in patch
    assert not any("default" in field for field in patch["properties"].values())


async def test_evaluations_are_described_as_documented(document: dict[str, Any]) -> None:
    paths = document["paths"]
    collection = paths["/api/environments/{project_id}/evaluations/"]
    item = paths["/api/environments/{project_id}/evaluations/{id}/"]
    assert set(collection) == {"get", "post"}
    assert set(item) == {"get", "put", "patch", "delete"}
    assert "201" in collection["post"]["responses"]
    assert item["delete"]["responses"]["405"].keys() == {"description"}
    assert item["delete"]["security"] == [{"PersonalApiKey": ["evaluation:write"]}]
    parameters = {parameter["name"]: parameter for parameter in collection["get"]["parameters"]}
    assert set(parameters) == {"project_id", "enabled", "id__in", "limit", "offset", "order_by", "search"}
    assert parameters["enabled"]["schema"] == {"type": "boolean"}
    assert parameters["id__in"]["explode"] is False
    assert "-name" in parameters["order_by"]["schema"]["items"]["enum"]
    assert parameters["limit"]["schema"]["maximum"] == 1000


class PathRequest(RequestModel):
    force: bool


async def act(call: Call[None, PathRequest]) -> None:
    """Act."""


def test_styles_extensions_and_further_statuses_are_described() -> None:
    operation = Operation(
        "act", "POST", "{id}/act", act, query=PathRequest, errors=ERROR, also={409: "Busy."}, extension=True
    )
    document = openapi_document([Resource(path="llm/things", scope="thing", operations=(operation,))])
    (described,) = operations(document)
    assert described["operationId"] == "things_act"
    assert described["x-assay-extension"] is True
    assert described["responses"]["409"]["description"] == "Busy."
    assert "ErrorText" in str(described["responses"]["409"])
    assert "ErrorFields" in str(described["responses"]["400"])
    assert "ErrorText" in str(described["responses"]["404"])
    force = described["parameters"][-1]
    assert (force["name"], force["required"]) == ("force", True)


async def test_the_page_loads_only_files_of_our_own(client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/docs/"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["content-security-policy"]
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert addresses
        for address in addresses:
            assert address.startswith("/docs/")
            assert (await client.get(address)).status_code == 200
    start = (await client.get("/docs/start.js")).text
    assert "/openapi.json" in start
    assert "http" not in start
    missing = await client.get("/docs/assets/nothing.js")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
