"""Where projects' own keys for model providers are kept, and which of them is the active one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from assay.contracts.evaluation_config import EvaluationConfig
from assay.contracts.evaluations import Provider
from assay.contracts.lists import ListQuery
from assay.contracts.provider_keys import (
    CheckedKey,
    EvaluationBrief,
    KeyAssignment,
    KeyCheck,
    KeyDependents,
    KeyRemoval,
    KeyReport,
    OpenedKey,
    ProviderAccess,
    ProviderKey,
    ProviderKeyChange,
)


class ProviderKeyRepository(Protocol):
    """Provider keys of all projects, sealed. No call of it waits for a provider."""

    async def create(
        self,
        project_id: int,
        name: str,
        access: ProviderAccess,
        *,
        created_by: int | None,
        set_as_active: bool = False,
    ) -> ProviderKey:
        """Store a key that its provider has taken; version 1, state `ok`."""

    async def get(self, project_id: int, key_id: UUID) -> ProviderKey | None:
        """One key, or None."""

    async def list(self, project_id: int, query: ListQuery) -> tuple[int, list[ProviderKey]]:
        """Number of keys, and one page of them, newest first."""

    async def open(self, project_id: int, key_id: UUID) -> OpenedKey | None:
        """One key with its secret, or None; `ProviderKeyUnreadable` if no configured secret opens it."""

    async def change(
        self, project_id: int, key_id: UUID, change: ProviderKeyChange, *, checked: int | None = None
    ) -> ProviderKey | None:
        """Change a key under a row lock; None if there is none.

        `Conflict` if `checked`, the version that the change was decided for, is not the stored one.
        """

    async def report(self, project_id: int, key_id: UUID, check: KeyCheck, *, version: int) -> KeyReport:
        """Record what a provider said of this version of a key; nothing is told if the key is another by now.

        An `invalid` key stays `invalid`, whatever else is reported: nothing is told then, either. A key that
        becomes `invalid` takes the active evaluations that would judge with it along, in one transaction:
        they are put into `error` (`provider_key_invalid`). Those are the ones that name it and, while it is
        the active key, the ones without a key and with a model of its provider, or with none.
        """

    async def recheck(
        self, project_id: int, key_id: UUID, check: KeyCheck, *, version: int
    ) -> CheckedKey | None:
        """Like `report`, for a check that somebody asked for; None if there is no such key.

        The version grows, so that what runs under way have to say no longer counts. `Conflict` if the key
        is another by now.
        """

    async def record_use(self, key: ProviderKey) -> None:
        """Note that the key is used, at most once a minute."""

    async def delete(
        self, project_id: int, key_id: UUID, *, replacement_id: UUID | None = None
    ) -> KeyRemoval | None:
        """Remove a key for good; None if there is none.

        What used it goes over to the replacement. Without one, active judges are put into `error`
        (`provider_key_deleted`) and all evaluations lose the key. `NotPossible` if the replacement cannot
        replace it.
        """

    async def dependents(self, project_id: int, key_id: UUID) -> KeyDependents | None:
        """What depends on a key; None if there is none. Deleted evaluations do not count."""

    async def on_trial(self, project_id: int, provider: Provider, *, limit: int) -> Sequence[EvaluationBrief]:
        """Evaluations with a model of this provider and no key of their own, newest first."""

    async def assign(
        self, project_id: int, key_id: UUID, evaluation_ids: Sequence[UUID], *, enable: bool
    ) -> KeyAssignment | None:
        """Give a key to those of the evaluations whose model is its provider's; None if there is no such key.

        Those in `error` become `paused`; with `enable`, all of them become `active`.
        """


class EvaluationConfigRepository(Protocol):
    """One row of evaluation settings per project, made when it is first looked at."""

    async def get(self, project_id: int) -> EvaluationConfig:
        """The settings of a project."""

    async def set_active_key(self, project_id: int, key_id: UUID) -> EvaluationConfig:
        """Make a key the active one; `NotFound` if there is none, `NotPossible` unless its state is `ok`."""

    async def open_active_key(self, project_id: int) -> OpenedKey | None:
        """The active key with its secret; None if the project has none, or it is not `is_usable` now."""
