"""How the functions are declared: the argument counts that PostHog publishes."""

from __future__ import annotations

import pytest

from assay.domain.hog.library import FUNCTIONS

COUNTS: dict[str, tuple[int, int | None]] = {
    "concat": (1, None),
    **dict.fromkeys(
        [
            "length", "lower", "upper", "reverse", "sortableSemver",
            "base64Encode", "base64Decode", "tryBase64Decode",
            "encodeURLComponent", "decodeURLComponent", "tryDecodeURLComponent",
            "md5Hex", "sha1Hex", "sha256Hex", "sha1HmacChainHex", "sha256HmacChainHex",
        ],
        (1, 1),
    ),
    **dict.fromkeys(
        ["trim", "trimLeft", "trimRight", "md5", "sha1", "sha256", "sha1HmacChain", "sha256HmacChain"], (1, 2)
    ),
    **dict.fromkeys(["substring", "position", "positionCaseInsensitive", "splitByString"], (2, 3)),
    **dict.fromkeys(
        [
            "startsWith", "like", "ilike", "notLike", "notILike", "match", "extractRegex",
            "multiSearchAnyCaseInsensitive", "isIPAddressInRange",
        ],
        (2, 2),
    ),
    **dict.fromkeys(["replaceAll", "replaceOne"], (3, 3)),
    "generateUUIDv4": (0, 0),
}  # fmt: skip

MAKE_LISTS = {"splitByString", "sortableSemver"}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name: str) -> None:
    declared = FUNCTIONS[name]
    assert (declared.least, declared.most) == COUNTS[name]
    assert declared.scalar is (name not in MAKE_LISTS)
    assert not declared.internal
