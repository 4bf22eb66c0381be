"""What providers answer when they fail, through the real litellm."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import product

import pytest
from pydantic import SecretStr

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.llm.failures import failure_of
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.errors import (
    ContextWindowExceeded,
    ModelNotFound,
    ProviderAuthenticationFailed,
    ProviderPermissionDenied,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    WorkError,
)
from tests.adapters.llm.conftest import SECRET
from tests.adapters.llm.test_litellm import a_request

MODELS = {Provider.GEMINI: "gemini-2.5-flash", Provider.ANTHROPIC: "claude-haiku-4-5"}


def an_error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return Reply(
        status=status, body=body, headers={name.replace("_", "-"): headers[name] for name in headers}
    )


async def failure(
    model: LiteLLM, endpoint: ScriptedModelServer, reply: Reply, provider: Provider = Provider.OPENAI
) -> WorkError:
    """What comes of one reply; nothing was retried, and nothing about the failure shows the key."""
    endpoint.enqueue(reply)
    request = a_request(provider=provider, model=MODELS.get(provider, "gpt-5-mini"), timeout_seconds=5)
    with pytest.raises(WorkError) as caught:
        await model.complete(request)
    error = caught.value
    assert len(endpoint.requests) == 1
    assert provider in error.detail
    assert len(error.detail) <= 500
    assert SECRET not in "".join(traceback.format_exception(error))
    assert (error.__cause__, error.__context__) == (None, None)
    return error


STATUSES: list[tuple[int, str | None, type[WorkError]]] = [
    (400, None, RequestRejected),
    (400, "context_length_exceeded", ContextWindowExceeded),
    (401, "invalid_api_key", ProviderAuthenticationFailed),
    (402, None, QuotaExceeded),
    (403, None, ProviderPermissionDenied),
    (404, "model_not_found", ModelNotFound),
    (408, None, ProviderUnavailable),
    (409, None, RequestRejected),
    (413, None, ContextWindowExceeded),
    (418, None, RequestRejected),
    (422, None, RequestRejected),
    (429, "rate_limit_exceeded", RateLimited),
    (429, "insufficient_quota", QuotaExceeded),
    (500, None, ProviderUnavailable),
    (502, None, ProviderUnavailable),
    (503, None, ProviderUnavailable),
    (529, None, ProviderUnavailable),
]


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("case", STATUSES)
async def test_statuses(
    model: LiteLLM,
    endpoint: ScriptedModelServer,
    provider: Provider,
    case: tuple[int, str | None, type[WorkError]],
) -> None:
    status, code, expected = case
    message = f"rate limit 429 of key {SECRET} for you"  # words that litellm classifies by
    error = await failure(model, endpoint, an_error(status, message, code), provider)
    assert type(error) is expected
    assert error.detail == f"{provider} answered {status}: rate limit 429 of key [key] for you"


IN_WORDS: list[tuple[Provider, int, str, type[WorkError]]] = [
    (Provider.OPENAI, 400, "This model's maximum context length is 8192 tokens.", ContextWindowExceeded),
    (Provider.ANTHROPIC, 400, "prompt is too long: 250000 tokens > 200000", ContextWindowExceeded),
    (Provider.GEMINI, 400, "The input exceeds the maximum number of tokens", ContextWindowExceeded),
    (Provider.GEMINI, 400, "API key not valid. Please pass another.", ProviderAuthenticationFailed),
    (Provider.ANTHROPIC, 400, "Your credit balance is too low to access the API.", QuotaExceeded),
    (Provider.GEMINI, 429, "You exceeded your current quota, check your plan.", RateLimited),
]


@pytest.mark.parametrize("case", IN_WORDS)
async def test_what_providers_say_in_words(
    model: LiteLLM, endpoint: ScriptedModelServer, case: tuple[Provider, int, str, type[WorkError]]
) -> None:
    provider, status, message, expected = case
    assert type(await failure(model, endpoint, an_error(status, message), provider)) is expected


@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.ANTHROPIC, Provider.GEMINI])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "1500", "retry_after": "2"}, 1.5),
        ({"retry_after": "Mon, 02 Mar 2020 00:00:00 GMT"}, 0.0),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "9e99"}, 86_400.0),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
async def test_retry_after(
    model: LiteLLM,
    endpoint: ScriptedModelServer,
    provider: Provider,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    for status in (429, 503):
        endpoint.reset()
        error = await failure(model, endpoint, an_error(status, **headers), provider)
        assert error.retry_after == seconds


@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.ANTHROPIC, Provider.GEMINI])
@pytest.mark.parametrize("zone", ["GMT", "-0000"])
async def test_retry_after_as_a_date(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider, zone: str
) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    answer = an_error(429, retry_after=in_a_minute.replace("GMT", zone))
    error = await failure(model, endpoint, answer, provider)
    assert error.retry_after is not None
    assert 30 < error.retry_after <= 60


async def test_geminis_delay_is_in_the_body(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = [{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED", "details": details}}]
    error = await failure(model, endpoint, Reply(status=429, body=body), Provider.GEMINI)
    assert (type(error), error.retry_after) == (RateLimited, 34.5)
    assert error.detail == "gemini answered 429: slow"


async def test_only_what_may_be_retried_says_when(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    assert (await failure(model, endpoint, an_error(400, retry_after="2"))).retry_after is None


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("<html><body>Bad gateway</body></html>", "openai answered 502"),
        ("upstream\n  connect error", "openai answered 502: upstream connect error"),
        ("", "openai answered 502"),
        ('{"error": "just text"}', "openai answered 502: just text"),
        ('{"detail": "Not today"}', "openai answered 502: Not today"),
        ('{"error": {"message": {"nested": 1}}}', "openai answered 502"),
        ("[]", "openai answered 502"),
        ('{"error": {"message": "Incorrect API key provided: sk-te****5ret."}}',
         "openai answered 502: Incorrect API key provided: [key]"),
    ],
)  # fmt: skip
async def test_bodies_of_all_kinds(
    model: LiteLLM, endpoint: ScriptedModelServer, body: str, detail: str
) -> None:
    assert (await failure(model, endpoint, Reply(status=502, body=body))).detail == detail


async def test_details_are_bounded(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    message = "x" * 470 + SECRET + "y" * 100_000
    error = await failure(model, endpoint, an_error(500, message))
    assert len(error.detail) == 500
    assert error.detail.endswith("…")
    assert SECRET[:8] not in error.detail


NO_COMPLETIONS = {
    "text": Reply(body="hello"),
    "list": Reply(body="[1]"),
    "empty object": Reply(body="{}"),
    "dropped": Reply(drop=True, content="x" * 1000),
}


@pytest.mark.parametrize(
    ("provider", "kind"),
    # litellm reads Fireworks' empty object as a message without content, which is for the parser
    sorted(set(product(Provider, NO_COMPLETIONS)) - {(Provider.FIREWORKS, "empty object")}),
)
async def test_answers_that_are_no_completion(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider, kind: str
) -> None:
    error = await failure(model, endpoint, NO_COMPLETIONS[kind], provider)
    assert type(error) is ProviderUnavailable
    assert ("connection" if kind == "dropped" else "cannot be read") in error.detail


async def test_failures_are_not_printed_or_logged(
    model: LiteLLM,
    endpoint: ScriptedModelServer,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for provider in (Provider.OPENAI, Provider.TOGETHER_AI):
        endpoint.reset()
        await failure(model, endpoint, an_error(500, SECRET), provider)
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("LiteLLM")]


async def test_a_gateway_that_sends_errors_with_status_200(
    model: LiteLLM, endpoint: ScriptedModelServer
) -> None:
    reply = Reply(body=json.dumps({"error": {"message": "slow down", "code": 429}}))
    error = await failure(model, endpoint, reply, Provider.OPENROUTER)
    assert type(error) is RateLimited
    assert "slow down" in error.detail


async def test_nobody_listens(model: LiteLLM) -> None:
    closed = LiteLLM({Provider.OPENAI: HouseAccess(SecretStr(SECRET), "http://127.0.0.1:1/v1")})
    with pytest.raises(ProviderUnavailable, match=r"connection to openai failed \(ConnectError\)"):
        await closed.complete(a_request())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("odd"), ProviderUnavailable),
        (ModuleNotFoundError("No module named 'mcp'"), RequestRejected),
        (TimeoutError(), ProviderUnavailable),
        (ConnectionResetError(), ProviderUnavailable),
    ],
)
def test_what_happens_before_any_answer(error: Exception, expected: type[WorkError]) -> None:
    assert type(failure_of(error, provider=Provider.OPENAI, secret=SECRET)) is expected


def test_a_loop_of_causes_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert type(failure_of(first, provider=Provider.OPENAI, secret="")) is ProviderUnavailable
