"""Slack, as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.slack import SLACK_BASE_URL, SlackWeb
from assay.ports import SlackSender
from assay.runtime.settings import Settings


@asynccontextmanager
async def slack_sender(settings: Settings) -> AsyncIterator[SlackSender]:
    """Slack for the length of the block; an operator's own address is part of the outbound policy."""
    policy = OutboundPolicy.parse(settings.outbound_allow or "")
    own = settings.slack_base_url
    async with outbound_client(policy if own is None else policy.including([own])) as client:
        yield SlackWeb(client, base_url=own or SLACK_BASE_URL)
