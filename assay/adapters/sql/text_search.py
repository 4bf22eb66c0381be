"""Substring search in SQL without pattern characters, the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class contains_text(GenericFunction[bool]):  # noqa: N801 - named as the SQL function that it is
    """Whether the first text contains the second, character by character.

    Not LIKE: that has wildcards to escape, ignores the case of ASCII letters on SQLite and refuses
    patterns over 50,000 bytes there.
    """

    type = Boolean()
    inherit_cache = True


@compiles(contains_text, "sqlite")
def _on_sqlite(element: contains_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **options)}) > 0)"


@compiles(contains_text, "postgresql")
def _on_postgresql(element: contains_text, compiler: SQLCompiler, **options: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **options)}) > 0)"


def folded(text: str) -> str:
    """`text` without case distinctions, by Unicode's full case folding."""
    return text.casefold()


def contains(column: SQLColumnExpression[str], text: str) -> ColumnElement[bool]:
    """Whether a column contains `text`, exactly as it is."""
    return contains_text(column, text)
