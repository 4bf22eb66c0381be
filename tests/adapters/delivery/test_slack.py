"""slack-sdk over the outbound policy, against a Slack on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.slack import SLACK_BASE_URL, SlackWeb
from assay.adapters.testing import SlackReply, SlackServer
from assay.errors import DeliveryRefused, DeliveryUnavailable, WorkError

TOKEN = SecretStr("xoxb-scripted")
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Passed*: 9 &lt; 10"}}]


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def server(workspace: SlackServer) -> SlackServer:
    workspace.reset()
    return workspace


@pytest.fixture
async def http(server: SlackServer) -> AsyncIterator[httpx.AsyncClient]:
    async with outbound_client(OutboundPolicy().including([server.base_url]), timeout=40) as client:
        yield client


@pytest.fixture
def slack(server: SlackServer, http: httpx.AsyncClient) -> SlackWeb:
    return SlackWeb(http, base_url=server.base_url)


async def _post(slack: SlackWeb, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"channel": "#quality", "text": "Passed", "blocks": BLOCKS} | changes
    return await slack.post(
        changes.pop("token", TOKEN), **{k: v for k, v in arguments.items() if k != "token"}
    )


async def _failure(slack: SlackWeb, **changes: Any) -> WorkError:
    with pytest.raises(WorkError) as caught:
        await _post(slack, **changes)
    assert TOKEN.get_secret_value() not in repr(caught.value)
    assert caught.value.__cause__ is None  # slack-sdk's own error holds the request and its token
    return caught.value


async def test_a_message_and_a_reply_are_posted(slack: SlackWeb, server: SlackServer) -> None:
    head = await _post(slack)
    reply = await _post(slack, channel=head.channel, text="More", thread_ts=head.ts)
    assert head.channel == reply.channel == "C0QUALITY"
    assert [(m.text, m.thread_ts) for m in server.messages] == [("Passed", None), ("More", head.ts)]
    assert server.messages[0].blocks == BLOCKS


async def test_a_token_names_its_workspace(slack: SlackWeb) -> None:
    assert await slack.team(TOKEN) == "Scripted Workspace"
    with pytest.raises(DeliveryRefused, match="not valid"):
        await slack.team(SecretStr("xoxb-other"))


async def test_too_many_messages_are_tried_again_when_slack_says(
    slack: SlackWeb, server: SlackServer
) -> None:
    server.enqueue(SlackReply(error="ratelimited", status=429, headers={"Retry-After": "17"}))
    error = await _failure(slack)
    assert isinstance(error, DeliveryUnavailable)
    assert error.retry_after == 17
    assert server.messages == []  # nothing is tried again in here


@pytest.mark.parametrize("header", ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 40])
async def test_a_pause_that_is_no_number_is_no_pause(
    slack: SlackWeb, server: SlackServer, header: str
) -> None:
    server.enqueue(SlackReply(status=429, headers={"Retry-After": header}))
    error = await _failure(slack)
    assert (type(error), error.retry_after) == (DeliveryUnavailable, None)


@pytest.mark.parametrize(
    "reply",
    [
        SlackReply(status=503),
        SlackReply(status=500),
        SlackReply(error="internal_error"),
        SlackReply(error="service_unavailable", status=503),
        SlackReply(status=200),
    ],
    ids=["503", "500", "internal_error", "service_unavailable", "no-json"],
)
async def test_outages_pass(slack: SlackWeb, server: SlackServer, reply: SlackReply) -> None:
    server.enqueue(reply)
    error = await _failure(slack)
    assert isinstance(error, DeliveryUnavailable)
    assert error.retry_after is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("channel_not_found", "does not exist"),
        ("not_in_channel", "not a member"),
        ("is_archived", "archived"),
        ("invalid_auth", "not valid"),
        ("token_revoked", "revoked"),
        ("account_inactive", "deleted"),
        ("missing_scope", "chat:write"),
        ("something_new", "something_new"),
    ],
)
async def test_refusals_are_told_in_a_sentence(
    slack: SlackWeb, server: SlackServer, code: str, words: str
) -> None:
    server.enqueue(SlackReply(error=code))
    error = await _failure(slack)
    assert isinstance(error, DeliveryRefused)
    assert words in error.detail
    assert error.detail.endswith(".")


async def test_what_a_server_says_does_not_get_into_errors(slack: SlackWeb, server: SlackServer) -> None:
    server.enqueue(SlackReply(error="<b>xoxb-scripted</b>", status=403))
    assert (await _failure(slack)).detail == "Slack refuses the message with HTTP 403."


async def test_nobody_there(http: httpx.AsyncClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api/"
    async with outbound_client(OutboundPolicy().including([url]), timeout=40) as client:
        assert isinstance(await _failure(SlackWeb(client, base_url=url)), DeliveryUnavailable)


async def test_an_address_outside_of_the_policy_is_not_called(server: SlackServer) -> None:
    async with outbound_client(OutboundPolicy()) as client:
        error = await _failure(SlackWeb(client, base_url=server.base_url))
    assert isinstance(error, DeliveryRefused)
    assert server.messages == []


async def test_a_redirect_takes_the_token_nowhere(slack: SlackWeb, server: SlackServer) -> None:
    server.enqueue(SlackReply(status=302, headers={"Location": "https://elsewhere.example/"}))
    assert isinstance(await _failure(slack), DeliveryRefused)


async def test_a_proxy_of_the_environment_is_not_used(
    http: httpx.AsyncClient, server: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    await _post(SlackWeb(http, base_url=server.base_url))
    assert len(server.messages) == 1


def test_slack_itself_is_the_default() -> None:
    assert SLACK_BASE_URL == "https://slack.com/api/"
