"""What is handed to Slack and to mail servers."""

from __future__ import annotations

from assay.contracts.base import Contract


class SlackPosted(Contract):
    """Where a message went: the channel's id, and the message's `ts` in it."""

    channel: str
    ts: str


class EmailMessage(Contract):
    """One message to one address.

    Attributes:
        images: content id → PNG, which the HTML shows as `cid:…`.
        message_id: the part before the `@`, which the sender's domain follows; the same for every attempt, so
            that a mail server can tell a second copy.
    """

    to: str
    subject: str
    text: str
    html: str
    images: dict[str, bytes]
    message_id: str
