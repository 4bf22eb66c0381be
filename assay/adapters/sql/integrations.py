"""Projects' integrations in SQL: the tokens sealed, everything else in the open."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, delete, select

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.integration_secrets import opened, sealed_columns
from assay.adapters.sql.sealing import Sealer
from assay.adapters.sql.storable import MAX_INTEGER, check_value
from assay.adapters.sql.tables import IntegrationRow
from assay.adapters.sql.upserts import inserting
from assay.contracts.integrations import Integration, IntegrationKind


class SqlIntegrations:
    """`assay.ports.IntegrationRepository` on the registry's database."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def add(
        self, project_id: int, kind: IntegrationKind, *, name: str, token: SecretStr
    ) -> Integration:
        """Store an integration, or put a new token to the one of the same kind and name.

        Raises:
            FieldError: the name or the token cannot be stored.
            StoreRejected: there is no such project, or the name is empty or longer than 255 characters.
        """
        check_value(name, attr="name")
        check_value(token.get_secret_value(), attr="token")
        now = utc_now()
        place = {"project_id": project_id, "kind": kind, "name": name}
        renewed = {**sealed_columns(self._sealer, project_id, kind, name, token), "updated_at": now}
        async with self._database.write() as session:
            statement = (
                inserting(session, IntegrationRow)
                .values(**place, **renewed, created_at=now)
                .on_conflict_do_update(index_elements=[*place], set_=renewed)
                .returning(IntegrationRow)
            )
            return _integration((await session.scalars(statement)).one())

    async def get(self, project_id: int, integration_id: int) -> Integration | None:
        """One integration, or None."""
        row = await self._find(project_id, integration_id)
        return None if row is None else _integration(row)

    async def token(self, project_id: int, integration_id: int) -> SecretStr | None:
        """The token of an integration; None if there is none.

        Raises:
            ProviderKeyUnreadable: the secret that it is sealed with is not configured here.
        """
        row = await self._find(project_id, integration_id)
        return None if row is None else opened(self._sealer, row)

    async def remove(self, project_id: int, integration_id: int) -> bool:
        """Remove one; False if there was none."""
        if not _can_be_an_id(integration_id):
            return False
        statement = (
            delete(IntegrationRow)
            .where(_is_integration(project_id, integration_id))
            .returning(IntegrationRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(statement) is not None

    async def list(self, project_id: int) -> list[Integration]:
        """All of a project, oldest first."""
        statement = (
            select(IntegrationRow).where(IntegrationRow.project_id == project_id).order_by(IntegrationRow.id)
        )
        async with self._database.read() as session:
            return [_integration(row) for row in await session.scalars(statement)]

    async def _find(self, project_id: int, integration_id: int) -> IntegrationRow | None:
        if not _can_be_an_id(integration_id):
            return None
        statement = select(IntegrationRow).where(_is_integration(project_id, integration_id))
        async with self._database.read() as session:
            return await session.scalar(statement)


def _can_be_an_id(number: int) -> bool:
    """Whether the column can hold it: clients write any number into delivery targets."""
    return 0 < number <= MAX_INTEGER


def _is_integration(project_id: int, integration_id: int) -> ColumnElement[bool]:
    return and_(IntegrationRow.id == integration_id, IntegrationRow.project_id == project_id)


def _integration(row: IntegrationRow) -> Integration:
    return Integration(**{name: getattr(row, name) for name in Integration.model_fields})
