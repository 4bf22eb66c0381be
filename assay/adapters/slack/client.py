"""slack-sdk's client over the outbound policy.

slack-sdk would send through aiohttp, take a proxy from the environment and call whatever its base URL leads
to. Here it only builds requests and judges answers: `_request`, its one place that opens connections, hands
over to Assay's httpx client, which checks and pins addresses, follows no redirects and bounds answers.

Importing slack-sdk takes a third of a second; `SlackWeb` imports this module when it is needed first.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from assay.adapters.slack.refusals import delivery_error

_SENT = ("headers", "params", "data", "json")
"""What a request is made of; slack-sdk's further arguments are about how aiohttp sends it."""


class OutboundSlackClient(AsyncWebClient):
    """A client of Slack's Web API with one token, which tries every call once."""

    def __init__(self, http: httpx.AsyncClient, *, token: str, base_url: str) -> None:
        super().__init__(token=token, base_url=base_url, retry_handlers=[])
        self._http = http

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """Call a method of the Web API.

        Raises:
            DeliveryRefused, DeliveryUnavailable: Slack says no.
            OutboundRefused, httpx.TransportError: see `_request`.
        """
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            failed = error.response
            # Without the cause: slack-sdk's error holds the request, and that the token.
            raise delivery_error(failed.status_code, failed.headers, failed.data) from None

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        """Send one request.

        Returns:
            What slack-sdk makes a response of; `data` is empty where the answer is not a JSON object.

        Raises:
            OutboundRefused: the outbound policy does not permit it.
            httpx.TransportError: there was no answer.
        """
        sent = {name: req_args[name] for name in _SENT if req_args.get(name) is not None}
        answer = await self._http.request(http_verb, api_url, **sent)
        return {
            "data": _json_object(answer.content),
            "headers": answer.headers,
            "status_code": answer.status_code,
        }


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
