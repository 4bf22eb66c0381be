"""Which evaluations judge with which provider keys, and how that changes.

Everything that ties a key to an evaluation or to a project's settings, or that removes a key, holds the
project's lock. So a key that was seen under the lock is still there at the end of the transaction, and no
active evaluation loses its key without being told.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import exclusively
from assay.adapters.sql.tables import EvaluationConfigRow, EvaluationRow, ProviderKeyRow
from assay.contracts.evaluations import EvaluationStatus, ModelConfiguration, Provider, StatusReason
from assay.contracts.provider_keys import EvaluationBrief, KeyAssignment, KeyState, ProviderKey
from assay.errors import FieldError, NotPossible

_KEY_ATTR = "model_configuration__provider_key_id"


async def lock(session: AsyncSession, project_id: int) -> None:
    """Let one transaction at a time decide what uses which key of a project; take it before any row lock."""
    await exclusively(session, f"assay provider key use {project_id}")


async def require_usable(session: AsyncSession, project_id: int, model: ModelConfiguration) -> None:
    """Check, under the lock, that an evaluation may judge with the key that it names.

    Raises:
        FieldError: the project has no such key, or it is for another provider.
    """
    if model.provider_key_id is None:
        return
    provider = await session.scalar(
        select(ProviderKeyRow.provider).where(
            ProviderKeyRow.project_id == project_id, ProviderKeyRow.id == model.provider_key_id
        )
    )
    if provider is None:
        raise FieldError("Provider key not found.", attr=_KEY_ATTR)
    if provider != model.provider:
        raise FieldError(f"This key is for {provider}, not for {model.provider}.", attr=_KEY_ATTR)


async def activate(session: AsyncSession, project_id: int, key_id: UUID) -> None:
    """Make a key the project's active one, under the lock."""
    await ensure_config(session, project_id)
    await session.execute(
        update(EvaluationConfigRow)
        .where(EvaluationConfigRow.project_id == project_id)
        .values(active_provider_key_id=key_id, updated_at=utc_now())
    )


async def ensure_config(session: AsyncSession, project_id: int) -> None:
    """Make the project's row of evaluation settings if it is missing, under the lock."""
    if await session.get(EvaluationConfigRow, project_id) is None:
        now = utc_now()
        session.add(EvaluationConfigRow(project_id=project_id, created_at=now, updated_at=now))
        await session.flush()


def require_replaceable(key: ProviderKey, replacement: ProviderKey | None) -> None:
    """Check that one key can take over what another is used for.

    Raises:
        NotPossible: there is no replacement, it is the key itself or one for another provider.
    """
    if replacement is None:
        raise NotPossible("The replacement key was not found.")
    if replacement.id == key.id:
        raise NotPossible("A key cannot replace itself.")
    if replacement.provider != key.provider:
        raise NotPossible(f"The replacement key is for {replacement.provider}, not for {key.provider}.")


async def hand_over(session: AsyncSession, key: ProviderKey, replacement: ProviderKey | None) -> None:
    """Free a key from all its uses, under the lock: before it is deleted.

    Versions of evaluations stay: a key does not decide verdicts.
    """
    now = utc_now()
    using = EvaluationRow.provider_key_id == key.id
    if replacement is None:
        await session.execute(
            update(EvaluationRow)
            .where(using, EvaluationRow.status == EvaluationStatus.ACTIVE)
            .values(
                enabled=False,
                status=EvaluationStatus.ERROR,
                status_reason=StatusReason.PROVIDER_KEY_DELETED,
            )
        )
    heir = None if replacement is None else replacement.id
    await session.execute(update(EvaluationRow).where(using).values(provider_key_id=heir, updated_at=now))
    may_be_active = replacement is not None and replacement.state is KeyState.OK
    await session.execute(
        update(EvaluationConfigRow)
        .where(EvaluationConfigRow.active_provider_key_id == key.id)
        .values(active_provider_key_id=heir if may_be_active else None, updated_at=now)
    )


async def assign(
    session: AsyncSession, key: ProviderKey, evaluation_ids: Sequence[UUID], *, enable: bool
) -> KeyAssignment:
    """Give a key to evaluations whose model is its provider's, under the lock.

    Those in `error` become `paused`; with `enable`, all of them become `active`.
    """
    chosen = and_(
        EvaluationRow.project_id == key.project_id,
        EvaluationRow.id.in_(evaluation_ids),
        EvaluationRow.provider == key.provider,
        ~EvaluationRow.deleted,
    )
    assigned = await session.execute(
        update(EvaluationRow)
        .where(chosen)
        .values(provider_key_id=key.id, updated_at=utc_now())
        .returning(EvaluationRow.id)
    )
    status = EvaluationStatus.ACTIVE if enable else EvaluationStatus.PAUSED
    affected = EvaluationRow.status != status if enable else EvaluationRow.status == EvaluationStatus.ERROR
    switched = await session.execute(
        update(EvaluationRow)
        .where(chosen, affected)
        .values(enabled=enable, status=status, status_reason=None)
        .returning(EvaluationRow.id)
    )
    return KeyAssignment(assigned=len(assigned.all()), enabled=len(switched.all()) if enable else 0)


async def evaluations_with(session: AsyncSession, key: ProviderKey) -> list[EvaluationBrief]:
    """Evaluations that judge with a key, newest first."""
    return await _briefs(session, _visible(key.project_id, EvaluationRow.provider_key_id == key.id))


async def evaluations_without_key(
    session: AsyncSession, project_id: int, provider: Provider, *, limit: int
) -> list[EvaluationBrief]:
    """Evaluations with a model of this provider and no key, newest first."""
    on_trial = and_(EvaluationRow.provider == provider, EvaluationRow.provider_key_id.is_(None))
    return await _briefs(session, _visible(project_id, on_trial).limit(limit))


def _visible(project_id: int, condition: ColumnElement[bool]) -> Select[UUID, str, bool]:
    return (
        select(EvaluationRow.id, EvaluationRow.name, EvaluationRow.enabled)
        .where(EvaluationRow.project_id == project_id, ~EvaluationRow.deleted, condition)
        .order_by(EvaluationRow.created_at.desc(), EvaluationRow.id)
    )


async def _briefs(session: AsyncSession, found: Select[UUID, str, bool]) -> list[EvaluationBrief]:
    rows = await session.execute(found)
    return [EvaluationBrief(id=id_, name=name, enabled=enabled) for id_, name, enabled in rows]
