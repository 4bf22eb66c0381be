"""Which evaluations judge with which provider keys, and how that changes.

Everything that ties a key to an evaluation or to a project's settings, or that removes a key, holds the
project's lock. So a key that was seen under the lock is still there at the end of the transaction, and no
active evaluation loses its key without being told.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import exclusively
from assay.adapters.sql.evaluation_status import locked, stop, switch, touch
from assay.adapters.sql.tables import EvaluationConfigRow, EvaluationRow, ProviderKeyRow
from assay.contracts.evaluations import (
    EvaluationStatus,
    EvaluationType,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.provider_keys import EvaluationBrief, KeyAssignment, KeyState, ProviderKey
from assay.errors import FieldError, NotPossible

_KEY_ATTR = "model_configuration__provider_key_id"

_JUDGES = EvaluationRow.evaluation_type == EvaluationType.LLM_JUDGE
"""Programs need no key, so no key stops them."""


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


async def hand_over(
    session: AsyncSession, key: ProviderKey, replacement: ProviderKey | None
) -> tuple[EvaluationBrief, ...]:
    """Free a key from all its uses, under the lock: before it is deleted.

    Versions of evaluations stay: a key does not decide verdicts.

    Returns:
        The evaluations that this stopped.
    """
    using = EvaluationRow.provider_key_id == key.id
    stopped: tuple[EvaluationBrief, ...] = ()
    if replacement is None:
        stopped = await stop(session, using & _JUDGES, StatusReason.PROVIDER_KEY_DELETED)
    heir = None if replacement is None else replacement.id
    for row in await locked(session, using):
        touch(row)
        row.provider_key_id = heir
    may_be_active = replacement is not None and replacement.state is KeyState.OK
    await session.execute(
        update(EvaluationConfigRow)
        .where(EvaluationConfigRow.active_provider_key_id == key.id)
        .values(active_provider_key_id=heir if may_be_active else None, updated_at=utc_now())
    )
    return stopped


async def stop_refused(session: AsyncSession, key: ProviderKeyRow) -> tuple[EvaluationBrief, ...]:
    """Stop the judges that would judge with a key, under the lock: it has just become `invalid`.

    Those are the ones that name it; while it is the active key, also the ones that name none and are
    configured for its provider, or for no model.

    Returns:
        The evaluations that this stopped.
    """
    using = EvaluationRow.provider_key_id == key.id
    config = await session.get(EvaluationConfigRow, key.project_id, populate_existing=True)
    if config is not None and config.active_provider_key_id == key.id:
        fitting = or_(EvaluationRow.provider.is_(None), EvaluationRow.provider == key.provider)
        using |= EvaluationRow.provider_key_id.is_(None) & fitting
    ours = and_(EvaluationRow.project_id == key.project_id, _JUDGES, using)
    return await stop(session, ours, StatusReason.PROVIDER_KEY_INVALID)


async def is_answered(session: AsyncSession, evaluation: EvaluationRow, reason: StatusReason) -> bool:
    """Whether the project's keys, as they are under the lock, answer what would stop an evaluation.

    What a run met was true when it looked. Since then the evaluation may have got a key, or its key may have
    been mended; neither makes a version. A key in `error` rests, but comes back by itself: it counts.
    """
    if reason is StatusReason.HOG_ERROR or evaluation.evaluation_type is not EvaluationType.LLM_JUDGE:
        return False
    named = evaluation.provider_key_id
    if reason is StatusReason.PROVIDER_KEY_INVALID:
        state = await session.scalar(select(ProviderKeyRow.state).where(ProviderKeyRow.id == named))
        return state is not KeyState.INVALID
    return named is not None or await _has_active_key(session, evaluation)


async def _has_active_key(session: AsyncSession, evaluation: EvaluationRow) -> bool:
    """Whether the project's active key is one that an evaluation without a key of its own judges with."""
    statement = (
        select(ProviderKeyRow.provider)
        .join(EvaluationConfigRow, EvaluationConfigRow.active_provider_key_id == ProviderKeyRow.id)
        .where(
            EvaluationConfigRow.project_id == evaluation.project_id,
            ProviderKeyRow.state.in_((KeyState.OK, KeyState.ERROR)),
        )
    )
    provider = await session.scalar(statement)
    return provider is not None and evaluation.provider in {None, provider}


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
    rows = await locked(session, chosen)
    enabled = 0
    for row in rows:
        touch(row)
        row.provider_key_id = key.id
        if enable and row.status is not EvaluationStatus.ACTIVE:
            switch(row, EvaluationStatus.ACTIVE)
            enabled += 1
        elif not enable and row.status is EvaluationStatus.ERROR:
            switch(row, EvaluationStatus.PAUSED)
    return KeyAssignment(assigned=len(rows), enabled=enabled)


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
