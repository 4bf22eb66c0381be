"""Failures and the styles of error bodies, shown on a resource that is declared here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api_shim.app import create_app
from api_shim.errors import (
    ALL_DETAIL,
    DETAIL,
    ERROR,
    FIELDS,
    FIELDS_OR_ERROR,
    REFUSALS_AS_DETAIL,
    STANDARD,
)
from api_shim.operations import Call, Operation, Resource
from api_shim.responses import JsonResponse
from assay.contracts.wire import Items, RequestModel, Text, Uuid
from assay.errors import FieldError, LimitReached, NotFound, PermissionDenied, StoreUnavailable
from tests.harness.api import KEY, ApiWorld, call, error

SECRET = "the customer's prompt"


class ThingRequest(RequestModel):
    name: Annotated[str, Text()]
    ids: Annotated[list[Uuid], Items()]


async def fail(call: Call[None, None]) -> None:
    """Fail."""
    raise RuntimeError(SECRET)


async def fail_inside(call: Call[None, None]) -> None:
    """Build a model from what the server itself got wrong."""
    ThingRequest.model_validate({"name": SECRET})


async def lose_the_store(call: Call[None, None]) -> None:
    """Have no store."""
    raise StoreUnavailable("The registry cannot be reached.", retry_after=7.2)


async def read(call: Call[ThingRequest, None]) -> Response:
    """Read a body and answer it."""
    form = await call.body()
    match form.name:
        case "missing":
            raise NotFound("No thing of that name.")
        case "taken":
            raise FieldError("Taken.", attr="nested__name")
        case "too many":
            raise LimitReached("There are too many things.")
        case "forbidden":
            raise PermissionDenied("AI data processing must be approved.")
    return JsonResponse({"name": form.name}, 202)


STYLES = {
    "standard": STANDARD,
    "error": ERROR,
    "fields": FIELDS,
    "fields_or_error": FIELDS_OR_ERROR,
    "detail": DETAIL,
    "refusals_as_detail": REFUSALS_AS_DETAIL,
    "all_detail": ALL_DETAIL,
}

THINGS = Resource(
    path="llm/things",
    scope="thing",
    operations=(
        Operation("fail", "GET", "fail", fail),
        Operation("fail_inside", "GET", "fail_inside", fail_inside),
        Operation("lose_the_store", "GET", "lose_the_store", lose_the_store, errors=ERROR),
        *(
            Operation(name, "POST", name, read, body=ThingRequest, status=202, errors=style)
            for name, style in STYLES.items()
        ),
    ),
)
URL = "/api/environments/1/llm/things"


@pytest.fixture
async def things(world: ApiWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(resources=[THINGS]) as client:
        yield client


REQUIRED = {"name": ["This field may not be blank."], "ids": {"0": ["Must be a valid UUID."]}}
FIRST = error("validation_error", "blank", "This field may not be blank.", "name")
MISSING = error("invalid_request", "not_found", "No thing of that name.")
TAKEN = error("validation_error", "invalid_input", "Taken.", "nested__name")


@pytest.mark.parametrize(
    ("style", "invalid", "refused", "field"),
    [
        ("standard", FIRST, MISSING, TAKEN),
        (
            "error",
            {"error": REQUIRED},
            {"error": MISSING["detail"]},
            {"error": {"nested": {"name": ["Taken."]}}},
        ),
        ("fields", REQUIRED, MISSING, {"nested": {"name": ["Taken."]}}),
        ("fields_or_error", REQUIRED, {"error": MISSING["detail"]}, {"nested": {"name": ["Taken."]}}),
        ("detail", FIRST, {"detail": MISSING["detail"]}, TAKEN),
        ("refusals_as_detail", FIRST, MISSING, TAKEN),
        (
            "all_detail",
            {"detail": "name: This field may not be blank."},
            {"detail": MISSING["detail"]},
            {"detail": "nested__name: Taken."},
        ),
    ],
)
async def test_styles_of_error_bodies(
    things: httpx.AsyncClient, style: str, invalid: dict, refused: dict, field: dict
) -> None:
    response = await things.post(f"{URL}/{style}", json={"name": "", "ids": ["x"]})
    assert (response.status_code, response.json()) == (400, invalid)
    response = await things.post(f"{URL}/{style}", json={"name": "missing", "ids": []})
    assert (response.status_code, response.json()) == (404, refused)
    response = await things.post(f"{URL}/{style}", json={"name": "taken", "ids": []})
    assert (response.status_code, response.json()) == (400, field)


@pytest.mark.parametrize("style", ["detail", "refusals_as_detail", "all_detail"])
async def test_a_refusal_that_is_about_no_object(things: httpx.AsyncClient, style: str) -> None:
    response = await things.post(f"{URL}/{style}", json={"name": "too many", "ids": []})
    assert (response.status_code, response.json()) == (400, {"detail": "There are too many things."})


@pytest.mark.parametrize("style", STYLES)
async def test_what_is_refused_before_the_operation_is_standard_in_every_style(
    things: httpx.AsyncClient, style: str
) -> None:
    url = f"{URL}/{style}"
    assert (await things.post(url, content=b"{", headers={"Content-Type": "application/json"})).json()[
        "code"
    ] == "parse_error"
    assert (await things.post(url, content=b"{")).json()["code"] == "unsupported_media_type"
    assert (await things.get(url)).json()["code"] == "method_not_allowed"
    assert (await things.post(url, headers={"Authorization": ""})).json()["code"] == "not_authenticated"
    forbidden = await things.post(url, json={"name": "forbidden", "ids": []})
    assert (forbidden.status_code, forbidden.json()["type"]) == (403, "authentication_error")


async def test_a_handler_may_answer_by_itself(things: httpx.AsyncClient) -> None:
    response = await things.post(f"{URL}/standard/", json={"name": "a", "ids": []})
    assert (response.status_code, response.json()) == (202, {"name": "a"})


@pytest.mark.parametrize("path", ["fail", "fail_inside"])
async def test_an_unforeseen_failure_is_a_500_that_tells_and_logs_no_values(
    things: httpx.AsyncClient, path: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        response = await things.get(f"{URL}/{path}?personal_api_key={KEY}", headers={"X-Request-Id": "r1"})
    assert response.status_code == 500
    assert response.json() == error("server_error", "error", "A server error occurred.")
    assert response.headers["x-request-id"] == "r1"
    (entry,) = logs
    assert (entry["event"], entry["method"]) == ("request_failed", "GET")
    assert entry["route"] == f"/api/environments/{{project_id}}/llm/things/{path}/"
    assert f"{path}" in entry["where"][-1] or "model_validate" in entry["where"][-1]
    assert SECRET not in str(entry)
    assert KEY not in str(entry)


async def test_a_lost_store_is_a_503_with_a_time_to_come_back(things: httpx.AsyncClient) -> None:
    response = await things.get(f"{URL}/lose_the_store")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "8"
    assert response.json() == error("server_error", "store_unavailable", "The registry cannot be reached.")


async def test_a_store_that_is_really_lost(world: ApiWorld) -> None:
    class LostAccess:
        async def authenticate(self, secret: str) -> None:
            raise StoreUnavailable("The registry cannot be reached.")

    class LostRegistry:
        access = LostAccess()

    async with world.client(registry=LostRegistry()) as client:
        response = await client.get("/api/environments/1/evaluations/")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_errors_of_plain_routes_are_standard_too(world: ApiWorld) -> None:
    async def refuse(_: Request) -> Response:
        raise FieldError("Bad.", attr="field", code="odd")

    async def abort(_: Request) -> Response:
        raise HTTPException(418, "Short and stout.", headers={"X-Pot": "tea"})

    app = create_app(world.deps(), extra_routes=[Route("/refuse", refuse), Route("/abort", abort)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://assay.test") as client:
        response = await client.get("/refuse")
        assert (response.status_code, response.json()) == (
            400,
            error("validation_error", "odd", "Bad.", "field"),
        )
        response = await client.get("/abort")
        assert (response.status_code, response.headers["x-pot"]) == (418, "tea")
        assert response.json() == error("invalid_request", "error", "Short and stout.")


async def test_a_failure_in_the_middle_of_an_answer_cuts_the_connection(world: ApiWorld) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError(SECRET)

    async def stream(_: Request) -> Response:
        return StreamingResponse(half())

    app = create_app(world.deps(), extra_routes=[Route("/stream", stream)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://assay.test") as client:
        with structlog.testing.capture_logs() as logs, pytest.raises(RuntimeError):
            await client.get("/stream")
    assert [entry["event"] for entry in logs] == ["request_failed"]


async def test_a_client_that_leaves_is_no_failure(world: ApiWorld) -> None:
    headers = [(b"authorization", f"Bearer {KEY}".encode()), (b"content-type", b"application/json")]
    url = "/api/environments/1/evaluations/"
    with structlog.testing.capture_logs() as logs:
        answer = await call(
            create_app(world.deps()), "POST", url, headers=headers, received=[{"type": "http.disconnect"}]
        )
    assert answer == (None, b"")
    assert [entry["event"] for entry in logs] == ["client_disconnected"]
