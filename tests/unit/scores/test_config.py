"""What configs of score definitions may hold, and how they are stored."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.score_definitions import ScoreKind
from assay.domain.scores.config import normalized_config
from assay.errors import FieldError

CATEGORICAL, NUMERIC, BOOLEAN = ScoreKind.CATEGORICAL, ScoreKind.NUMERIC, ScoreKind.BOOLEAN


def options(*keys: str) -> list[dict[str, Any]]:
    return [{"key": key, "label": key.title()} for key in keys]


def multiple(**limits: Any) -> dict[str, Any]:
    return {"options": options("a", "b", "c"), "selection_mode": "multiple", **limits}


ACCEPTED: list[tuple[ScoreKind, Any, Any]] = [
    (
        CATEGORICAL,
        {"options": [{"key": " Very_Good-2 ", "label": " Very good ", "colour": "red"}]},
        {"options": [{"key": "very_good-2", "label": "Very good"}]},
    ),
    (CATEGORICAL, {"options": [{"key": 5, "label": 6}]}, {"options": [{"key": "5", "label": "6"}]}),
    (
        CATEGORICAL,
        {"options": options("a"), "selection_mode": "single", "min_selections": None},
        {"options": options("a"), "selection_mode": "single", "min_selections": None},
    ),
    (
        CATEGORICAL,
        multiple(min_selections="1", max_selections=3.0),
        multiple(min_selections=1, max_selections=3),
    ),
    (
        CATEGORICAL,
        multiple(min_selections=3, max_selections=None),
        multiple(min_selections=3, max_selections=None),
    ),
    (CATEGORICAL, {"options": [{"key": "k" * 128, "label": "l" * 256}]}, None),
    (NUMERIC, {}, {}),
    (NUMERIC, {"min": 1, "max": "1.0", "step": 0.25}, {"min": 1.0, "max": 1.0, "step": 0.25}),
    (NUMERIC, {"min": None, "max": None, "step": None}, {"min": None, "max": None, "step": None}),
    (BOOLEAN, {}, {}),
    (BOOLEAN, {"true_label": " Yes ", "false_label": "No"}, {"true_label": "Yes", "false_label": "No"}),
]

REFUSED: list[tuple[ScoreKind, Any, str, str]] = [
    (CATEGORICAL, [], "config__non_field_errors", "invalid_input"),
    (NUMERIC, "x", "config__non_field_errors", "invalid_input"),
    (NUMERIC, {"": None}, "config", "invalid_input"),
    (CATEGORICAL, {"options": options(*map(str, range(101)))}, "config__options", "max_length"),
    (BOOLEAN, {"true_label": "x" * 257}, "config__true_label", "max_length"),
    (BOOLEAN, 1, "config__non_field_errors", "invalid_input"),
    (CATEGORICAL, {}, "config__options", "required"),
    (CATEGORICAL, {"options": None}, "config__options", "null"),
    (CATEGORICAL, {"options": {}}, "config__options", "not_a_list"),
    (CATEGORICAL, {"options": []}, "config__options", "empty"),
    (CATEGORICAL, {"options": options("a", " A")}, "config__options", "invalid_input"),
    (CATEGORICAL, {"options": ["a"]}, "config__options", "invalid_input"),
    (
        CATEGORICAL,
        {"options": options("a"), "selection_mode": "many"},
        "config__selection_mode",
        "invalid_choice",
    ),
    (CATEGORICAL, {"options": options("a"), "selection_mode": None}, "config__selection_mode", "null"),
    (CATEGORICAL, {"options": options("a"), "min_selections": 1}, "config__min_selections", "invalid_input"),
    (
        CATEGORICAL,
        {"options": options("a"), "selection_mode": "single", "max_selections": 1},
        "config__max_selections",
        "invalid_input",
    ),
    (CATEGORICAL, multiple(min_selections=0), "config__min_selections", "min_value"),
    (CATEGORICAL, multiple(max_selections=0), "config__max_selections", "min_value"),
    (CATEGORICAL, multiple(min_selections=1.5), "config__min_selections", "invalid_input"),
    (CATEGORICAL, multiple(min_selections=4), "config__min_selections", "invalid_input"),
    (CATEGORICAL, multiple(max_selections=4), "config__max_selections", "invalid_input"),
    (CATEGORICAL, multiple(min_selections=3, max_selections=2), "config__max_selections", "invalid_input"),
    (NUMERIC, {"min": 2, "max": 1.5}, "config__max", "invalid_input"),
    (NUMERIC, {"step": 0}, "config__step", "invalid_input"),
    (NUMERIC, {"step": -1}, "config__step", "invalid_input"),
    (NUMERIC, {"min": True}, "config__min", "invalid_input"),
    (NUMERIC, {"max": math.inf}, "config__max", "invalid_input"),
    (NUMERIC, {"min": "x", "step": 0}, "config__min", "invalid_input"),
    (BOOLEAN, {"true_label": None}, "config__true_label", "null"),
    (BOOLEAN, {"false_label": " "}, "config__false_label", "blank"),
    (BOOLEAN, {"true_label": False}, "config__true_label", "invalid_input"),
]


@pytest.mark.parametrize(("kind", "config", "stored"), ACCEPTED)
def test_what_is_accepted_and_how_it_is_stored(kind: ScoreKind, config: Any, stored: Any) -> None:
    normalized = normalized_config(kind, config)
    assert normalized == (config if stored is None else stored)
    assert list(normalized) == list(config)


@pytest.mark.parametrize(("kind", "config", "attr", "code"), REFUSED)
def test_what_is_refused(kind: ScoreKind, config: Any, attr: str, code: str) -> None:
    with pytest.raises(FieldError) as refused:
        normalized_config(kind, config)
    assert (refused.value.attr, refused.value.field_code) == (attr, code)


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ({"label": "x"}, "options[1].key"),
        ({"key": "x"}, "options[1].label"),
        ({"key": None, "label": "x"}, "options[1].key"),
        ({"key": "x", "label": " "}, "options[1].label"),
        ({"key": "two words", "label": "x"}, "options[1].key"),
        ({"key": "x__y", "label": "x"}, "options[1].key"),
        ({"key": "-x", "label": "x"}, "options[1].key"),
        ({"key": "é", "label": "x"}, "options[1].key"),
        ({"key": "x\n", "label": "\0"}, "options[1].label"),
        ({"key": "k" * 129, "label": "x"}, "options[1].key"),
        ({"key": "x", "label": "l" * 257}, "options[1].label"),
        ("x", "options[1]"),
    ],
)
def test_a_bad_option_is_named_in_the_text(option: Any, named: str) -> None:
    with pytest.raises(FieldError) as refused:
        normalized_config(CATEGORICAL, {"options": [*options("a"), option]})
    assert refused.value.attr == "config__options"
    assert refused.value.detail.startswith(f"{named}: ")


@pytest.mark.parametrize("kind", ScoreKind)
def test_unknown_keys_come_before_everything_else(kind: ScoreKind) -> None:
    with pytest.raises(FieldError) as refused:
        normalized_config(
            kind, {"zzz": 1, "passing_rule": {}, "options": None, "step": 0, "true_label": None}
        )
    assert refused.value.attr == "config"
    assert "Unsupported keys" in refused.value.detail
    assert "passing_rule" in refused.value.detail
    assert "zzz" in refused.value.detail


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_numbers = st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from(["1", "2.5", " 3"])
_option = st.fixed_dictionaries(
    {"key": st.text("aB1_- ", min_size=1, max_size=4) | _scalars, "label": st.text(max_size=3) | _scalars}
)
_configs = st.fixed_dictionaries(
    {},
    optional={
        "options": st.lists(_option, max_size=3) | _scalars,
        "selection_mode": st.sampled_from(["single", "multiple"]) | _scalars,
        "min_selections": _numbers | _scalars,
        "max_selections": _numbers | _scalars,
    },
) | st.fixed_dictionaries(
    {}, optional={name: _numbers | _scalars for name in ("min", "max", "step", "true_label", "false_label")}
)


@given(kind=st.sampled_from(ScoreKind), config=_configs)
def test_any_config_is_stored_once_normalised_or_refused_by_name(kind: ScoreKind, config: Any) -> None:
    stored, attr = outcome(kind, config)
    if stored is None:
        assert attr in {"config", *(f"config__{key}" for key in [*config, "options"])}
    else:
        assert outcome(kind, stored) == (stored, None)


def outcome(kind: ScoreKind, config: Any) -> tuple[dict[str, Any] | None, str | None]:
    """The stored form, or the attr of the refusal."""
    try:
        return normalized_config(kind, config), None
    except FieldError as refused:
        return None, refused.attr
