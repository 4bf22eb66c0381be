"""What every table is made of."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, override
from uuid import UUID

import sqlalchemy
from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

_SURROGATE = re.compile("[\ud800-\udfff]")


class UtcDatetime(TypeDecorator[datetime]):
    """An instant: aware on the way in, UTC on the way out, microseconds.

    SQLite has no zones; there the column holds UTC without saying so.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant as the driver takes it.

        Raises:
            ValueError: the value is naive, so nobody knows which instant it means.
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("An instant needs a UTC offset.")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


@lru_cache(10_000)
def _parse_uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


class Uuid(sqlalchemy.Uuid[UUID]):
    """A UUID.

    On SQLite it is text. Parsing that took a sixth of the time of a list, and a page names the same few
    people and parents again and again, so they are remembered.
    """

    cache_ok = True

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        if dialect.name == "sqlite":
            return _parse_uuid
        return super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]  # SQLAlchemy's gap


JSON_DOCUMENT = JSON(none_as_null=True)
"""A JSON object or array as its text: order of keys and spelling of numbers come back as they were written.
It cannot be compared in SQL; what is searched or sorted has a column of its own."""


class JsonText(TypeDecorator[Any]):
    """Any JSON value as its text, numbers included; null is NULL. Otherwise as `JSON_DOCUMENT`.

    SQLite converts what looks like a number in a column of type JSON: `1.0` would come back as `1`, and an
    integer beyond 64 bits rounded. There the column is of type TEXT.
    """

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else JSON_DOCUMENT)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The value as the column's own type takes it."""
        if value is None or dialect.name != "sqlite":
            return value
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value as it was stored."""
        return value if value is None or dialect.name != "sqlite" else json.loads(value)


class EveryJson(TypeDecorator[Any]):
    """Any JSON value as its text; null is NULL. Never refused: it is what models and other services say.

    PostgreSQL cannot encode lone surrogates, so they are written as escapes; the null character is anyway.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The text of the value."""
        return None if value is None else every_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value as it was stored."""
        return None if value is None else json.loads(value)


def every_json(value: Any) -> str:
    """What `EveryJson` stores of a value: compact, letters as letters."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


FOLDED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on both databases, whatever the locale."""


def choice(values: type[StrEnum], name: str) -> Enum:
    """A text column with a CHECK that it holds one of the enum's values."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Root of the tables; gives every constraint a name that a migration can address."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Identified:
    """The column that lists break ties by."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class Authored(Identified):
    """The columns of objects that a user made in a project.

    Attributes:
        created_by_id: None once the user was removed.
    """

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
