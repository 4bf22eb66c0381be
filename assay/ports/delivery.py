"""Ways to people: Slack and e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import SecretStr

from assay.contracts.delivery import EmailMessage, SlackPosted

__all__ = ["EmailMessage", "EmailSender", "SlackPosted", "SlackSender"]


class SlackSender(Protocol):
    """Posts to Slack, once per call."""

    async def post(
        self,
        token: SecretStr,
        *,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]],
        thread_ts: str | None = None,
    ) -> SlackPosted:
        """Post a message, or a reply.

        Args:
            text: what notifications show.

        Raises:
            DeliveryRefused: Slack will never take it (no such channel, revoked token, …).
            DeliveryUnavailable: try again, after `retry_after` where Slack said so.
        """

    async def team(self, token: SecretStr) -> str:
        """The name of the workspace that a token belongs to; raises as `post` does."""


class EmailSender(Protocol):
    """Hands messages to a mail server, once per call."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a mail server to hand them to."""

    async def send(self, message: EmailMessage) -> None:
        """Send one message.

        Raises:
            DeliveryRefused: the server will never take it.
            DeliveryUnavailable: try again.
        """
