"""Calling functions of the standard library, alone and in programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine

NOW = datetime(2026, 3, 29, 12, 30, 15, 123456, tzinfo=UTC)
"""What the clock of every machine here shows."""


def walls(first: str, last: str) -> st.SearchStrategy[datetime]:
    """Times on a wall between two ISO dates, without a zone."""
    return st.datetimes(datetime.fromisoformat(first), datetime.fromisoformat(last))


def machine() -> HogMachine:
    return HogMachine(now=lambda: NOW)


def call(name: str, *arguments: Any) -> Any:
    return FUNCTIONS[name].implementation(machine(), *arguments)


def run(source: str) -> Any:
    return machine().load(compile_source(source).bytecode).run({}, Limits())


def at(text: str, zone: str = "UTC") -> Any:
    """The moment that a text names; a zone is also that of its clocks."""
    return call("toDateTime", text, zone)
