"""The declarations as a whole: arities, sharing, and whatever arguments there may be."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogException, Limit, LimitExceeded
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.values import HogError, type_name
from tests.unit.hog.library_values.calls import call, cycle, function_value

ANY = None
SCALAR_RESULTS = {
    "empty": (1, 1), "notEmpty": (1, 1), "isNull": (1, 1), "isNotNull": (1, 1), "typeof": (1, 1),
    "toString": (1, 2), "toInt": (1, 1), "toFloat": (1, 1), "toUUID": (1, 1),
    "has": (2, 2), "indexOf": (2, 2), "arrayStringConcat": (1, 2), "range": (1, 2),
    "jsonParse": (1, 1), "isValidJSON": (1, 1), "jsonStringify": (1, 2), "JSONExtractString": (1, ANY),
    "JSONExtractInt": (1, ANY), "JSONExtractFloat": (1, ANY), "JSONExtractBool": (1, ANY),
    "JSONHas": (1, ANY), "JSONLength": (1, ANY),
    "floor": (1, 2), "round": (1, 2), "randomFloat": (0, 0),
    "equals": (2, 2), "notEquals": (2, 2), "greater": (2, 2), "greaterOrEquals": (2, 2), "less": (2, 2),
    "lessOrEquals": (2, 2), "and": (1, ANY), "or": (1, ANY), "not": (1, 1), "in": (2, 2), "print": (0, ANY),
}  # fmt: skip
SHARING_RESULTS = {
    "ifNull": (2, 2), "coalesce": (1, ANY), "assumeNotNull": (1, 1),
    "keys": (1, 1), "values": (1, 1), "arrayPushBack": (2, 2), "arrayPushFront": (2, 2), "arrayPopBack": (1, 1),
    "arrayPopFront": (1, 1), "arrayMap": (2, 2), "arrayFilter": (2, 2), "arrayExists": (2, 2), "arrayCount": (2, 2),
    "arrayReduce": (3, 3), "arraySort": (1, ANY), "arrayReverseSort": (1, ANY), "arrayReverse": (1, 1),
    "tuple": (0, ANY), "JSONExtract": (2, ANY), "JSONExtractArrayRaw": (1, ANY),
    "min2": (2, 2), "max2": (2, 2), "plus": (2, 2), "minus": (2, 2), "if": (3, 3), "multiIf": (3, ANY),
    "Error": (0, 2), "HogError": (1, 3), "RetryError": (0, 2), "NotImplementedError": (0, 2),
}  # fmt: skip
ALL = SCALAR_RESULTS | SHARING_RESULTS


@pytest.mark.parametrize("name", list(ALL))
def test_what_is_declared(name: str) -> None:
    declared = FUNCTIONS[name]

    assert (declared.least, declared.most) == ALL[name]
    assert declared.scalar is (name in SCALAR_RESULTS)
    assert not declared.internal


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([2**1023 - 1, 1 - 2**1023, 1.7e308, -0.0, math.nan, math.inf]),
    st.text(max_size=10),
    st.sampled_from(["\ud800", "[1]", '{"a": [1]}', "1" * 500, "[" * 500, "UTC"]),
    st.lists(st.integers(0, 3), max_size=3),
    st.tuples(st.text(max_size=2)),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.just({(1, 2): None, None: 1, True: 2}),
    st.builds(cycle),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.just(HogError("Error", "m", [1])),
    st.just(function_value(lambda x: x)),
    st.just(function_value(lambda x, y: [x, y], arity=2)),
)


@given(st.data())
def test_whatever_they_get_they_fail_in_words_or_give_a_value(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(ALL)))
    least, most = ALL[name]
    count = data.draw(st.integers(least, least + 2 if most is None else most))
    arguments = data.draw(st.tuples(*[HOSTILE] * count))
    result, problem, limit = None, "no problem", Limit.NESTING
    try:
        result = call(name, *arguments)
    except HogException as error:
        problem = error.message
    except LimitExceeded as stopped:  # cycles are too deep for comparisons
        limit = stopped.limit
    assert type_name(result)
    assert 5 < len(problem) < 300
    assert limit in (Limit.NESTING, Limit.INTEGER, Limit.MEMORY)


@pytest.mark.parametrize(
    "value", [date.min, date.max, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=str
)
def test_the_first_and_the_last_moment(value: date) -> None:
    for name in ("toString", "toInt", "toFloat", "jsonStringify", "typeof", "print"):
        call(name, value)
    assert call("arraySort", [value, value]) == [value, value]
