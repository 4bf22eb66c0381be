"""Digests: the published examples, and Python's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, HogRuntimeError

from .caller import SURROGATE, call, refuses

SECURE = "this is a secure string"
DIGESTS = ["md5", "sha1", "sha256"]
CHAINS = ["sha1HmacChain", "sha256HmacChain"]


def test_published_examples() -> None:
    assert call("md5Hex", SECURE) == "e7b466647ea215dbe59b00c756560911"
    assert call("sha256Hex", SECURE) == "5216c0931310b31737ef30353830c234901283544e934f54eb75f622cfb86c9d"
    assert (
        call("sha256HmacChainHex", ["1", "string", "more", "keys"])
        == "826820d7eeca97f26ca18096be85fed346f6fd9cc18d64e72c935bea3450dbd9"
    )


def shown(digest: bytes) -> dict[str | None, str]:
    """A digest in each encoding."""
    return {
        None: digest.hex(),
        "hex": digest.hex(),
        "base64": base64.b64encode(digest).decode(),
        "base64url": base64.urlsafe_b64encode(digest).decode().replace("=", ""),
        "binary": "".join(map(chr, digest)),
    }


@pytest.mark.parametrize("name", DIGESTS)
@given(text=st.text(max_size=40))
def test_digests_are_those_of_hashlib(name: str, text: str) -> None:
    expected = shown(hashlib.new(name, text.encode()).digest())
    assert {encoding: call(name, text, encoding) for encoding in expected} == expected
    assert call(name, text) == call(f"{name}Hex", text) == expected["hex"]


@pytest.mark.parametrize("name", CHAINS)
@given(texts=st.lists(st.text(max_size=20), min_size=2, max_size=5))
def test_chains_are_codes_of_codes(name: str, texts: list[str]) -> None:
    key = texts[0].encode()
    for text in texts[1:]:
        key = hmac.new(key, text.encode(), name.removesuffix("HmacChain")).digest()
    expected = shown(key)
    assert {encoding: call(name, texts, encoding) for encoding in expected} == expected
    assert call(name, tuple(texts)) == call(f"{name}Hex", texts) == expected["hex"]


@pytest.mark.parametrize("name", DIGESTS + CHAINS)
def test_null_has_no_digest(name: str) -> None:
    assert call(name, None) is None
    assert call(name, None, "binary") is None
    assert call(f"{name}Hex", None) is None


@pytest.mark.parametrize("name", DIGESTS)
def test_half_a_surrogate_pair_has_a_digest(name: str) -> None:
    assert call(name, SURROGATE) == hashlib.new(name, b"\xed\xa0\x80").hexdigest()


@pytest.mark.parametrize("name", DIGESTS + CHAINS)
def test_unknown_encodings_are_the_programs_fault(name: str) -> None:
    for texts in (None, "a", ["a", "b"]):
        with pytest.raises(
            HogRuntimeError, match=f"^{name} knows the encodings hex, base64, .*, not 'rot13'$"
        ) as no:
            call(name, texts, "rot13")
        assert not isinstance(no.value, HogInputError)
    assert refuses(name, None, 5) == f"{name} needs a text, not an integer"


REFUSALS: list[tuple[str, Any, str]] = [
    ("md5", 5, "md5 needs a text, not an integer"),
    ("sha1Hex", [], "sha1Hex needs a text, not an array"),
    ("sha256HmacChain", "ab", "sha256HmacChain needs a list of texts, not a string"),
    ("sha256HmacChain", ["key"], "sha256HmacChain needs a key and at least one text"),
    ("sha1HmacChainHex", [], "sha1HmacChainHex needs a key and at least one text"),
    ("sha1HmacChainHex", ["key", None], "sha1HmacChainHex needs a text, not null"),
    ("sha1HmacChain", [1, "a"], "sha1HmacChain needs a text, not an integer"),
]


@pytest.mark.parametrize(("name", "texts", "message"), REFUSALS)
def test_refusals(name: str, texts: Any, message: str) -> None:
    assert refuses(name, texts) == message
