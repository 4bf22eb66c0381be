"""Bring what is encrypted at rest under the first of the operator's secrets."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select

from assay.adapters.sql.database import Database
from assay.adapters.sql.provider_key_secrets import seal_anew
from assay.adapters.sql.registry import SqlRegistry
from assay.adapters.sql.tables import ProviderKeyRow
from assay.errors import SetupError


class Rotation(NamedTuple):
    """What a rotation did.

    Attributes:
        done: provider keys that this call brought under the first secret.
        left: provider keys that are still under another one: their secret is known, yet it does not open
            them, so they were altered in the database.
    """

    done: int
    left: int


async def rotate_secrets(registry: SqlRegistry) -> Rotation:
    """Encrypt every provider key under the first secret, one transaction per key.

    Servers may go on meanwhile, and the call may be cut off and repeated: each key is always readable under
    one of the secrets. A server that stores a key while the new secret is not its first one leaves work for
    another call. API keys are hashed, not encrypted: they stay under the secret that they were made with.

    Raises:
        SetupError: keys are encrypted under secrets that are not configured; nothing was changed.
    """
    database, sealer = registry.database, registry.sealer
    unknown = await _count(database, ProviderKeyRow.sealed_with.not_in(sealer.key_ids))
    if unknown:
        raise SetupError(_missing_secret(unknown))
    behind = ProviderKeyRow.sealed_with != sealer.current_key_id
    async with database.read() as session:
        waiting = (await session.scalars(select(ProviderKeyRow.id).where(behind))).all()
    done = 0
    for key_id in waiting:
        async with database.write() as session:
            statement = select(ProviderKeyRow).where(ProviderKeyRow.id == key_id, behind)
            row = (await session.scalars(statement.with_for_update(key_share=True))).first()
            done += row is not None and seal_anew(sealer, row)
    return Rotation(done, await _count(database, behind))


async def _count(database: Database, condition: ColumnElement[bool]) -> int:
    async with database.read() as session:
        keys = select(func.count()).select_from(ProviderKeyRow)
        return await session.scalar(keys.where(condition)) or 0


def _missing_secret(count: int) -> str:
    what = "1 provider key is" if count == 1 else f"{count} provider keys are"
    return (
        f"{what} encrypted under a secret that is not in ASSAY_SECRET_KEYS: add it to the end of the list, or"
        " have the keys stored again or deleted. Nothing was changed."
    )
