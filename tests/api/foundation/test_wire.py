"""Fields of requests: accepted spellings, exact refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api_shim.problems import InvalidInput, field_map, validated
from assay.contracts.wire import (
    Boolean,
    Choice,
    FormText,
    Instant,
    Integer,
    Items,
    JsonObject,
    JsonValue,
    Number,
    RequestModel,
    Text,
    Uuid,
    iso_utc,
)
from assay.contracts.wire_json import MAX_DEPTH

ID = UUID("0198c0de-0000-7000-8000-000000000001")


class Color(StrEnum):
    RED = "red"


class Inner(RequestModel):
    key: Annotated[str, Text()]


class Form(RequestModel):
    name: Annotated[str, Text(max_length=5)] = ""
    note: Annotated[str, Text(blank=True)] = ""
    maybe: Annotated[str, Text()] | None = None
    flag: Boolean = False
    count: Annotated[int, Integer(10, 10_000)] = 10
    share: Annotated[float, Number(0, 100)] = 0
    color: Annotated[Color, Choice()] = Color.RED
    id: Uuid | None = None
    at: Instant | None = None
    options: JsonObject | None = None
    anything: JsonValue | None = None
    names: Annotated[list[Annotated[str, Text()]], Items(max_items=2)] | None = None
    inner: Inner | None = None
    inners: Annotated[list[Inner], Items()] | None = None


class Strict(RequestModel):
    name: Annotated[str, Text()]
    color: Annotated[Color, Choice()]


def refusals(data: Any, model: type[RequestModel] = Form) -> list[tuple[str | None, str, str]]:
    with pytest.raises(InvalidInput) as caught:
        validated(model, data)
    return [(problem.attr, problem.code, problem.detail) for problem in caught.value.problems]


DATETIME_FORMAT = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
NOT_NULL = ("null", "This field may not be null.")
NUL = ("null_characters_not_allowed", "Null characters are not allowed.")


@pytest.mark.parametrize(
    ("field", "value", "code", "detail"),
    [
        ("name", None, *NOT_NULL),
        ("name", "", "blank", "This field may not be blank."),
        ("name", " \t\n", "blank", "This field may not be blank."),
        ("name", "abcdef", "max_length", "Ensure this field has no more than 5 characters."),
        ("name", 123456, "max_length", "Ensure this field has no more than 5 characters."),
        ("name", ["a"], "invalid_input", "Not a valid string."),
        ("name", {"a": 1}, "invalid_input", "Not a valid string."),
        ("name", True, "invalid_input", "Not a valid string."),
        ("name", "a\0b", *NUL),
        ("note", None, *NOT_NULL),
        ("flag", None, *NOT_NULL),
        ("flag", "maybe", "invalid_input", "Must be a valid boolean."),
        ("flag", 2, "invalid_input", "Must be a valid boolean."),
        ("flag", "", "invalid_input", "Must be a valid boolean."),
        ("flag", [], "invalid_input", "Must be a valid boolean."),
        ("count", 60.5, "invalid_input", "A valid integer is required."),
        ("count", "abc", "invalid_input", "A valid integer is required."),
        ("count", True, "invalid_input", "A valid integer is required."),
        ("count", "9" * 1001, "invalid_input", "A valid integer is required."),
        ("count", None, *NOT_NULL),
        ("count", 9, "min_value", "Ensure this value is greater than or equal to 10."),
        ("count", 10_001, "max_value", "Ensure this value is less than or equal to 10000."),
        ("share", "much", "invalid_input", "A valid number is required."),
        ("share", "nan", "invalid_input", "A valid number is required."),
        ("share", "inf", "invalid_input", "A valid number is required."),
        ("share", False, "invalid_input", "A valid number is required."),
        ("share", -0.5, "min_value", "Ensure this value is greater than or equal to 0."),
        ("share", 100.1, "max_value", "Ensure this value is less than or equal to 100."),
        ("color", "zzz", "invalid_choice", '"zzz" is not a valid choice.'),
        ("color", "{zzz}", "invalid_choice", '"{zzz}" is not a valid choice.'),
        ("color", "", "invalid_choice", '"" is not a valid choice.'),
        ("color", "RED", "invalid_choice", '"RED" is not a valid choice.'),
        ("color", ["red"], "invalid_choice", "\"['red']\" is not a valid choice."),
        ("color", None, *NOT_NULL),
        ("id", "zzz", "invalid_input", "Must be a valid UUID."),
        ("id", 5, "invalid_input", "Must be a valid UUID."),
        ("id", [], "invalid_input", "Must be a valid UUID."),
        ("at", "tomorrow", "invalid_input", DATETIME_FORMAT),
        ("at", "", "invalid_input", DATETIME_FORMAT),
        ("at", 1_700_000_000, "invalid_input", DATETIME_FORMAT),
        ("at", "2026-02-30T10:00", "invalid_input", DATETIME_FORMAT),
        ("at", "2026-W07-1", "invalid_input", DATETIME_FORMAT),
        ("at", "0001-01-01T00:00+14:00", "overflow", "Datetime value out of range."),
        ("options", "x", "not_a_dict", 'Expected a dictionary of items but got type "str".'),
        ("options", object(), "invalid_input", "Value must be valid JSON."),
        ("options", [], "not_a_dict", 'Expected a dictionary of items but got type "list".'),
        ("names", {"a": 1}, "not_a_list", 'Expected a list of items but got type "dict".'),
        ("names", "a", "not_a_list", 'Expected a list of items but got type "str".'),
        ("names", list("abc"), "max_length", "Ensure this field has no more than 2 elements."),
    ],
)
def test_a_bad_value_is_refused_with_the_exact_words(field: str, value: Any, code: str, detail: str) -> None:
    assert refusals({field: value}) == [(field, code, detail)]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("name", "  ab ", "ab"),
        ("name", 5, "5"),
        ("name", 1.5, "1.5"),
        ("note", "  ", ""),
        ("maybe", None, None),
        ("count", "10", 10),
        ("count", 12.0, 12),
        ("count", "12.00 ", 12),
        ("share", "1.5", 1.5),
        ("share", 50.0, 50),
        ("color", "red", Color.RED),
        ("id", str(ID), ID),
        ("id", ID.hex.upper(), ID),
        ("id", None, None),
        ("anything", [1, None], [1, None]),
        ("names", [" a", 5], ["a", "5"]),
        ("unknown", 1, None),
    ],
)
def test_accepted_spellings(field: str, value: Any, read: Any) -> None:
    form = validated(Form, {field: value})
    assert getattr(form, field, None) == read
    assert type(getattr(form, field, None)) is type(read)


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "t", "T", "y", "Y", "yes", "YES", "on", "true", "TRUE"])
def test_spellings_of_true(value: Any) -> None:
    assert validated(Form, {"flag": value}).flag is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "0", "f", "n", "no", "No", "off", "OFF", "false", "False"])
def test_spellings_of_false(value: Any) -> None:
    assert validated(Form, {"flag": value}).flag is False


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T01:58:21.989637Z", datetime(2026, 11, 21, 1, 58, 21, 989637, UTC)),
        ("2026-11-21T01:58:21.9Z", datetime(2026, 11, 21, 1, 58, 21, 900000, UTC)),
        ("2026-11-21T01:58:21,123456789", datetime(2026, 11, 21, 1, 58, 21, 123456, UTC)),
        ("2026-11-21T01:58", datetime(2026, 11, 21, 1, 58, tzinfo=UTC)),
        ("2026-11-21 01:58:00", datetime(2026, 11, 21, 1, 58, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        (" 2026-11-21t01:58z ", datetime(2026, 11, 21, 1, 58, tzinfo=UTC)),
        ("2026-11-21T01:58+02:00", datetime(2026, 11, 20, 23, 58, tzinfo=UTC)),
        ("2026-11-21T01:58-0530", datetime(2026, 11, 21, 7, 28, tzinfo=UTC)),
    ],
)
def test_datetimes_are_read_as_utc(text: str, instant: datetime) -> None:
    read = validated(Form, {"at": text}).at
    assert read == instant
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_written_datetimes_can_be_read_again(naive: datetime, offset: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    written = iso_utc(instant)
    assert written.endswith("Z")
    assert ("." in written) == bool(instant.microsecond)
    assert validated(Form, {"at": written}).at == instant
    assert validated(Form, {"at": instant.isoformat()}).at == instant


def test_problems_come_in_the_order_of_the_fields_whatever_the_order_of_the_input() -> None:
    assert refusals({"color": "x", "flag": "x"}) == [
        ("flag", "invalid_input", "Must be a valid boolean."),
        ("color", "invalid_choice", '"x" is not a valid choice.'),
    ]
    assert refusals({"color": 1}, Strict)[0] == ("name", "required", "This field is required.")


def test_nested_names_are_joined_with_a_double_underscore() -> None:
    assert refusals({"inner": {}}) == [("inner__key", "required", "This field is required.")]
    assert refusals({"inner": "x"}) == [
        ("inner__non_field_errors", "invalid_input", "Invalid data. Expected a dictionary, but got str.")
    ]
    assert refusals({"inners": [{"key": "a"}, {"key": ""}]}) == [
        ("inners__1__key", "blank", "This field may not be blank.")
    ]
    assert refusals({"inners": [1]})[0][0] == "inners__0__non_field_errors"
    assert refusals({"names": ["a", None]}) == [("names__1", *NOT_NULL)]


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ([], "invalid_input", "Invalid data. Expected a dictionary, but got list."),
        ("x", "invalid_input", "Invalid data. Expected a dictionary, but got str."),
        (None, "null", "No data provided"),
    ],
)
def test_a_body_that_is_no_object(body: Any, code: str, detail: str) -> None:
    assert refusals(body) == [(None, code, detail)]


def test_the_field_map_lists_every_problem_nested_like_the_input() -> None:
    with pytest.raises(InvalidInput) as caught:
        validated(Form, {"flag": "x", "inner": {}, "names": ["", "a"], "inners": "x"})
    assert field_map(caught.value.problems) == {
        "flag": ["Must be a valid boolean."],
        "names": {"0": ["This field may not be blank."]},
        "inner": {"key": ["This field is required."]},
        "inners": ['Expected a list of items but got type "str".'],
    }
    with pytest.raises(InvalidInput) as caught:
        validated(Form, [])
    assert field_map(caught.value.problems) == {
        "non_field_errors": ["Invalid data. Expected a dictionary, but got list."]
    }


def test_json_valued_fields_of_a_form_are_read_as_json() -> None:
    form = validated(
        Form,
        {
            "options": FormText('{"a": 1}'),
            "names": FormText('["a"]'),
            "inner": FormText('{"key": "k"}'),
            "name": FormText("{}"),
        },
    )
    assert (form.options, form.names, form.inner, form.name) == ({"a": 1}, ["a"], Inner(key="k"), "{}")
    assert refusals({"options": FormText("{")})[0][2] == "Value must be valid JSON."
    assert refusals({"inner": FormText("{")})[0][2] == "Value must be valid JSON."
    too_deep = FormText("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert refusals({"anything": too_deep})[0][2] == "Value must be valid JSON."


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(Form.model_fields)), _json))
def test_any_json_is_read_or_refused_and_what_is_read_fits_the_declared_type(data: dict[str, Any]) -> None:
    try:
        form = validated(Form, data)
    except InvalidInput:
        assert all(attr and code and detail for attr, code, detail in refusals(data))
        return
    for name in form.model_fields_set:
        TypeAdapter(Form.model_fields[name].annotation).validate_python(getattr(form, name), strict=True)
