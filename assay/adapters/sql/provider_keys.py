"""Provider keys in SQL: the secrets sealed, everything else in the open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import delete, insert, or_, update

from assay.adapters.sql import provider_key_checks as checks
from assay.adapters.sql import provider_key_use as use
from assay.adapters.sql import records
from assay.adapters.sql.authors import with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import NEWEST_FIRST, Orders, counted_page
from assay.adapters.sql.provider_key_rows import (
    changed_meanwhile,
    find_key,
    is_key,
    lock_key,
    one_key,
    stored_key,
)
from assay.adapters.sql.provider_key_secrets import opened, sealed_columns
from assay.adapters.sql.sealing import Sealer
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import ProviderKeyRow
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
    KeyState,
    OpenedKey,
    ProviderAccess,
    ProviderKey,
    ProviderKeyChange,
)

_USE_RECORDED_EVERY = timedelta(minutes=1)
_ORDERS = Orders({"created_at": ProviderKeyRow.created_at}, default=NEWEST_FIRST)


class SqlProviderKeys:
    """`assay.ports.ProviderKeyRepository` on the registry's database."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def create(
        self,
        project_id: int,
        name: str,
        access: ProviderAccess,
        *,
        created_by: int | None,
        set_as_active: bool = False,
    ) -> ProviderKey:
        """Store a key that its provider has taken; version 1, state `ok`.

        Raises:
            FieldError: a text cannot be stored.
            StoreRejected: there is no such project or user, or an Azure endpoint where there must be none.
        """
        check_value(name, attr="name")
        _check_access(access.api_key, access.azure_endpoint, access.api_version)
        key_id, now = new_id(), utc_now()
        statement = insert(ProviderKeyRow).values(
            id=key_id,
            project_id=project_id,
            created_at=now,
            updated_at=now,
            created_by_id=created_by,
            provider=access.provider,
            name=name,
            state=KeyState.OK,
            azure_endpoint=access.azure_endpoint,
            api_version=access.api_version,
            version=1,
            **sealed_columns(self._sealer, project_id, key_id, access.api_key),
        )
        async with self._database.write() as session:
            if set_as_active:
                await use.lock(session, project_id)
            await session.execute(statement)
            if set_as_active:
                await use.activate(session, project_id, key_id)
            return await stored_key(session, project_id, key_id)

    async def get(self, project_id: int, key_id: UUID) -> ProviderKey | None:
        """One key, or None."""
        async with self._database.read() as session:
            return await find_key(session, project_id, key_id)

    async def list(self, project_id: int, query: ListQuery) -> tuple[int, list[ProviderKey]]:
        """Number of keys, and one page of them, newest first."""
        async with self._database.read() as session:
            count, rows = await counted_page(
                session,
                with_author(ProviderKeyRow),
                ProviderKeyRow,
                matches=ProviderKeyRow.project_id == project_id,
                query=query,
                orders=_ORDERS,
            )
            return count, [records.provider_key(*row) for row in rows]

    async def open(self, project_id: int, key_id: UUID) -> OpenedKey | None:
        """One key with its secret, or None.

        Raises:
            ProviderKeyUnreadable: no configured secret opens it.
        """
        async with self._database.read() as session:
            row = (await session.execute(one_key(project_id, key_id))).first()
            return None if row is None else opened(self._sealer, row[0], records.provider_key(*row))

    async def change(
        self, project_id: int, key_id: UUID, change: ProviderKeyChange, *, checked: int | None = None
    ) -> ProviderKey | None:
        """Change a key under a row lock; None if there is none.

        Raises:
            Conflict: `checked`, the version that the change was decided for, is not the stored one.
            FieldError: a text cannot be stored.
        """
        check_value(change.name, attr="name")
        _check_access(change.api_key, change.azure_endpoint, change.api_version)
        async with self._database.write() as session:
            row = await lock_key(session, project_id, key_id)
            if row is None:
                return None
            if checked not in {None, row.version}:
                raise changed_meanwhile()
            self._apply(row, change)
            await session.flush()
            return await stored_key(session, project_id, key_id)

    def _apply(self, row: ProviderKeyRow, change: ProviderKeyChange) -> None:
        row.updated_at = utc_now_after(row.updated_at)
        if change.name is not None:
            row.name = change.name
        if (change.api_key, change.azure_endpoint, change.api_version) == (None, None, None):
            return
        row.version += 1
        row.error_message = None
        row.state = KeyState.UNKNOWN
        row.azure_endpoint = change.azure_endpoint or row.azure_endpoint
        row.api_version = change.api_version or row.api_version
        if change.api_key is not None:
            columns = sealed_columns(self._sealer, row.project_id, row.id, change.api_key)
            row.sealed, row.sealed_with = columns["sealed"], columns["sealed_with"]
            row.masked = columns["masked"]
            row.state = KeyState.OK

    async def report(self, project_id: int, key_id: UUID, check: KeyCheck, *, version: int) -> KeyReport:
        """Record what a provider said of this version of a key; nothing is told if the key is another by now.

        An `invalid` key stays as it is, whatever else is reported. One that becomes `invalid` stops the
        evaluations that would judge with it.
        """
        async with self._database.write() as session:
            return await checks.report(session, project_id, key_id, check, version)

    async def recheck(
        self, project_id: int, key_id: UUID, check: KeyCheck, *, version: int
    ) -> CheckedKey | None:
        """Like `report`, for a check that somebody asked for; None if there is no such key.

        Raises:
            Conflict: the key is another by now.
        """
        async with self._database.write() as session:
            return await checks.recheck(session, project_id, key_id, check, version)

    async def record_use(self, key: ProviderKey) -> None:
        """Note that the key is used, at most once a minute."""
        now = utc_now()
        lately = now - _USE_RECORDED_EVERY
        if key.last_used_at is not None and key.last_used_at >= lately:
            return
        not_lately = or_(ProviderKeyRow.last_used_at.is_(None), ProviderKeyRow.last_used_at < lately)
        async with self._database.write() as session:
            await session.execute(
                update(ProviderKeyRow)
                .where(is_key(key.project_id, key.id), not_lately)
                .values(last_used_at=now)
            )

    async def delete(
        self, project_id: int, key_id: UUID, *, replacement_id: UUID | None = None
    ) -> KeyRemoval | None:
        """Remove a key for good; None if there is none. What used it goes over to the replacement.

        Raises:
            NotPossible: the replacement is unknown, the key itself or one for another provider.
        """
        async with self._database.write() as session:
            await use.lock(session, project_id)
            key = await find_key(session, project_id, key_id)
            if key is None:
                return None
            replacement = None
            if replacement_id is not None:
                replacement = await find_key(session, project_id, replacement_id)
                use.require_replaceable(key, replacement)
            stopped = await use.hand_over(session, key, replacement)
            await session.execute(delete(ProviderKeyRow).where(is_key(project_id, key_id)))
            return KeyRemoval(stopped=stopped)

    async def dependents(self, project_id: int, key_id: UUID) -> KeyDependents | None:
        """What depends on a key; None if there is none. Deleted evaluations do not count."""
        async with self._database.read() as session:
            key = await find_key(session, project_id, key_id)
            if key is None:
                return None
            rows = await session.execute(
                with_author(ProviderKeyRow)
                .where(
                    ProviderKeyRow.project_id == project_id,
                    ProviderKeyRow.provider == key.provider,
                    ProviderKeyRow.state == KeyState.OK,
                    ProviderKeyRow.id != key_id,
                )
                .order_by(ProviderKeyRow.created_at.desc(), ProviderKeyRow.id)
            )
            return KeyDependents(
                evaluations=tuple(await use.evaluations_with(session, key)),
                alternatives=tuple(records.provider_key(*row) for row in rows),
            )

    async def on_trial(self, project_id: int, provider: Provider, *, limit: int) -> Sequence[EvaluationBrief]:
        """Evaluations with a model of this provider and no key of their own, newest first."""
        async with self._database.read() as session:
            return await use.evaluations_without_key(session, project_id, provider, limit=limit)

    async def assign(
        self, project_id: int, key_id: UUID, evaluation_ids: Sequence[UUID], *, enable: bool
    ) -> KeyAssignment | None:
        """Give a key to those of the evaluations whose model is its provider's; None without such a key."""
        async with self._database.write() as session:
            await use.lock(session, project_id)
            key = await find_key(session, project_id, key_id)
            return None if key is None else await use.assign(session, key, evaluation_ids, enable=enable)


def _check_access(api_key: SecretStr | None, azure_endpoint: str | None, api_version: str | None) -> None:
    check_value(None if api_key is None else api_key.get_secret_value(), attr="api_key")
    check_value(azure_endpoint, attr="azure_endpoint")
    check_value(api_version, attr="api_version")
