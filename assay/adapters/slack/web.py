"""`SlackSender` over Slack's Web API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from assay.contracts.delivery import SlackPosted
from assay.errors import DeliveryRefused, DeliveryUnavailable, OutboundRefused

if TYPE_CHECKING:
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from assay.adapters.slack.client import OutboundSlackClient

SLACK_BASE_URL = "https://slack.com/api/"
"""Slack's own."""


class SlackWeb:
    """Posts with `chat.postMessage`; every call is one request, and who calls decides about the next.

    No error holds a token or words of Slack's answer: codes become sentences (`refusals`).

    Args:
        http: from `outbound_client`; its policy decides whether the base URL may be called. Slack's own may;
            an operator's, on a private network or without TLS, must be part of the policy. The caller
            closes it.
        base_url: where the methods of the Web API are.
    """

    def __init__(self, http: httpx.AsyncClient, *, base_url: str = SLACK_BASE_URL) -> None:
        self._http = http
        self._base_url = base_url

    async def post(
        self,
        token: SecretStr,
        *,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]],
        thread_ts: str | None = None,
    ) -> SlackPosted:
        """See the port."""
        answer = await self._ask(
            token,
            lambda client: client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=list(blocks),
                thread_ts=thread_ts,
                # A report's links are evidence; previews of them would bury it.
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return SlackPosted(channel=_text(answer, "channel"), ts=_text(answer, "ts"))

    async def team(self, token: SecretStr) -> str:
        """See the port."""
        return _text(await self._ask(token, lambda client: client.auth_test()), "team")

    async def _ask(
        self, token: SecretStr, call: Callable[[OutboundSlackClient], Awaitable[AsyncSlackResponse]]
    ) -> Mapping[str, Any]:
        """The body of an answer that says `ok`."""
        client = await asyncio.to_thread(self._client, token)
        try:
            answer = await call(client)
        except OutboundRefused as error:
            raise DeliveryRefused(f"Slack cannot be called: {error.detail}") from None
        except httpx.HTTPError as error:
            raise DeliveryUnavailable(f"Slack does not answer ({type(error).__name__}).") from None
        return answer.data if isinstance(answer.data, dict) else {}

    def _client(self, token: SecretStr) -> OutboundSlackClient:
        """A client with the token; the first one imports slack-sdk, which takes a while."""
        from assay.adapters.slack.client import OutboundSlackClient

        return OutboundSlackClient(self._http, token=token.get_secret_value(), base_url=self._base_url)


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise DeliveryUnavailable("Slack's answer cannot be read.")
    return value
