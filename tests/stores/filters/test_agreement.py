"""Python, Hog and SQL answer every filter alike, event by event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from assay.contracts.filters import FilterOperator
from assay.domain.filters.parsing import parse_filters
from assay.domain.filters.patterns import any_of_ignoring_case
from assay.domain.filters.predicates import Filters
from assay.errors import UnsupportedFilter
from tests.stores.events.support import Backend, event
from tests.stores.filters.answers import disagreements
from tests.stores.filters.strategies import CONTAINERS, DATES, NUMBERS, PATTERNS, TEXTS, examples

Example = tuple[list[dict[str, Any]], list[dict[str, Any]]]
RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def usable(raws: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> list[Filters]:
    """Each filter that can be evaluated, as a list of its own."""
    found = []
    for raw in raws:
        try:
            found.append(parse_filters([raw]))
        except UnsupportedFilter:
            continue
    return found


def assert_agreement(backend: Backend, project: int, example: Example) -> None:
    batch, raws = example
    conditions = usable(raws)
    assume(conditions)
    events = [event(project, properties) for properties in batch]
    backend.store.insert(events)

    assert disagreements(backend, project, conditions, events) == []


@settings(RELAXED, max_examples=120)
@given(examples())
def test_embedded(embedded: Backend, new_project: Callable[[], int], example: Example) -> None:
    assert_agreement(embedded, new_project(), example)


@settings(RELAXED, max_examples=15)
@given(examples())
def test_server(server: Backend, new_project: Callable[[], int], example: Example) -> None:
    assert_agreement(server, new_project(), example)


def every_filter(key: str, kind: str) -> Iterator[dict[str, Any]]:
    """Every operator with every value that the pools have for it."""
    values: list[Any] = [*TEXTS, *DATES, *PATTERNS, *NUMBERS, True, False, ["a", 1, True], [0.1, "1"]]
    values += [[low, high] for low in NUMBERS for high in (0, 1.0, 2**63)]
    for operator in FilterOperator:
        for value in values:
            yield {"key": key, "operator": operator.value, "value": value, "type": kind}


@pytest.mark.parametrize(
    ("key", "kind"),
    [("a", "event"), ("a.b", "event"), ("$ai_input", "event"), ("a", "person")],
    ids=["json column", "text", "long value", "person"],
)
def test_every_value_against_every_filter(
    embedded: Backend, new_project: Callable[[], int], key: str, kind: str
) -> None:
    values = [*TEXTS, *DATES, *NUMBERS, *CONTAINERS, True, False, None]
    objects = [{}, *({key: value} for value in values)]
    if kind == "person":
        objects = [
            *({"$set": properties, "$set_once": {key: 1}} for properties in objects),
            *({"$set_once": properties} for properties in objects),
        ]
    project = new_project()
    events = [event(project, properties) for properties in objects]
    embedded.store.insert(events)

    conditions = usable(every_filter(key, kind))
    for start in range(0, len(conditions), 100):
        assert disagreements(embedded, project, conditions[start : start + 100], events) == []


def cased_pairs() -> list[tuple[str, str]]:
    """Characters and the ones that Unicode calls another case of them."""
    found = set()
    for code in range(sys.maxunicode + 1):
        one = chr(code)
        for other in (one.lower(), one.upper(), one.title(), one.casefold()):
            if len(other) == 1 and other != one:
                found |= {(one, other), (other, one)}
    return sorted(found)


def test_letters_of_every_script_fold_alike(embedded: Backend) -> None:
    """`icontains` compares letters by RE2's own table, which the two engines carry in two versions."""
    pairs = cased_pairs()
    python = [any_of_ignoring_case([sought]).found_in(text) for text, sought in pairs]
    sql: list[bool] = []
    for start in range(0, len(pairs), 400):
        some = pairs[start : start + 400]
        [row] = embedded.connection.query(
            "SELECT arrayMap((text, pattern) -> match(text, pattern), {texts:Array(String)}, {patterns:Array(String)}) AS found",
            texts=[text for text, _ in some],
            patterns=[any_of_ignoring_case([sought]).text for _, sought in some],
        )
        sql += map(bool, row["found"])

    assert [pair for pair, ours, theirs in zip(pairs, python, sql, strict=True) if ours is not theirs] == []
    assert sum(python) > 2_000
