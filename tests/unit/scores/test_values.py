"""Which values fit which configs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.contracts.score_definitions import ScoreKind
from assay.contracts.trace_reviews import ScoreValue
from assay.domain.scores.values import is_step, value_misfit

SINGLE = {"options": [{"key": key, "label": key} for key in "abc"]}
MULTIPLE = SINGLE | {"selection_mode": "multiple"}
TWO_TO_TWO = MULTIPLE | {"min_selections": 2, "max_selections": 2}
PRICE = {"min": 0.1, "max": 1.0, "step": 0.1}


def field_at_fault(kind: str, config: dict[str, Any], **value: Any) -> str | None:
    misfit = value_misfit(ScoreKind(kind), config, ScoreValue(**value))
    return None if misfit is None else misfit.field


@pytest.mark.parametrize(
    ("config", "keys", "fits"),
    [
        (SINGLE, ("a",), True),
        (SINGLE, (), False),
        (SINGLE, ("a", "b"), False),
        (SINGLE, ("z",), False),
        (SINGLE | {"selection_mode": "single"}, ("a", "b"), False),
        (MULTIPLE, ("c", "a", "b"), True),
        (MULTIPLE, (), False),
        (MULTIPLE, ("a", "a"), False),
        (MULTIPLE, ("a", "z"), False),
        (MULTIPLE | {"min_selections": None, "max_selections": None}, ("a",), True),
        (TWO_TO_TWO, ("a",), False),
        (TWO_TO_TWO, ("a", "c"), True),
        (TWO_TO_TWO, ("a", "b", "c"), False),
    ],
)
def test_selections(config: dict[str, Any], keys: tuple[str, ...], fits: bool) -> None:
    fault = field_at_fault("categorical", config, categorical_values=keys)
    assert fault == (None if fits else "categorical_values")


@pytest.mark.parametrize(
    ("config", "number", "fits"),
    [
        ({}, "-999999.999999", True),
        ({"min": None, "max": None, "step": None}, "1.23", True),
        (PRICE, "0.1", True),
        (PRICE, "0.3", True),
        (PRICE, "0.7", True),
        (PRICE, "1", True),
        (PRICE, "0.099999", False),
        (PRICE, "1.000001", False),
        (PRICE, "0.25", False),
        ({"step": 0.000001}, "123456.123457", True),
        ({"step": 3}, "-9", True),
        ({"step": 3}, "-10", False),
        ({"min": 1e-300, "step": 1e-300}, "1", True),
        ({"step": 1e300}, "0", True),
        ({"step": 1e300}, "1", False),
    ],
)
def test_numbers(config: dict[str, Any], number: str, fits: bool) -> None:
    fault = field_at_fault("numeric", config, numeric_value=Decimal(number))
    assert fault == (None if fits else "numeric_value")


@pytest.mark.parametrize("value", [True, False])
def test_truth_values(value: bool) -> None:
    assert field_at_fault("boolean", {}, boolean_value=value) is None


@pytest.mark.parametrize(
    ("kind", "config", "value", "field"),
    [
        ("categorical", SINGLE, {"boolean_value": True}, "categorical_values"),
        ("numeric", {}, {"categorical_values": ("a",)}, "numeric_value"),
        ("boolean", {}, {"numeric_value": Decimal(1)}, "boolean_value"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_at_the_field_that_is_needed(
    kind: str, config: dict[str, Any], value: dict[str, Any], field: str
) -> None:
    assert field_at_fault(kind, config, **value) == field


_floats = st.floats(allow_nan=False, allow_infinity=False)


@given(
    value=st.decimals(-999999, 999999, places=6),
    start=st.none() | st.sampled_from([0.1, -0.3, 1.0, 0.0]) | _floats,
    step=st.sampled_from([0.1, 0.25, 1.0, 0.000001, 3.0]) | _floats.filter(lambda step: step > 0),
)
@example(value=Decimal("0.3"), start=None, step=0.1)
@example(value=Decimal("999999.999999"), start=-1.7e308, step=5e-324)
@example(value=Decimal("0"), start=5e-324, step=1.7e308)
def test_steps_agree_with_fractions(value: Decimal, start: float | None, step: float) -> None:
    steps = (Fraction(value) - Fraction(repr(start or 0.0))) / Fraction(repr(step))
    assert is_step(value, start, step) == (steps.denominator == 1)


@given(
    start=st.decimals(-999, 999, places=3),
    step=st.decimals("0.001", 99, places=3),
    times=st.integers(-1000, 1000),
)
def test_every_multiple_of_the_step_is_one(start: Decimal, step: Decimal, times: int) -> None:
    value = start + times * step
    assert is_step(value, float(start), float(step))
    assert not is_step(value + step / 2, float(start), float(step))
