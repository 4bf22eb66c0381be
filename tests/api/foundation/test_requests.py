"""Routing, content negotiation and bodies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from api_shim.bodies import MAX_BODY_BYTES, MAX_CONFIGURATION_BYTES
from assay.contracts.wire_json import MAX_DEPTH
from tests.harness.api import KEY, ApiWorld, error, judge

URL = "/api/environments/1/evaluations/"
DATASETS = "/api/environments/1/datasets/"
JSON = {"Content-Type": "application/json"}
NOT_FOUND = error("invalid_request", "not_found", "Not found.")


async def test_both_prefixes_with_and_without_a_slash_lead_to_the_same_object(
    client: httpx.AsyncClient,
) -> None:
    created = (await client.post(URL, json=judge())).json()
    for prefix in ("environments", "projects"):
        for slash in ("", "/"):
            response = await client.get(f"/api/{prefix}/1/evaluations/{created['id']}{slash}")
            assert (response.status_code, response.json()) == (200, created)
            assert (await client.get(f"/api/{prefix}/1/evaluations{slash}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/",
        "/api/environments/1/nothing/",
        f"{URL}0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10/more/",
        f"{URL}/",
    ],
)
async def test_an_unknown_path_is_a_404_in_the_standard_body(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.json()["type"] == "invalid_request"
    assert response.json()["code"] == "not_found"


async def test_a_wrong_method_on_a_plain_route_is_a_405_in_the_standard_body(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/healthz")
    assert response.status_code == 405
    assert response.json() == error("invalid_request", "method_not_allowed", 'Method "POST" not allowed.')
    assert "GET" in response.headers["allow"]


async def test_options_describes_the_endpoint(client: httpx.AsyncClient) -> None:
    response = await client.options(URL)
    assert response.status_code == 200
    assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"
    assert "application/json" in response.json()["parses"]


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    get, head = await client.get(URL), await client.head(URL)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert (await client.head(f"{URL}{uuid4()}/")).status_code == 404


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/html, application/json;q=0.5", "Application/JSON"]
)
async def test_json_is_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    assert (await client.get(URL, headers={"Accept": accept})).status_code == 200


@pytest.mark.parametrize("accept", ["application/xml", "text/html, image/*", "json"])
async def test_json_is_not_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.get(URL, headers={"Accept": accept})
    assert response.status_code == 406
    assert response.json() == error(
        "invalid_request", "not_acceptable", "Could not satisfy the request Accept header."
    )


@pytest.mark.parametrize(("query", "status"), [("json", 200), ("", 200), ("xml", 404), ("api", 404)])
async def test_the_format_parameter(client: httpx.AsyncClient, query: str, status: int) -> None:
    response = await client.get(URL, params={"format": query})
    assert response.status_code == status
    if status == 404:
        assert response.json() == NOT_FOUND


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", ""])
async def test_an_empty_body_is_an_empty_object(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(URL, content=b"", headers={"Content-Type": content_type})
    assert response.json() == error("validation_error", "required", "This field is required.", "name")


async def test_forms_are_read(client: httpx.AsyncClient) -> None:
    form = {
        "name": "first",
        "enabled": "on",
        "evaluation_type": "llm_judge",
        "output_type": "boolean",
        "evaluation_config": '{"prompt": "Polite?"}',
        "conditions": '[{"id": "all"}]',
    }
    for parts in ({"data": form}, {"files": {name: (None, value) for name, value in form.items()}}):
        response = await client.post(URL, **parts)
        assert response.status_code == 201, response.text
        assert response.json()["enabled"] is True
        assert response.json()["conditions"][0]["id"] == "all"


async def test_the_last_value_of_a_form_field_counts(client: httpx.AsyncClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post(URL, content=b"name=a&name=", headers=form)
    assert response.json() == error("validation_error", "blank", "This field may not be blank.", "name")


async def test_an_uploaded_file_is_no_value(client: httpx.AsyncClient) -> None:
    files = {name: ("a.txt", b"abc") for name in ("name", "evaluation_config", "conditions")}
    response = await client.post(URL, files=files)
    assert response.json() == error("validation_error", "invalid_input", "Not a valid string.", "name")
    created = (await client.post(URL, json=judge())).json()
    for field in ("evaluation_config", "conditions", "model_configuration", "enabled"):
        response = await client.patch(f"{URL}{created['id']}/", files={field: ("a.txt", b"abc")})
        assert response.status_code == 400
        assert response.json()["attr"].startswith(field)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nope",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
async def test_malformed_json(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post(URL, content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("JSON parse error - ")
    assert (response.json()["type"], response.json()["code"]) == ("invalid_request", "parse_error")
    assert response.json()["attr"] is None


async def test_the_deepest_accepted_body_is_stored_and_sent_back(client: httpx.AsyncClient) -> None:
    levels = MAX_DEPTH - 5  # the body, the list of conditions, the condition, its properties, the filter
    value = b"[" * levels + b"]" * levels
    body = b'{"conditions": [{"id": "a", "properties": [{"value": %b}]}], ' % value
    body += b'"name": "n", "evaluation_type": "hog", "output_type": "boolean", '
    body += b'"evaluation_config": {"source": "s"}}'
    response = await client.post(URL, content=body, headers=JSON)
    assert response.status_code == 201, response.text
    assert b"[" * levels in (await client.get(f"{URL}{response.json()['id']}/")).content


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"nonsense"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1001)),
        (
            "multipart/form-data; boundary=b; charset=unicode_escape",
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--b--\r\n',
        ),
    ],
)
async def test_malformed_forms(client: httpx.AsyncClient, content_type: str, body: bytes) -> None:
    response = await client.post(URL, content=body, headers={"Content-Type": content_type})
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("content_type", ["text/csv", "application/vnd.api+json", ""])
async def test_unknown_content_types(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post(URL, content=b"a", headers={"Content-Type": content_type})
    assert response.status_code == 415
    assert response.json() == error(
        "invalid_request", "unsupported_media_type", f'Unsupported media type "{content_type}" in request.'
    )


async def test_a_json_list_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post(URL, json=[])
    assert response.status_code == 400
    assert response.json() == error(
        "validation_error", "invalid_input", "Invalid data. Expected a dictionary, but got list."
    )


async def _stream(size: int) -> AsyncIterator[bytes]:
    yield b'{"name": "'
    for _ in range(size // 262_144):
        yield b"x" * 262_144
    yield b'"}'


LIMITS = pytest.mark.parametrize(
    ("url", "limit"), [(URL, MAX_CONFIGURATION_BYTES), (DATASETS, MAX_BODY_BYTES)], ids=["small", "large"]
)


@LIMITS
@pytest.mark.parametrize("is_announced", [True, False])
async def test_too_large_bodies_with_and_without_an_announced_length(
    client: httpx.AsyncClient, url: str, limit: int, is_announced: bool
) -> None:
    content = b"x" * (limit + 1) if is_announced else _stream(limit)
    response = await client.post(url, content=content, headers=JSON)
    assert response.status_code == 413
    assert response.json() == error(
        "invalid_request", "request_too_large", f"The request body is larger than {limit} bytes."
    )


@LIMITS
async def test_a_body_just_below_the_limit_is_read(client: httpx.AsyncClient, url: str, limit: int) -> None:
    response = await client.post(url, content=b" " * (limit - 2) + b"[]", headers=JSON)
    assert response.json()["detail"] == "Invalid data. Expected a dictionary, but got list."


async def test_a_request_id_is_made_or_taken_over_if_it_is_sane(world: ApiWorld) -> None:
    async with world.client(key=None) as client:
        for path in ("/healthz", URL, "/nothing"):
            assert len((await client.get(path)).headers["x-request-id"]) == 32
        sane = await client.get(URL, headers={"X-Request-Id": "req_1-a.b:c"})
        assert sane.headers["x-request-id"] == "req_1-a.b:c"
        for wild in ("a b", "a\u00e9".encode("latin-1"), "x" * 129, ""):
            response = await client.get(URL, headers={"X-Request-Id": wild})
            assert len(response.headers["x-request-id"]) == 32


async def test_a_key_in_the_body_is_not_stored(client: httpx.AsyncClient) -> None:
    response = await client.post(URL, json=judge(personal_api_key=KEY))
    assert KEY not in response.text
