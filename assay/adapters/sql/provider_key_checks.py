"""What providers say of keys, and what follows for the evaluations that judge with them.

A key and its evaluations change in one transaction, under the project's lock: nobody sees a refused key that
active evaluations still wait for, and one call alone learns which of them it stopped.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import provider_key_use as use
from assay.adapters.sql.clock import utc_now_after
from assay.adapters.sql.provider_key_rows import changed_meanwhile, lock_key, stored_key
from assay.adapters.sql.tables import ProviderKeyRow
from assay.contracts.provider_keys import CheckedKey, EvaluationBrief, KeyCheck, KeyReport, KeyState


async def report(
    session: AsyncSession, project_id: int, key_id: UUID, check: KeyCheck, version: int
) -> KeyReport:
    """Record what a run learned about a version of a key; see `ProviderKeyRepository.report`."""
    row = await _locked(session, project_id, key_id, check)
    if row is None or row.version != version:
        return KeyReport(told=False)
    if row.state is KeyState.INVALID:
        return KeyReport(told=check.state is KeyState.INVALID)
    return KeyReport(told=True, stopped=await _record(session, row, check))


async def recheck(
    session: AsyncSession, project_id: int, key_id: UUID, check: KeyCheck, version: int
) -> CheckedKey | None:
    """Record what somebody asked to know; see `ProviderKeyRepository.recheck`.

    Raises:
        Conflict: the key is another by now.
    """
    row = await _locked(session, project_id, key_id, check)
    if row is None:
        return None
    if row.version != version:
        raise changed_meanwhile()
    row.version += 1
    stopped = await _record(session, row, check)
    return CheckedKey(key=await stored_key(session, project_id, key_id), stopped=stopped)


async def _locked(
    session: AsyncSession, project_id: int, key_id: UUID, check: KeyCheck
) -> ProviderKeyRow | None:
    if check.state is KeyState.INVALID:
        await use.lock(session, project_id)
    return await lock_key(session, project_id, key_id)


async def _record(session: AsyncSession, row: ProviderKeyRow, check: KeyCheck) -> tuple[EvaluationBrief, ...]:
    becomes_invalid = check.state is KeyState.INVALID and row.state is not KeyState.INVALID
    row.state, row.error_message = check.state, check.error_message
    row.updated_at = utc_now_after(row.updated_at)
    await session.flush()
    return await use.stop_refused(session, row) if becomes_invalid else ()
