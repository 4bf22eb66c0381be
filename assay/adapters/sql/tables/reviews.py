"""Score definitions with their versions, trace reviews with their scores, review queues with their items."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import (
    FOLDED_TEXT,
    JSON_DOCUMENT,
    Authored,
    Base,
    UtcDatetime,
    Uuid,
    choice,
)
from assay.contracts.score_definitions import ScoreKind

_DECIMAL_PLACES = 6


class Micros(TypeDecorator[Decimal]):
    """A decimal with six places, exact: SQLite has no decimals, so both databases keep millionths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """The number of millionths.

        Raises:
            ValueError: the value has more places.
        """
        if value is None:
            return None
        millionths = value.scaleb(_DECIMAL_PLACES)
        if millionths != int(millionths):
            raise ValueError("The number has more than six decimal places.")
        return int(millionths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """The decimal, with all six places: `Decimal("4.500000")`."""
        return None if value is None else Decimal(value).scaleb(-_DECIMAL_PLACES)


def _live_index(name: str, *columns: str) -> Index:
    """A unique index over the rows that are not deleted."""
    condition = text("NOT deleted")
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


class ScoreDefinitionRow(Authored, Base):
    """A score definition; its configs are its versions.

    Attributes:
        current_version: number of a version that exists; checked when a transaction ends, because a
            definition and its first version need each other.
    """

    __tablename__ = "score_definitions"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 255", name="name_length"),
        ForeignKeyConstraint(
            ["id", "current_version"],
            ["score_definition_versions.definition_id", "score_definition_versions.version"],
            name="fk_score_definitions_current_version",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        Index(None, "project_id", "name_folded"),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    description: Mapped[str] = mapped_column(Text)
    description_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    kind: Mapped[ScoreKind] = mapped_column(choice(ScoreKind, "kind"))
    archived: Mapped[bool]
    current_version: Mapped[int]


class ScoreDefinitionVersionRow(Base):
    """One version of a definition's config. Nothing updates a row: scores refer to it for what they mean."""

    __tablename__ = "score_definition_versions"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        UniqueConstraint("definition_id", "version"),
        # What scores refer to, so that no score names a version of another definition.
        UniqueConstraint("definition_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    definition_id: Mapped[UUID] = mapped_column(ForeignKey("score_definitions.id"))
    version: Mapped[int]
    config: Mapped[dict[str, Any]] = mapped_column(JSON_DOCUMENT)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class TraceReviewRow(Authored, Base):
    """A review of a trace; a trace has at most one that is not deleted."""

    __tablename__ = "trace_reviews"
    __table_args__ = (
        CheckConstraint("length(trace_id) BETWEEN 1 AND 255", name="trace_id_length"),
        _live_index("uq_trace_reviews_live_trace", "project_id", "trace_id"),
        Index(None, "project_id", "updated_at"),
    )

    trace_id: Mapped[str] = mapped_column(Text)
    trace_id_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    comment: Mapped[str | None] = mapped_column(Text)
    comment_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    deleted: Mapped[bool]


class TraceReviewScoreRow(Base):
    """One score of a review, against one version of a definition. Replaced, never updated."""

    __tablename__ = "trace_review_scores"
    __table_args__ = (
        ForeignKeyConstraint(
            ["definition_id", "definition_version_id"],
            ["score_definition_versions.definition_id", "score_definition_versions.id"],
        ),
        CheckConstraint(
            "CASE WHEN categorical_values IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN numeric_micros IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN boolean_value IS NULL THEN 0 ELSE 1 END = 1",
            name="one_value",
        ),
        CheckConstraint("numeric_micros BETWEEN -999999999999 AND 999999999999", name="numeric_digits"),
        UniqueConstraint("review_id", "definition_id"),
        Index(None, "definition_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    review_id: Mapped[UUID] = mapped_column(ForeignKey("trace_reviews.id"))
    definition_id: Mapped[UUID] = mapped_column(Uuid)
    definition_version_id: Mapped[UUID] = mapped_column(Uuid)
    categorical_values: Mapped[list[str] | None] = mapped_column(JSON_DOCUMENT)
    numeric_value: Mapped[Decimal | None] = mapped_column("numeric_micros", Micros)
    boolean_value: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)


class ReviewQueueRow(Authored, Base):
    """A review queue; names are unique among those that are not deleted."""

    __tablename__ = "review_queues"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 255", name="name_length"),
        _live_index("uq_review_queues_live_name", "project_id", "name"),
        Index(None, "project_id", "name_folded"),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    deleted: Mapped[bool]


class ReviewQueueItemRow(Authored, Base):
    """A trace in a queue; deleted once it is reviewed, removed or its queue is gone."""

    __tablename__ = "review_queue_items"
    __table_args__ = (
        CheckConstraint("length(trace_id) BETWEEN 1 AND 255", name="trace_id_length"),
        _live_index("uq_review_queue_items_live_trace", "project_id", "trace_id"),
        Index(None, "queue_id"),
        Index(None, "project_id", "created_at"),
    )

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("review_queues.id"))
    trace_id: Mapped[str] = mapped_column(Text)
    trace_id_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    deleted: Mapped[bool]
