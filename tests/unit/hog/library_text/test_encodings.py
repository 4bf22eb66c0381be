"""Base64 and the percent-encoding."""

from __future__ import annotations

import base64
import urllib.parse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .caller import SURROGATE, TEXTS, call, refuses

ANSWERS: list[tuple[str, Any, Any]] = [
    ("base64Encode", "tom & jerry", "dG9tICYgamVycnk="),
    ("base64Encode", "", ""),
    ("base64Encode", "é", "w6k="),
    ("base64Decode", "dG9tICYgamVycnk=", "tom & jerry"),
    ("base64Decode", "dG9tICYg\namVycnk", "tom & jerry"),
    ("base64Decode", "", ""),
    ("tryBase64Decode", "w6k=", "é"),
    ("tryBase64Decode", "w6k", "é"),
    ("tryBase64Decode", "w6k==", None),
    ("tryBase64Decode", "w6k=w6k=", None),
    ("tryBase64Decode", "a", None),
    ("tryBase64Decode", "=", None),
    ("tryBase64Decode", "====", None),
    ("tryBase64Decode", "w-_x", None),
    ("tryBase64Decode", "é", None),
    ("tryBase64Decode", SURROGATE, None),
    ("tryBase64Decode", "/w==", None),
    ("encodeURLComponent", "http://www.google.com", "http%3A%2F%2Fwww.google.com"),
    ("encodeURLComponent", "tom & jerry", "tom%20%26%20jerry"),
    ("encodeURLComponent", "aZ09-._~", "aZ09-._~"),
    ("encodeURLComponent", "é!", "%C3%A9%21"),
    ("decodeURLComponent", "tom%20%26%20jerry", "tom & jerry"),
    ("decodeURLComponent", "a+b", "a+b"),
    ("decodeURLComponent", "%c3%A9", "é"),
    ("decodeURLComponent", "100%", "100%"),
    ("decodeURLComponent", "%zz%41", "%zzA"),
    ("decodeURLComponent", "%ff", "\ufffd"),
    ("decodeURLComponent", "é%20", "é "),
    ("tryDecodeURLComponent", "hello%20world", "hello world"),
    ("tryDecodeURLComponent", "%", None),
    ("tryDecodeURLComponent", "%4", None),
    ("tryDecodeURLComponent", "%4g", None),
    ("tryDecodeURLComponent", "", ""),
]


@pytest.mark.parametrize(("name", "text", "answer"), ANSWERS)
def test_answers(name: str, text: str, answer: Any) -> None:
    assert call(name, text) == answer


@pytest.mark.parametrize("name", sorted({name for name, _, _ in ANSWERS}))
def test_null_stays_null_and_other_values_are_refused(name: str) -> None:
    assert call(name, None) is None
    assert refuses(name, 5) == f"{name} needs a text, not an integer"


@pytest.mark.parametrize("text", ["a", "!!!!", "/w=="])
def test_no_base64_of_a_text_is_refused(text: str) -> None:
    assert refuses("base64Decode", text) == "base64Decode needs the base64 of a text in UTF-8"


@given(TEXTS)
def test_every_text_survives_the_way_there_and_back(text: str) -> None:
    assert call("base64Decode", call("base64Encode", text)) == text
    assert call("tryBase64Decode", call("base64Encode", text)) == text
    assert call("decodeURLComponent", call("encodeURLComponent", text)) == text
    assert call("tryDecodeURLComponent", call("encodeURLComponent", text)) == text


@given(st.text(max_size=50))
def test_encodings_are_the_standard_ones(text: str) -> None:
    assert call("base64Encode", text) == base64.b64encode(text.encode()).decode()
    assert call("encodeURLComponent", text) == urllib.parse.quote(text, safe="")


@given(TEXTS)
def test_any_text_can_be_read_as_a_part_of_a_url(text: str) -> None:
    tried = call("tryDecodeURLComponent", text)
    assert tried in (None, call("decodeURLComponent", text))
    call("tryBase64Decode", text)


def test_long_texts_are_quoted_in_parts() -> None:
    text = "é " * 10_000
    assert call("encodeURLComponent", text) == "%C3%A9%20" * 10_000
