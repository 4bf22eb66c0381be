"""JSON texts, and parts of what they hold."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, LimitExceeded
from tests.unit.hog.library_values.calls import JSON_VALUES, call, limited, printed, run

TEXT = '{"a": "hello", "b": [-100, 200.0, 300], "c": {"d": null, "e": true}, "f": "[1, 2]"}'
VALUE = json.loads(TEXT)
SOURCES = pytest.mark.parametrize("source", [TEXT, VALUE], ids=["text", "value"])


@pytest.mark.parametrize("value", [None, 5, [1], {}, True])
def test_only_texts_are_parsed(value: Any) -> None:
    with pytest.raises(HogInputError, match="jsonParse needs a text, not "):
        call("jsonParse", value)
    assert call("isValidJSON", value) is False


@pytest.mark.parametrize(
    ("text", "valid"),
    [("[]", True), (" 1 ", True), ('"a"', True), ("", False), ("not json", False), ("NaN", False), ("[" * 300, False)],
    ids=lambda value: str(value)[:10],
)  # fmt: skip
def test_is_valid_json(text: str, valid: bool) -> None:
    assert call("isValidJSON", text) is valid


@pytest.mark.parametrize(
    ("indent", "text"),
    [
        (None, '{"a": [1, {}]}'),
        (0, '{"a": [1, {}]}'),
        (-2, '{"a": [1, {}]}'),
        (True, '{"a": [1, {}]}'),
        ("  ", '{"a": [1, {}]}'),
        (2, '{\n  "a": [\n    1,\n    {}\n  ]\n}'),
        (10, json.dumps({"a": [1, {}]}, indent=10)),
        (10**9, json.dumps({"a": [1, {}]}, indent=10)),
    ],
)
def test_json_stringify(indent: Any, text: str) -> None:
    assert call("jsonStringify", {"a": [1, {}]}, indent) == text


@SOURCES
@pytest.mark.parametrize(
    ("path", "there"),
    [
        ((), True),
        (("a",), True),
        (("z",), False),
        (("b", 1), True),
        (("b", 3), True),
        (("b", 4), False),
        (("b", 0), False),
        (("b", -3), True),
        (("b", -4), False),
        (("b", "1"), False),
        (("b", 1.0), False),
        (("b", True), False),
        (("c", "d"), True),
        (("c", "d", "x"), False),
        (("c", ["d"]), False),
        (("a", 1), False),
        (("f", 2), True),
        (("f", 3), False),
    ],
    ids=str,
)
def test_json_has(source: Any, path: tuple[Any, ...], there: bool) -> None:
    assert call("JSONHas", source, *path) is there


@SOURCES
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), VALUE),
        (("a",), "hello"),
        (("b", -1), 300),
        (("c", "e"), True),
        (("c", "d"), None),
        (("z",), None),
        (("b", 0), None),
        (("f", 1), None),
    ],
    ids=str,
)
def test_json_extract(source: Any, path: tuple[Any, ...], found: Any) -> None:
    assert call("JSONExtract", source, *path, "String") == found


@SOURCES
def test_json_length(source: Any) -> None:
    assert call("JSONLength", source) == 4
    assert call("JSONLength", source, "b") == 3
    assert call("JSONLength", source, "c") == 2
    for path in (("a",), ("z",), ("b", 1), ("b", 9), ("c", "d")):
        assert call("JSONLength", source, *path) == 0


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ("hello", ("hello", None, None, False, None)),
        ("12", ("12", 12, 12.0, False, None)),
        ("1.9", ("1.9", None, 1.9, False, None)),
        (123.1, ("123.1", 123, 123.1, False, None)),
        (0, ("0", 0, 0.0, False, None)),
        (1, ("1", 1, 1.0, False, None)),
        (True, ("true", 1, 1.0, True, None)),
        (False, ("false", 0, 0.0, False, None)),
        ("true", ("true", None, None, False, None)),
        (None, (None, None, None, False, None)),
        ([], ("[]", None, None, False, [])),
        (["x", 1], ("['x', 1]", None, None, False, ["x", 1])),
        ({"k": 1}, ("{'k': 1}", None, None, False, None)),
    ],
    ids=lambda value: ascii(value)[:15],
)
def test_typed_extraction(value: Any, answers: tuple[Any, ...]) -> None:
    kinds = ("String", "Int", "Float", "Bool", "ArrayRaw")
    for kind, answer in zip(kinds, answers, strict=True):
        for source in ({"a": [value]}, json.dumps({"a": [value]})):
            result = call(f"JSONExtract{kind}", source, "a", 1)
            assert result == answer
            assert type(result) is type(answer)


def test_extraction_without_a_path() -> None:
    assert call("JSONExtractBool", "true") is True
    assert call("JSONExtractBool", True) is True
    assert call("JSONExtractInt", "12") == 12
    assert call("JSONExtractString", '"a"') == "a"
    assert call("JSONExtractArrayRaw", "[1]") == [1]


@pytest.mark.parametrize("source", ["not json", "", "[" * 300, "9" * 400], ids=lambda text: text[:10])
def test_what_cannot_be_read_has_no_parts(source: str) -> None:
    for kind in ("String", "Int", "Float", "ArrayRaw"):
        assert call(f"JSONExtract{kind}", source, "a") is None
    assert call("JSONExtract", source, "a", "Int") is None
    assert call("JSONExtractBool", source, "a") is False
    assert call("JSONLength", source) == 0
    assert call("JSONHas", source) is False
    assert call("JSONHas", source, "a") is False


def test_other_values_have_no_parts() -> None:
    for source in (None, 5, True, date(2025, 1, 1)):
        assert call("JSONExtractString", source, "a") is None
        assert call("JSONHas", source, 1) is False
    assert call("JSONExtractInt", (7, 8), -1) == 8
    assert call("JSONExtractInt", {1: 5}, 1) == 5


@given(JSON_VALUES, st.data())
def test_paths_lead_where_they_lead_in_python(value: Any, data: st.DataObject) -> None:
    path: list[Any] = []
    found = value
    while isinstance(found, list | dict) and found and data.draw(st.booleans()):
        if isinstance(found, dict):
            key = data.draw(st.sampled_from(sorted(found)))
            path.append(key)
            found = found[key]
        else:
            at = data.draw(st.integers(-len(found), len(found) - 1))
            path.append(at if at < 0 else at + 1)
            found = found[at]
    text = json.dumps(value)

    assert call("JSONHas", text, *path) is True
    assert call("JSONExtract", text, *path, "any") == found
    assert call("JSONLength", text, *path) == (len(found) if isinstance(found, list | dict) else 0)


def test_parsing_in_vain_is_paid_for() -> None:
    for name in ("jsonParse", "isValidJSON", "JSONHas", "JSONExtractInt"):
        with pytest.raises(LimitExceeded):
            limited(name, "[" + "1," * 200_000 + "1]", steps=100_000)


def test_in_programs() -> None:
    assert printed("""print(jsonParse('[1,{"a":null}]'), jsonStringify({'a': [1, 'é']}))""") == [
        "[1, {'a': null}] " + r'{"a": [1, "\u00e9"]}'
    ]
    assert (
        run("return JSONExtractString(output, 'choices', 1, 'text')", output='{"choices": [{"text": "yes"}]}')
        == "yes"
    )
    assert run("try { jsonParse('{') } catch (e) { return e.type }") == "RuntimeError"
    assert run("let a := [1]  a[1] := a  return jsonStringify(a)") == "[null]"
    assert run(
        "let p := JSONExtract(properties, 'a', 'Array')  p[1] := 9  return properties.a",
        properties={"a": [1]},
    ) == [1]
