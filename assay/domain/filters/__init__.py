"""Property filters, evaluated on one event in Python; the event store evaluates the same ones in SQL.

    filters = parse_filters(stored_json)
    matches(filters, event.properties, person_properties(event.properties), now=now)

Every operator is a question about the one *text* of a property (`canonical`), so an implementation needs
only that text and the questions (`predicates`). `docs/filters.md` tells users what each operator means.
"""

from __future__ import annotations

from assay.domain.filters.canonical import text_of
from assay.domain.filters.matching import matches, person_properties
from assay.domain.filters.parsing import parse_filters
from assay.domain.filters.predicates import Filter, Filters

__all__ = ["Filter", "Filters", "matches", "parse_filters", "person_properties", "text_of"]
