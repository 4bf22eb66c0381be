"""What Slack's errors mean for people.

The codes are those of https://docs.slack.dev/reference/methods/chat.postMessage and auth.test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assay.errors import DeliveryRefused, DeliveryUnavailable

_CODE = re.compile(r"[a-z0-9_]{1,80}")

_TOKEN = "The token of the Slack integration"  # noqa: S105  (words, not a token)
_CHANNEL = "The Slack channel"

_WORDS = {
    "channel_not_found": f"{_CHANNEL} does not exist, or the app cannot see it: invite the app to it.",
    "not_in_channel": "The app is not a member of the Slack channel: invite it there.",
    "is_archived": f"{_CHANNEL} is archived.",
    "channel_is_archived": f"{_CHANNEL} is archived.",
    "restricted_action": "The Slack workspace does not let the app post to the channel.",
    "restricted_action_read_only_channel": f"{_CHANNEL} is read-only.",
    "restricted_action_thread_only_channel": f"{_CHANNEL} takes replies only.",
    "restricted_action_non_threadable_channel": f"{_CHANNEL} takes no replies.",
    "restricted_action_thread_locked": "The thread in Slack is locked.",
    "thread_not_found": "The message in Slack that the rest of the report replies to was deleted.",
    "no_permission": f"{_TOKEN} may not post to the channel.",
    "missing_scope": f"{_TOKEN} lacks a scope: it needs chat:write.",
    "not_allowed_token_type": f"{_TOKEN} is of the wrong kind: a bot token is needed.",
    "invalid_auth": f"{_TOKEN} is not valid.",
    "not_authed": f"{_TOKEN} is not valid.",
    "token_revoked": f"{_TOKEN} was revoked.",
    "token_expired": f"{_TOKEN} has expired.",
    "account_inactive": f"{_TOKEN} belongs to a user or a workspace that was deleted.",
    "ekm_access_denied": "The administrators of the Slack workspace have suspended posting.",
    "team_access_not_granted": f"{_TOKEN} has no access to the workspace.",
    "access_denied": f"{_TOKEN} may not do this.",
}

_WEATHER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "org_login_required",
    }
)
"""Errors that pass by themselves."""


def delivery_error(
    status: int, headers: Mapping[str, str], data: Mapping[str, object]
) -> DeliveryRefused | DeliveryUnavailable:
    """The error that an answer stands for.

    Args:
        status: HTTP status.
        headers: with names in lower case, or a mapping that does not care.
        data: the body; empty if it could not be read.
    """
    code = data.get("error")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        code = ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return DeliveryUnavailable(
            "Slack asks for a pause.", retry_after=_seconds(headers.get("retry-after"))
        )
    if status >= 500 or code in _WEATHER:
        return DeliveryUnavailable(f"Slack is out of order (HTTP {status}{', ' if code else ''}{code}).")
    if code:
        return DeliveryRefused(_WORDS.get(code, f"Slack refuses the message: {code}."))
    if status == 200:
        return DeliveryUnavailable("Slack's answer cannot be read.")
    return DeliveryRefused(f"Slack refuses the message with HTTP {status}.")


def _seconds(retry_after: str | None) -> float | None:
    """How long to wait; None where Slack does not say it in seconds."""
    return float(retry_after) if retry_after is not None and re.fullmatch(r"\d{1,6}", retry_after) else None
