"""Who a report goes to: delivery targets as clients write them, as single recipients."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assay.contracts.report_runs import Recipient, RecipientKind

_MAX_KEY = 300
"""Bytes of a recipient's key in UTF-8, for hundreds of them travel together."""


def recipients_of(targets: Iterable[Mapping[str, Any]]) -> list[Recipient]:
    """Every address and every channel once, in the order of the targets.

    Args:
        targets: checked when they were stored: `{"type": "email", "value": "a@b.c, d@e.f"}` or
            `{"type": "slack", "integration_id": 1, "channel": "C012|#quality"}`, where the part after the bar
            is for people. Targets of other kinds are left out.
    """
    found: dict[str, Recipient] = {}
    for target in targets:
        for recipient in _of(target):
            found.setdefault(recipient.key, recipient)
    return list(found.values())


def _of(target: Mapping[str, Any]) -> Iterator[Recipient]:
    if target.get("type") == RecipientKind.EMAIL:
        for address in filter(None, map(str.strip, str(target.get("value", "")).split(","))):
            # Addresses that differ in case only are one mailbox everywhere that matters.
            key = _key("email", address.casefold())
            yield Recipient(key=key, kind=RecipientKind.EMAIL, address=address)
    elif target.get("type") == RecipientKind.SLACK:
        channel = str(target.get("channel", "")).partition("|")[0].strip()
        integration = str(target.get("integration_id", ""))
        if channel and integration.isascii() and integration.isdigit():
            key = _key("slack", integration, channel)
            yield Recipient(
                key=key, kind=RecipientKind.SLACK, address=channel, integration_id=int(integration)
            )


def _key(*parts: str) -> str:
    key = ":".join(parts)
    written = key.encode("utf-8", "replace")
    if len(written) <= _MAX_KEY:
        return key
    digest = hashlib.sha256(written).hexdigest()
    return f"{written[: _MAX_KEY - len(digest) - 1].decode('utf-8', 'ignore')}:{digest}"
