"""Projects' own access to model providers."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import SecretStr

from assay.contracts.access import User
from assay.contracts.base import Contract, UtcDatetime
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


class ProviderKey(Contract):
    """A stored key as it can be shown: the secret itself stays sealed.

    Attributes:
        error_message: for a person; None when the state is `ok` or `unknown`.
        masked: enough of the secret to recognise it by.
        azure_endpoint, api_version: Azure OpenAI only; None for the other providers.
        version: grows by one with every change of what calls are made with, and with every check that was
            asked for. Whoever reports on the key says which version the report is about.
        last_used_at: to the minute.
    """

    id: UUID
    project_id: int
    provider: Provider
    name: str
    state: KeyState
    error_message: str | None
    masked: str
    azure_endpoint: str | None
    api_version: str | None
    version: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None
    last_used_at: UtcDatetime | None


class OpenedKey(Contract):
    """A key together with what calls are made with. It lives in memory only, like `ProviderAccess`."""

    key: ProviderKey
    access: ProviderAccess


class ProviderKeyChange(Contract):
    """What changes about a stored key; None leaves a part as it is.

    Attributes:
        api_key: a secret that the provider has just taken: the state becomes `ok`. Without one, a change of
            `azure_endpoint` or `api_version` makes the state `unknown`.
    """

    name: str | None = None
    api_key: SecretStr | None = None
    azure_endpoint: str | None = None
    api_version: str | None = None


class EvaluationBrief(Contract):
    """An evaluation, in one line."""

    id: UUID
    name: str
    enabled: bool


class KeyReport(Contract):
    """What came of reporting what a provider said of a key.

    Attributes:
        told: the report is about the key as it is stored now.
        stopped: evaluations that it put into `error`, each of them for this call alone: whoever gets them
            tells about them. Deleted ones are left out.
    """

    told: bool
    stopped: tuple[EvaluationBrief, ...] = ()


class CheckedKey(Contract):
    """A key after a check that somebody asked for.

    Attributes:
        stopped: as in `KeyReport`.
    """

    key: ProviderKey
    stopped: tuple[EvaluationBrief, ...] = ()


class KeyRemoval(Contract):
    """What came of deleting a key.

    Attributes:
        stopped: as in `KeyReport`.
    """

    stopped: tuple[EvaluationBrief, ...] = ()


class KeyDependents(Contract):
    """What depends on a key.

    Attributes:
        evaluations: those that judge with it.
        alternatives: usable keys for the same provider.
    """

    evaluations: tuple[EvaluationBrief, ...]
    alternatives: tuple[ProviderKey, ...]


class KeyAssignment(Contract):
    """What came of giving a key to evaluations.

    Attributes:
        assigned: evaluations that have the key now.
        enabled: those of them that were switched on.
    """

    assigned: int
    enabled: int
