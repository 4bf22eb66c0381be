"""Evaluations in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Nullable, Select, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import provider_key_use as key_use
from assay.adapters.sql import records
from assay.adapters.sql.authors import with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database
from assay.adapters.sql.evaluation_status import locked, switch
from assay.adapters.sql.lists import NEWEST_FIRST, Orders, counted_page, search
from assay.adapters.sql.storable import check_spec
from assay.adapters.sql.tables import EvaluationRow, MembershipRole, ProviderKeyRow, UserRow
from assay.adapters.sql.text_search import folded
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationQuery,
    EvaluationSpec,
    EvaluationStatus,
    StatusReason,
)
from assay.domain.evaluations import State, initial_state, next_state

_ORDERS = Orders(
    {
        "created_at": EvaluationRow.created_at,
        "updated_at": EvaluationRow.updated_at,
        "name": EvaluationRow.name_folded,
    },
    default=NEWEST_FIRST,
)

_JUDGING = EvaluationRow.active_since.is_not(None) & ~EvaluationRow.deleted
"""Said as the index says it, without parameters, so that both databases use it."""

type _Shown = Select[EvaluationRow, UserRow | None, MembershipRole | None, str | None]
"""Evaluations, each with its author, the author's role and the name of its provider key."""


class SqlEvaluations:
    """`assay.ports.EvaluationRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, project_id: int, spec: EvaluationSpec, *, created_by: int | None) -> Evaluation:
        """Store a new evaluation: `active` if enabled, else `paused`; version 1.

        Raises:
            FieldError: a text or number cannot be stored, or the project has no such key for that provider.
            StoreRejected: there is no such project or user.
        """
        check_spec(spec)
        evaluation_id, now = new_id(), utc_now()
        statement = insert(EvaluationRow).values(
            id=evaluation_id,
            project_id=project_id,
            created_at=now,
            updated_at=now,
            created_by_id=created_by,
            **_decided_columns(spec, initial_state(spec, now)),
        )
        async with self._database.write() as session:
            if spec.model_configuration is not None:
                await key_use.lock(session, project_id)
                await key_use.require_usable(session, project_id, spec.model_configuration)
            await session.execute(statement)
            return await _stored(session, project_id, evaluation_id)

    async def get(
        self, project_id: int, evaluation_id: UUID, *, include_deleted: bool = False
    ) -> Evaluation | None:
        """One evaluation, or None."""
        async with self._database.read() as session:
            evaluation = await _find(session, project_id, evaluation_id)
        return None if evaluation is None or (evaluation.deleted and not include_deleted) else evaluation

    async def list(self, project_id: int, query: EvaluationQuery) -> tuple[int, list[Evaluation]]:
        """Number of matching evaluations that are not deleted, and one page of them.

        Orders by name ignore case; equal ones are ordered by id, so pages neither overlap nor leave gaps.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(EvaluationRow.project_id == project_id, ~EvaluationRow.deleted, *_filters(query))
        async with self._database.read() as session:
            count, rows = await counted_page(
                session,
                _shown(),
                EvaluationRow,
                matches=matches,
                query=query,
                orders=_ORDERS,
            )
            return count, [records.evaluation(*row) for row in rows]

    async def active(self, project_id: int) -> Sequence[Evaluation]:
        """The active evaluations of a project that are not deleted, oldest first."""
        found = (
            _shown()
            .where(EvaluationRow.project_id == project_id, _JUDGING)
            .order_by(EvaluationRow.created_at, EvaluationRow.id)
        )
        async with self._database.read() as session:
            return [records.evaluation(*row) for row in await session.execute(found)]

    async def projects_with_active(self) -> Sequence[int]:
        """The projects that have such evaluations, in ascending order."""
        found = select(EvaluationRow.project_id).distinct().where(_JUDGING)
        async with self._database.read() as session:
            return (await session.scalars(found.order_by(EvaluationRow.project_id))).all()

    async def true_is_failure(self, project_id: int) -> frozenset[UUID]:
        """The evaluations of a project whose verdict `true` is the bad one, deleted ones included."""
        found = select(EvaluationRow.id, EvaluationRow.output_config).where(
            EvaluationRow.project_id == project_id
        )
        async with self._database.read() as session:
            rows = await session.execute(found)
            return frozenset(row.id for row in rows if row.output_config.get("true_is_failure") is True)

    async def update(
        self, project_id: int, evaluation_id: UUID, change: Callable[[Evaluation], EvaluationSpec]
    ) -> Evaluation | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. It must not wait: others wait for it.

        Raises:
            FieldError: a text or number cannot be stored, or the project has no such key for that provider.
        """
        async with self._database.write() as session:
            await key_use.lock(session, project_id)
            current = await _find(session, project_id, evaluation_id, lock=True)
            if current is None:
                return None
            spec = change(current)
            check_spec(spec)
            if spec.model_configuration is not None:
                await key_use.require_usable(session, project_id, spec.model_configuration)
            now = utc_now_after(current.updated_at)
            await session.execute(
                update(EvaluationRow)
                .where(EvaluationRow.id == evaluation_id)
                .values(updated_at=now, **_decided_columns(spec, next_state(current, spec, now)))
            )
            return await _stored(session, project_id, evaluation_id)

    async def fail(
        self,
        project_id: int,
        evaluation_id: UUID,
        reason: StatusReason,
        *,
        version: int | None = None,
        active_since: datetime | None = None,
    ) -> bool:
        """Put an active evaluation into `error`; True only for the call that made the transition.

        Args:
            version: the only one that this is about; None: whichever is stored.
            active_since: one that has been active for less long is left alone; None: it does not matter.
        """
        meant = [EvaluationRow.project_id == project_id, EvaluationRow.id == evaluation_id]
        meant.append(EvaluationRow.status == EvaluationStatus.ACTIVE)
        if version is not None:
            meant.append(EvaluationRow.version == version)
        if active_since is not None:
            meant.append(EvaluationRow.active_since <= active_since)
        async with self._database.write() as session:
            await key_use.lock(session, project_id)
            rows = await locked(session, and_(*meant))
            if not rows or await key_use.is_answered(session, rows[0], reason):
                return False
            switch(rows[0], EvaluationStatus.ERROR, reason)
            return True


async def _find(
    session: AsyncSession, project_id: int, evaluation_id: UUID, *, lock: bool = False
) -> Evaluation | None:
    statement = _one(project_id, evaluation_id)
    if lock:
        statement = statement.with_for_update(of=EvaluationRow)
    row = (await session.execute(statement)).first()
    return None if row is None else records.evaluation(*row)


async def _stored(session: AsyncSession, project_id: int, evaluation_id: UUID) -> Evaluation:
    """What this transaction has written, as the database keeps it."""
    row = (await session.execute(_one(project_id, evaluation_id))).one()
    return records.evaluation(*row)


def _one(project_id: int, evaluation_id: UUID) -> _Shown:
    return (
        _shown()
        .where(EvaluationRow.project_id == project_id, EvaluationRow.id == evaluation_id)
        .execution_options(populate_existing=True)
    )


def _shown() -> _Shown:
    return (
        with_author(EvaluationRow)
        .outerjoin(ProviderKeyRow, ProviderKeyRow.id == EvaluationRow.provider_key_id)
        .add_columns(Nullable(ProviderKeyRow.name))
    )


def _decided_columns(spec: EvaluationSpec, state: State) -> dict[str, Any]:
    """Columns that follow from what a client decided."""
    model = spec.model_configuration
    return {
        "name": spec.name,
        "name_folded": folded(spec.name),
        "description": spec.description,
        "description_folded": folded(spec.description),
        "enabled": spec.enabled,
        "status": state.status,
        "status_reason": state.status_reason,
        "active_since": state.active_since,
        "evaluation_type": spec.evaluation_type,
        "evaluation_config": spec.evaluation_config,
        "output_type": spec.output_type,
        "output_config": spec.output_config,
        "conditions": list(spec.conditions),
        "provider": None if model is None else model.provider,
        "model": None if model is None else model.model,
        "provider_key_id": None if model is None else model.provider_key_id,
        "deleted": spec.deleted,
        "version": state.version,
    }


def _filters(query: EvaluationQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.enabled is not None:
        filters.append(EvaluationRow.enabled.is_(query.enabled))
    if query.ids is not None:
        filters.append(EvaluationRow.id.in_(query.ids))
    if query.search:
        filters.append(search(query.search, EvaluationRow.name_folded, EvaluationRow.description_folded))
    return filters
