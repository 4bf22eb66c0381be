"""Objects together with who made them."""

from __future__ import annotations

from sqlalchemy import Nullable, Select, and_, select

from assay.adapters.sql import records
from assay.adapters.sql.tables import Authored, MembershipRole, MembershipRow, ProjectRow, UserRow
from assay.contracts.access import User

type WithAuthor[Row: Authored] = Select[Row, UserRow | None, MembershipRole | None]
"""Rows of a table, each with its author and the author's role in the project's organisation."""


def with_author[Row: Authored](row: type[Row]) -> WithAuthor[Row]:
    """All rows of a table, each with its author and the author's role in the project's organisation."""
    in_organization = and_(
        MembershipRow.user_id == UserRow.id, MembershipRow.organization_id == ProjectRow.organization_id
    )
    return (
        select(row, Nullable(UserRow), Nullable(MembershipRow.role))
        .join(ProjectRow, ProjectRow.id == row.project_id)
        .outerjoin(UserRow, UserRow.id == row.created_by_id)
        .outerjoin(MembershipRow, in_organization)
    )


def author_of(user: UserRow | None, role: MembershipRole | None) -> User | None:
    """The author in a row of `with_author`; None if the user was removed."""
    return None if user is None else records.user(user, role)
