"""What a failed model call means: any exception of litellm as one of the model errors of `assay.errors`.

litellm guesses its exception classes from words in the message, so an answer with status 401 can arrive
as a "bad request". The exception's chain of causes still holds the provider's real HTTP answer, and that
decides here:

=================  =========================================================
429                `RateLimited`; `QuotaExceeded` if the account is out of credit
402                `QuotaExceeded`
401                `ProviderAuthenticationFailed`
403                `ProviderPermissionDenied`
404                `ModelNotFound`
400, 413, 422      `ContextWindowExceeded` if the prompt is too long, else `RequestRejected`
                   (two providers send a bad key or an empty account as 400)
408, 425, 5xx      `ProviderUnavailable`
any other 4xx      `RequestRejected`
no answer at all   `ProviderUnavailable`
policy's refusal   `OutboundRefused`
=================  =========================================================
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from assay.contracts.evaluations import Provider
from assay.errors import (
    ContextWindowExceeded,
    ModelNotFound,
    OutboundRefused,
    PlatformFault,
    ProviderAuthenticationFailed,
    ProviderPermissionDenied,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    WorkError,
)

_SHORTEST_KEY = 8
"""What is shorter is no secret but what local gateways take, and would be found in every other word."""

_MAX_DETAIL_CHARS = 500
_MAX_RETRY_AFTER_SECONDS = 24 * 3600.0

_BY_STATUS: Mapping[int, type[WorkError]] = {
    401: ProviderAuthenticationFailed,
    402: QuotaExceeded,
    403: ProviderPermissionDenied,
    404: ModelNotFound,
    408: ProviderUnavailable,
    425: ProviderUnavailable,
    429: RateLimited,
}
_REJECTIONS = frozenset({400, 413, 422})
_OWN_STATUSES = frozenset({400, 401, 402, 403, 404, 429})
"""Statuses to believe when litellm gives one without an HTTP error behind it: gateways that send an error
with status 200. The others are litellm's stand-ins for "something went wrong"."""

_TOO_LONG = re.compile(
    r"context[ _](length|window|limit|size)|prompt is too long|too many (input )?tokens"
    r"|maximum number of tokens|maximum input length|must have less than \d+ tokens|request_too_large",
    re.IGNORECASE,
)
_OUT_OF_CREDIT = re.compile(r"insufficient_quota|credit balance is too low", re.IGNORECASE)
_BAD_KEY = re.compile(r"api_key_invalid|api key not valid", re.IGNORECASE)

_RETRY_DELAY = re.compile(r'"retryDelay":\s*"(\d+(?:\.\d+)?)s"')
"""Gemini says in the body what others say in a header."""

_MASK = "***"
"""In a word: a key as providers quote it back, its first and last characters around asterisks."""


class _Answer(NamedTuple):
    """A provider's answer to a failed call.

    Attributes:
        status: HTTP status code.
        message: what it says to people.
        signals: message, codes and types in one text, to search for words in.
        retry_after: seconds that it asks to wait, if it does.
    """

    status: int
    message: str
    signals: str
    retry_after: float | None


def failure_of(error: Exception, *, provider: Provider, secret: str) -> WorkError:
    """The model error that stands for an exception of a model call.

    Args:
        error: what litellm (or the clock around it) raised.
        secret: the key used; it does not get into the detail.

    Returns:
        An error whose detail is at most 500 characters and names the provider.
    """
    chain = list(_chain(error))
    refusal = next((link for link in chain if isinstance(link, OutboundRefused)), None)
    if refusal is not None:
        return OutboundRefused(_detail(f"{provider}: {refusal.detail}", secret))
    answer = _answer(chain)
    if answer is None:
        kind, said = _without_answer(chain, provider)
        return kind(_detail(said, secret))
    kind = _kind(answer)
    said = f"{provider} answered {answer.status}: {answer.message}".removesuffix(": ")
    retry_after = answer.retry_after if issubclass(kind, PlatformFault) else None
    return kind(_detail(said, secret), retry_after=retry_after)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it was raised for, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _answer(chain: list[BaseException]) -> _Answer | None:
    response = next((link.response for link in chain if isinstance(link, httpx.HTTPStatusError)), None)
    if response is not None:
        return _read(response)
    status = getattr(chain[0], "status_code", None)
    if status in _OWN_STATUSES and not any(isinstance(link, httpx.TransportError) for link in chain):
        message = str(chain[-1]) or str(chain[0])
        return _Answer(int(status), message, message, None)
    return None


