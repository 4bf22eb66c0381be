"""The scripted model endpoint's vectors of texts: common words bring texts close together."""

from __future__ import annotations

import hashlib
import re
from array import array
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

SCRIPTED_DIMENSIONS = 64

MOST_INPUTS = 2048
MOST_TOKENS = 8192
"""What OpenAI takes in one request, and of one text."""

_CHARS_PER_TOKEN = 4
_WORD = re.compile(r"\w+")


def embeddings_problem(body: Any) -> str | None:
    """What is wrong with a request, in OpenAI's words; None: nothing."""
    texts = body.get("input") if isinstance(body, dict) else None
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs."
    if len(texts) > MOST_INPUTS:
        return f"'$.input' is invalid: it has more than {MOST_INPUTS} items."
    if not all(texts):
        return "'$.input' is invalid: input cannot be an empty string."
    longest = max(map(_tokens, texts))
    if longest > MOST_TOKENS:
        return (
            f"This model's maximum context length is {MOST_TOKENS} tokens, however you requested {longest} "
            "tokens. Please reduce your prompt."
        )
    return None


def embeddings_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request without a problem: base64 or numbers, as it asks for."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    as_base64 = body.get("encoding_format") == "base64"
    tokens = sum(map(_tokens, texts))
    return {
        "object": "list",
        "model": body.get("model"),
        "data": [
            {"object": "embedding", "index": index, "embedding": _sent(scripted_vector(text), as_base64)}
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def scripted_vector(text: str) -> Sequence[float]:
    """The vector of a text: each of its words adds one at two places; not of length 1."""
    vector = [0.0] * SCRIPTED_DIMENSIONS
    for word in _WORD.findall(text.lower()):
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        for byte in digest[:2]:
            vector[byte % SCRIPTED_DIMENSIONS] += 1.0
    if not any(vector):
        vector[0] = 1.0
    return vector


def _sent(vector: Sequence[float], as_base64: bool) -> str | Sequence[float]:
    return b64encode(array("f", vector).tobytes()).decode() if as_base64 else vector


def _tokens(text: str) -> int:
    return max(1, len(text) // _CHARS_PER_TOKEN)
