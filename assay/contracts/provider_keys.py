"""Projects' own access to model providers."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import SecretStr

from assay.contracts.base import Contract
from assay.contracts.evaluations import Provider


class KeyState(StrEnum):
    """What is known about a provider key."""

    UNKNOWN = "unknown"
    OK = "ok"
    INVALID = "invalid"
    ERROR = "error"


class ProviderAccess(Contract):
    """What it takes to call one provider. It lives in memory only: never in a payload, a log or an answer.

    Attributes:
        azure_endpoint: address of the customer's resource; Azure OpenAI only, and needed there.
        api_version: Azure OpenAI's API version; None for the default.
    """

    provider: Provider
    api_key: SecretStr
    azure_endpoint: str | None = None
    api_version: str | None = None


class KeyCheck(Contract):
    """What a provider said about a key.

    Attributes:
        error_message: for a person; None when the state is `ok`.
        error_field: which of the client's fields is at fault; None when the state is `ok`.
    """

    state: KeyState
    error_message: str | None = None
    error_field: Literal["api_key", "azure_endpoint"] | None = None
