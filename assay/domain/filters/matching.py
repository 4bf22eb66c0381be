"""Filters against one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from assay.contracts.filters import FilterType
from assay.domain.filters.canonical import text_of
from assay.domain.filters.predicates import Filters

PERSON_SOURCES: Final = ("$set_once", "$set")
"""Properties of an event that say something about its person; the later ones win."""


def matches(
    filters: Filters,
    properties: Mapping[str, Any],
    person_properties: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Whether all filters hold; no filters hold for everything.

    Never fails, whatever JSON the properties hold (64 levels of it, as ingestion allows).

    Args:
        properties: of the event.
        person_properties: of the person; see the function of that name.
        now: what relative dates count from; aware.
    """
    sources = {FilterType.EVENT: properties, FilterType.PERSON: person_properties}
    return all(entry.accepts(text_of(sources[entry.type].get(entry.key)), now) for entry in filters)


def person_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says about its person: the values in its `$set`, then those in its `$set_once`.

    A null says nothing, and neither does a `$set` or `$set_once` that is not an object.
    """
    found: dict[str, Any] = {}
    for name in PERSON_SOURCES:
        said = properties.get(name)
        if isinstance(said, dict):
            found |= {key: value for key, value in said.items() if text_of(value) is not None}
    return found