def _read(response: httpx.Response) -> _Answer:
    try:
        text = response.text
    except httpx.StreamError:
        text = ""
    body = _error_object(text)
    message = body.get("message") or body.get("detail")
    if not isinstance(message, str):
        message = "" if text.lstrip()[:1] in ("<", "{", "[") else text
    return _Answer(
        status=response.status_code,
        message=message,
        signals=" ".join(
            [message, *(str(body.get(key, "")) for key in ("code", "type", "status", "details"))]
        ),
        retry_after=_retry_after(response.headers, text),
    )


def _error_object(text: str) -> Mapping[str, Any]:
    """The object that describes the error in the bodies of all providers; empty if there is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if isinstance(body, list):
        body = body[0] if body else {}
    error = body.get("error", body) if isinstance(body, dict) else {}
    return error if isinstance(error, dict) else {"message": error}


def _kind(answer: _Answer) -> type[WorkError]:
    if answer.status in _REJECTIONS:
        return _rejection(answer)
    if answer.status == 429 and _OUT_OF_CREDIT.search(answer.signals):
        return QuotaExceeded
    if answer.status >= 500:
        return ProviderUnavailable
    return _BY_STATUS.get(answer.status, RequestRejected)


def _rejection(answer: _Answer) -> type[WorkError]:
    if answer.status == 413 or _TOO_LONG.search(answer.signals):
        return ContextWindowExceeded
    if _OUT_OF_CREDIT.search(answer.signals):
        return QuotaExceeded
    return ProviderAuthenticationFailed if _BAD_KEY.search(answer.signals) else RequestRejected


def _without_answer(chain: list[BaseException], provider: Provider) -> tuple[type[WorkError], str]:
    if any(isinstance(link, TimeoutError | httpx.TimeoutException) for link in chain):
        return ProviderUnavailable, f"{provider} did not answer in time."
    if any(isinstance(link, ImportError) for link in chain):
        return RequestRejected, f"{provider} serves this model through an API that is not supported."
    broken = next((link for link in chain if isinstance(link, httpx.TransportError | OSError)), None)
    if broken is not None:
        return ProviderUnavailable, f"The connection to {provider} failed ({type(broken).__name__})."
    return ProviderUnavailable, f"{provider} answered something that cannot be read."


def _retry_after(headers: Mapping[str, str], body: str) -> float | None:
    """Seconds to wait, in the first form that can be read: milliseconds, seconds, an HTTP date, the body."""
    in_body = _RETRY_DELAY.search(body)
    milliseconds = _number(headers.get("retry-after-ms"))
    candidates = (
        None if milliseconds is None else milliseconds / 1000,
        _number(headers.get("retry-after")),
        _seconds_until(headers.get("retry-after")),
        _number(in_body[1]) if in_body else None,
    )
    seconds = next((candidate for candidate in candidates if candidate is not None), None)
    return None if seconds is None else min(max(seconds, 0.0), _MAX_RETRY_AFTER_SECONDS)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": the zone is unknown, the time is UTC
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


def _detail(said: str, secret: str) -> str:
    """One line without the key. The key goes before the cut: half a key is still a secret."""
    for key in {secret, secret.strip()}:
        if len(key) >= _SHORTEST_KEY:
            said = said.replace(key, "[key]")
    said = " ".join("[key]" if _MASK in word else word for word in said.split())
    return said if len(said) <= _MAX_DETAIL_CHARS else said[: _MAX_DETAIL_CHARS - 1] + "…"
