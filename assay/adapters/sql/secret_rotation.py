"""Bring what is encrypted at rest under the first of the operator's secrets."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from assay.adapters.sql import integration_secrets, provider_key_secrets
from assay.adapters.sql.database import Database
from assay.adapters.sql.registry import SqlRegistry
from assay.adapters.sql.sealing import Sealer
from assay.adapters.sql.tables import IntegrationRow, ProviderKeyRow
from assay.errors import SetupError

type _SealedRow = ProviderKeyRow | IntegrationRow

_SEALED: dict[type[_SealedRow], tuple[str, str]] = {
    ProviderKeyRow: ("provider key", "provider keys"),
    IntegrationRow: ("integration", "integrations"),
}
"""Everything that is encrypted, and what one and several of it are called."""


class Rotation(NamedTuple):
    """What a rotation did.

    Attributes:
        done: provider keys and integrations that this call brought under the first secret.
        left: those that are still under another one: their secret is known, yet it does not open them, so
            they were altered in the database.
    """

    done: int
    left: int


async def rotate_secrets(registry: SqlRegistry) -> Rotation:
    """Encrypt every provider key and every token of an integration under the first secret.

    Each is a transaction of its own. Servers may go on meanwhile, and the call may be cut off and repeated:
    each is always readable under one of the secrets. A server that stores one while the new secret is not its
    first one leaves work for another call. API keys are hashed, not encrypted: they stay under the secret
    that they were made with.

    Raises:
        SetupError: some are encrypted under secrets that are not configured; nothing was changed.
    """
    database, sealer = registry.database, registry.sealer
    unknown = {
        entity: await _count(database, entity, entity.sealed_with.not_in(sealer.key_ids))
        for entity in _SEALED
    }
    if any(unknown.values()):
        raise SetupError(_missing_secret(unknown))
    done = 0
    for entity in _SEALED:
        done += await _rotate(database, sealer, entity)
    left = [await _count(database, entity, _is_behind(sealer, entity.sealed_with)) for entity in _SEALED]
    return Rotation(done, sum(left))


async def _rotate[Row: ProviderKeyRow | IntegrationRow](
    database: Database, sealer: Sealer, entity: type[Row]
) -> int:
    """Bring the rows of a table under the first secret; how many that were."""
    behind = _is_behind(sealer, entity.sealed_with)
    async with database.read() as session:
        waiting = (await session.scalars(select(entity.id).where(behind))).all()
    done = 0
    for row_id in waiting:
        async with database.write() as session:
            statement = select(entity).where(entity.id == row_id, behind)
            row = (await session.scalars(statement.with_for_update(key_share=True))).first()
            done += row is not None and _seal_anew(sealer, row)
    return done


def _seal_anew(sealer: Sealer, row: _SealedRow) -> bool:
    if isinstance(row, IntegrationRow):
        return integration_secrets.seal_anew(sealer, row)
    return provider_key_secrets.seal_anew(sealer, row)


def _is_behind(sealer: Sealer, sealed_with: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return sealed_with != sealer.current_key_id


async def _count(database: Database, entity: type[_SealedRow], condition: ColumnElement[bool]) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(entity).where(condition)) or 0


def _missing_secret(unknown: dict[type[_SealedRow], int]) -> str:
    counted = [f"{count} {_SEALED[entity][count > 1]}" for entity, count in unknown.items() if count]
    verb = "is" if sum(unknown.values()) == 1 else "are"
    return (
        f"{' and '.join(counted)} {verb} encrypted under a secret that is not in ASSAY_SECRET_KEYS: add it to"
        " the end of the list, or have them stored again or removed. Nothing was changed."
    )
