"""Evaluations whose status the engine changes, whatever made it do so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from assay.adapters.sql.clock import utc_now_after
from assay.adapters.sql.tables import EvaluationRow
from assay.contracts.evaluations import EvaluationStatus, StatusReason
from assay.contracts.provider_keys import EvaluationBrief
from assay.domain.evaluations import entered

_LOADED = load_only(
    EvaluationRow.id,
    EvaluationRow.project_id,
    EvaluationRow.name,
    EvaluationRow.evaluation_type,
    EvaluationRow.status,
    EvaluationRow.active_since,
    EvaluationRow.provider,
    EvaluationRow.provider_key_id,
    EvaluationRow.deleted,
    EvaluationRow.version,
    EvaluationRow.updated_at,
    raiseload=True,
)
"""What decides a status. Configurations, which may be large, stay where they are."""


async def locked(session: AsyncSession, which: ColumnElement[bool]) -> Sequence[EvaluationRow]:
    """Evaluations for this transaction to change, without their configurations.

    Others may refer to them meanwhile. The order keeps two transactions from waiting for each other.
    """
    statement = select(EvaluationRow).options(_LOADED).where(which).order_by(EvaluationRow.id)
    return (await session.scalars(statement.with_for_update(key_share=True))).all()


def touch(row: EvaluationRow) -> None:
    """Note that an evaluation changes now."""
    row.updated_at = utc_now_after(row.updated_at)


def switch(row: EvaluationRow, status: EvaluationStatus, reason: StatusReason | None = None) -> None:
    """Put an evaluation into a status that it is not in."""
    touch(row)
    state = entered(status, reason, now=row.updated_at, version=row.version)
    row.enabled = status is EvaluationStatus.ACTIVE
    row.status, row.status_reason, row.active_since = state.status, state.status_reason, state.active_since


async def stop(
    session: AsyncSession, which: ColumnElement[bool], reason: StatusReason
) -> tuple[EvaluationBrief, ...]:
    """Put the active ones among some evaluations into `error`.

    Returns:
        Those that made the transition and are not deleted: what somebody is to be told about.
    """
    rows = await locked(session, which & (EvaluationRow.status == EvaluationStatus.ACTIVE))
    for row in rows:
        switch(row, EvaluationStatus.ERROR, reason)
    await session.flush()
    return tuple(EvaluationBrief(id=row.id, name=row.name, enabled=False) for row in rows if not row.deleted)
