"""Property filters, evaluated on one event in Python; `hog` compiles the same ones, the event store has SQL.

    filters = parse_filters(stored_json)
    matches(filters, event.properties, person_properties(event.properties), now=now)

Every operator is a question about the one *text* of a property (`canonical`), so an implementation needs
only that text and the questions (`predicates`). `docs/filters.md` tells users what each operator means.

This file imports nothing: the processes that run Hog load `canonical`, `dates`, `numbers`, `paths` and
`patterns` alone, which need no pydantic.
"""
