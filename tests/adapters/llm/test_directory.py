"""What providers say about keys: real requests to a server that answers as each provider does."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from assay.adapters.llm import RestProviderDirectory
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.testing import SCRIPTED_MODEL, Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess
from tests.adapters.llm.conftest import PATHS
from tests.adapters.outbound.servers import RawServer, running

KEY = "sk-ant-5ecret5ecret5ecret5ecret"
LOOPBACK = OutboundPolicy.parse("127.0.0.1")
OTHERS = [provider for provider in Provider if provider is not Provider.AZURE_OPENAI]

CHECKS = {
    Provider.OPENAI: "/v1/models",
    Provider.ANTHROPIC: "/v1/models?limit=1",
    Provider.GEMINI: "/v1beta/models?pageSize=1",
    Provider.OPENROUTER: "/api/v1/key",
    Provider.FIREWORKS: "/inference/v1/models",
    Provider.AZURE_OPENAI: "/openai/models?api-version=2024-10-21",
    Provider.TOGETHER_AI: "/v1/models",
}
LISTINGS = {
    Provider.OPENAI: "/v1/models",
    Provider.ANTHROPIC: "/v1/models?limit=1000",
    Provider.GEMINI: "/v1beta/models?pageSize=1000",
    Provider.OPENROUTER: "/api/v1/models",
    Provider.FIREWORKS: "/inference/v1/models",
    Provider.AZURE_OPENAI: "/openai/deployments?api-version=2022-12-01",
    Provider.TOGETHER_AI: "/v1/models",
}
DEEP = "[" * 200_000
"""No JSON, and more levels than a parser that calls itself can go down."""
LARGE = '{"data": [], "models": [], "more": "' + "x" * 2 * 1024 * 1024 + '"}'
KEY_HEADERS = {
    Provider.ANTHROPIC: "x-api-key",
    Provider.GEMINI: "x-goog-api-key",
    Provider.AZURE_OPENAI: "api-key",
}


def a_directory(
    origin: str, *, allowed: OutboundPolicy = LOOPBACK, policy: OutboundPolicy = LOOPBACK, seconds: float = 5
) -> RestProviderDirectory:
    urls = {provider: origin + path for provider, path in PATHS.items()}
    del urls[Provider.AZURE_OPENAI]
    return RestProviderDirectory(
        outbound_client(policy, timeout=seconds), allowed=allowed, base_urls=urls, seconds=seconds
    )


@pytest.fixture
def directory(endpoint: ScriptedModelServer) -> RestProviderDirectory:
    return a_directory(endpoint.origin)


def an_access(provider: Provider, origin: str, **changes: Any) -> ProviderAccess:
    azure = f"{origin}/" if provider is Provider.AZURE_OPENAI else None
    access = ProviderAccess(provider=provider, api_key=SecretStr(KEY), azure_endpoint=azure)
    return access.model_copy(update=changes)


def asked(endpoint: ScriptedModelServer) -> list[str]:
    return [sent.path + (f"?{sent.query}" if sent.query else "") for sent in endpoint.requests]


async def checked(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider, reply: Reply
) -> KeyCheck:
    endpoint.enqueue(reply)
    check = await directory.check(an_access(provider, endpoint.origin))
    assert KEY not in str(check)
    assert (check.error_message is None, check.error_field is None) == (check.state is KeyState.OK,) * 2
    return check


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_key_that_works(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    assert await directory.check(an_access(provider, endpoint.origin)) == KeyCheck(state=KeyState.OK)
    assert asked(endpoint) == [CHECKS[provider]]
    headers = endpoint.requests[0].headers
    assert headers[KEY_HEADERS.get(provider, "authorization")].removeprefix("Bearer ") == KEY
    assert sum(KEY in value for value in headers.values()) == 1


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_key_that_the_provider_does_not_know(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    endpoint.rejected_keys.add(KEY)
    check = await directory.check(an_access(provider, endpoint.origin))
    assert (check.state, check.error_field) == (KeyState.INVALID, "api_key")
    assert KEY not in str(check)


@pytest.mark.parametrize("status", [400, 402, 403, 404, 418, 429, 500, 503])
@pytest.mark.parametrize("provider", OTHERS)
async def test_what_says_nothing_about_the_key(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider, status: int
) -> None:
    reply = Reply(status=status, body={"error": {"message": f"no, {KEY}"}})
    check = await checked(directory, endpoint, provider, reply)
    assert (check.state, check.error_field) == (KeyState.ERROR, "api_key")
    assert provider in (check.error_message or "")


@pytest.mark.parametrize(
    ("status", "state", "field"),
    [
        (400, KeyState.ERROR, "api_key"),
        (401, KeyState.INVALID, "api_key"),
        (403, KeyState.INVALID, "api_key"),
        (404, KeyState.INVALID, "azure_endpoint"),
        (429, KeyState.ERROR, "api_key"),
        (503, KeyState.ERROR, "api_key"),
    ],
)
async def test_azures_answers(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, status: int, state: KeyState, field: str
) -> None:
    check = await checked(directory, endpoint, Provider.AZURE_OPENAI, Reply(status=status, body={}))
    assert (check.state, check.error_field) == (state, field)


@pytest.mark.parametrize("body", ["<html>Sign in</html>", DEEP], ids=["page", "deep"])
@pytest.mark.parametrize("provider", list(Provider))
async def test_a_page_is_not_an_api(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider, body: str
) -> None:
    check = await checked(directory, endpoint, provider, Reply(body=body))
    assert check.state is KeyState.ERROR


@pytest.mark.parametrize("provider", list(Provider))
async def test_an_answer_that_is_too_large_is_not_read(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    assert (await checked(directory, endpoint, provider, Reply(body=LARGE))).state is not KeyState.OK


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        (Provider.OPENAI, "pk-1"),
        (Provider.ANTHROPIC, "sk-1"),
        (Provider.GEMINI, "a\nb"),
        (Provider.GEMINI, "é"),
    ],
)
async def test_a_key_of_the_wrong_form_is_not_sent(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider, key: str
) -> None:
    access = an_access(provider, endpoint.origin, api_key=SecretStr(key))
    check = await directory.check(access)
    assert (check.state, check.error_field) == (KeyState.INVALID, "api_key")
    assert await directory.models(access) == []
    assert endpoint.requests == ()


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"], ids=["silent", "odd"])
async def test_a_provider_that_does_not_answer(provider: Provider, answer: bytes) -> None:
    async with running(RawServer(answer)) as server:
        origin = f"http://127.0.0.1:{server.port}"
        directory = a_directory(origin, seconds=0.1)
        access = an_access(provider, origin)
        check = await directory.check(access)
        assert await directory.models(access) == []
    assert check.state is KeyState.ERROR
    assert check.error_field == ("azure_endpoint" if provider is Provider.AZURE_OPENAI else "api_key")
    assert "try again later" in (check.error_message or "")


@pytest.mark.parametrize("provider", list(Provider))
async def test_a_redirect_carries_no_key_on(provider: Provider) -> None:
    async with running(RawServer()) as target, running(RawServer()) as server:
        place = f"http://127.0.0.1:{target.port}/"
        server.answer = f"HTTP/1.1 302 See\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode()
        origin = f"http://127.0.0.1:{server.port}"
        check = await a_directory(origin).check(an_access(provider, origin))
        assert await a_directory(origin).models(an_access(provider, origin)) == []
    assert check.state is not KeyState.OK
    assert target.connections == 0


async def test_azure_endpoints_that_may_not_be_called(endpoint: ScriptedModelServer) -> None:
    nothing = OutboundPolicy()
    strict = a_directory(endpoint.origin, allowed=nothing)
    access = an_access(Provider.AZURE_OPENAI, endpoint.origin)
    check = await strict.check(access)
    assert (check.state, check.error_field) == (KeyState.INVALID, "azure_endpoint")
    assert check.error_message == strict.endpoint_problem(endpoint.origin)
    assert await strict.models(access) == []

    # past the rule about its name, the address still has to pass
    unreachable = a_directory(endpoint.origin, policy=nothing)
    assert unreachable.endpoint_problem(endpoint.origin) is None
    check = await unreachable.check(access)
    assert (check.state, check.error_field) == (KeyState.INVALID, "azure_endpoint")
    assert endpoint.requests == ()

    missing = await strict.check(an_access(Provider.AZURE_OPENAI, "", azure_endpoint=None))
    assert (missing.state, missing.error_field) == (KeyState.INVALID, "azure_endpoint")


async def test_azures_undated_api(directory: RestProviderDirectory, endpoint: ScriptedModelServer) -> None:
    access = an_access(Provider.AZURE_OPENAI, endpoint.origin, api_version="v1")
    assert (await directory.check(access)).state is KeyState.OK
    assert asked(endpoint) == ["/openai/v1/models"]


@pytest.mark.parametrize("provider", list(Provider))
async def test_models(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    assert await directory.models(an_access(provider, endpoint.origin)) == [SCRIPTED_MODEL]
    assert asked(endpoint) == [LISTINGS[provider]]


def named(*names: str, **more: Any) -> dict[str, Any]:
    return {"data": [{"id": name} for name in names], **more}


class Listed(NamedTuple):
    """The bodies that a provider answers with, what they name, and the query of the last request."""

    provider: Provider
    bodies: list[Any]
    names: list[str]
    query: str


LISTS = [
    Listed(
        Provider.ANTHROPIC,
        [named("b", "a", has_more=True, last_id="a"), named("a", "c", has_more=False, last_id="c")],
        ["b", "a", "c"],
        "limit=1000&after_id=a",
    ),
    Listed(
        Provider.GEMINI,
        [
            {
                "models": [{"name": "models/b", "supportedGenerationMethods": ["generateContent"]}],
                "nextPageToken": "t",
            },
            {
                "models": [
                    {"name": "models/embedding", "supportedGenerationMethods": ["embedContent"]},
                    {"name": "models/odd"},
                    {"name": "models/a", "supportedGenerationMethods": ["generateContent"]},
                ]
            },
        ],
        ["b", "a"],
        "pageSize=1000&pageToken=t",
    ),
    Listed(
        Provider.AZURE_OPENAI,
        [{"data": [{"id": "old", "created_at": 1}, {"id": "new", "created_at": 3}, {"id": "undated"}]}],
        ["new", "old", "undated"],
        "api-version=2022-12-01",
    ),
    Listed(
        Provider.TOGETHER_AI,
        [[{"id": "a/chat", "type": "chat"}, {"id": "a/image", "type": "image"}, {"id": "b/plain"}]],
        ["a/chat", "b/plain"],
        "",
    ),
    Listed(
        Provider.FIREWORKS,
        [{"data": [{"id": "m/chat", "supports_chat": True}, {"id": "m/embed", "supports_chat": False}]}],
        ["m/chat"],
        "",
    ),
    Listed(Provider.OPENAI, [{"data": [{"id": "a"}, {"id": 7}, "odd", {}]}], ["a"], ""),
]


@pytest.mark.parametrize("listed", LISTS, ids=[case.provider for case in LISTS])
async def test_each_providers_list(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer, listed: Listed
) -> None:
    endpoint.enqueue(*(Reply(body=body) for body in listed.bodies))
    assert await directory.models(an_access(listed.provider, endpoint.origin)) == listed.names
    assert len(endpoint.requests) == len(listed.bodies)
    assert endpoint.requests[-1].query == listed.query


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=401, body={"error": {"message": KEY}}),
        Reply(status=500),
        Reply(body="<html>"),
        Reply(body="7"),
        Reply(body={"data": None}),
        Reply(drop=True),
        Reply(body=DEEP),
        Reply(body=LARGE),
    ],
    ids=["401", "500", "page", "number", "null", "broken", "deep", "large"],
)
@pytest.mark.parametrize("provider", list(Provider))
async def test_a_list_that_cannot_be_had_is_empty(
    directory: RestProviderDirectory,
    endpoint: ScriptedModelServer,
    caplog: pytest.LogCaptureFixture,
    provider: Provider,
    reply: Reply,
) -> None:
    endpoint.enqueue(reply)
    with caplog.at_level(logging.WARNING):
        assert await directory.models(an_access(provider, endpoint.origin)) == []
    assert KEY not in caplog.text


async def test_pages_end(directory: RestProviderDirectory, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(*(Reply(body=named(f"m{n}", has_more=True, last_id="x")) for n in range(50)))
    assert len(await directory.models(an_access(Provider.ANTHROPIC, endpoint.origin))) == 10


async def test_lists_are_bounded(directory: RestProviderDirectory, endpoint: ScriptedModelServer) -> None:
    page = named(*(f"m{number}" for number in range(1_500)), has_more=True, last_id="x")
    endpoint.enqueue(Reply(body=page), Reply(body=page))
    names = await directory.models(an_access(Provider.ANTHROPIC, endpoint.origin))
    assert names == [f"m{number}" for number in range(1_000)]
    assert len(endpoint.requests) == 1


async def test_names_that_no_evaluation_may_carry_are_left_out(
    directory: RestProviderDirectory, endpoint: ScriptedModelServer
) -> None:
    page = named("../admin", "a b", "m" * 101, "team/fine")
    endpoint.enqueue(Reply(body=page), Reply(body=page))
    assert await directory.models(an_access(Provider.OPENAI, endpoint.origin)) == ["team/fine"]
    assert await directory.models(an_access(Provider.AZURE_OPENAI, endpoint.origin)) == []


async def test_being_cancelled_is_not_an_outcome() -> None:
    async with running(RawServer(answer=b"")) as server:
        origin = f"http://127.0.0.1:{server.port}"
        checking = asyncio.create_task(a_directory(origin).check(an_access(Provider.GEMINI, origin)))
        await asyncio.sleep(0.05)
        checking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await checking
