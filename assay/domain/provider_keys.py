"""Rules about projects' keys for model providers that hold without asking anyone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyState, ProviderKey

AZURE_API_VERSION = "2024-10-21"
"""Where none is given: the first generally available version with JSON schemas."""

ERROR_PAUSE = timedelta(minutes=10)
"""How long a key in the state `error` rests before it is tried again."""

_PREFIXES: Mapping[Provider, str] = MappingProxyType({Provider.OPENAI: "sk-", Provider.ANTHROPIC: "sk-ant-"})
"""How keys begin; the other providers promise nothing."""

_SENDABLE = re.compile(r"[!-~]+")
"""What fits into an HTTP header: printable ASCII without blanks."""

_AZURE_SUFFIXES = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_AZURE_HOST = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*")
_SHOWN_CHARS = 4
_MIN_CHARS_TO_SHOW = 9


def key_format_problem(provider: Provider, key: str) -> str | None:
    """What is wrong with a key that can be seen without asking the provider.

    Returns:
        One sentence without the key; None if it looks right.
    """
    if not _SENDABLE.fullmatch(key):
        return "The API key is empty or holds characters that no key has, such as spaces or line breaks."
    prefix = _PREFIXES.get(provider, "")
    if not key.startswith(prefix):
        return f"The API key is not valid: keys of {provider} start with '{prefix}'."
    return None


def masked(key: str) -> str:
    """A key as it may be shown: its first and last four characters, of a short key nothing.

    >>> masked("sk-test-12345")
    'sk-t...2345'
    >>> masked("12345678")
    '****'
    """
    if len(key) < _MIN_CHARS_TO_SHOW:
        return "****"
    return f"{key[:_SHOWN_CHARS]}...{key[-_SHOWN_CHARS:]}"


def is_usable(key: ProviderKey, now: datetime) -> bool:
    """Whether calls are made with a key: it is `ok`, or in `error` and unchanged for `ERROR_PAUSE`.

    An `error` may pass by itself (somebody tops up an account), so it is tried again now and then; a key
    that is `invalid` or `unknown` waits for a person.
    """
    if key.state is KeyState.ERROR:
        return now - key.updated_at >= ERROR_PAUSE
    return key.state is KeyState.OK


def azure_endpoint_problem(url: str, *, vouched: Callable[[str], bool] | None = None) -> str | None:
    """What is wrong with the address of an Azure OpenAI resource.

    Args:
        vouched: tells of any other address whether the operator allows it (gateways, tests); such a one
            may be of any host, and plain http.

    Returns:
        One sentence; None for https on one of Azure's hosts, and for what is vouched for.
    """
    parts = _plain_url(url)
    if parts is None:
        return "The Azure endpoint is not a URL of the form https://<resource>.openai.azure.com."
    scheme, host = parts
    if vouched is not None and vouched(url):
        return None
    if scheme != "https":
        return "The Azure endpoint must use https."
    if not host.endswith(_AZURE_SUFFIXES) or not _AZURE_HOST.fullmatch(host):
        return f"The Azure endpoint must be on a host that ends in {', '.join(_AZURE_SUFFIXES)}."
    return None


def _plain_url(url: str) -> tuple[str, str] | None:
    """Scheme and host of a URL that all parsers read alike: no credentials, query, blanks or backslashes."""
    if not _SENDABLE.fullmatch(url) or re.search(r"[\\@?#]", url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return None
    return parts.scheme, host
