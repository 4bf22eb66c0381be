"""What the scripted model endpoint says about keys and models, in each provider's own form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.adapters.testing.replies import SCRIPTED_MODEL, Reply

_KEY_HEADERS = ("x-api-key", "x-goog-api-key", "api-key")


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key that a request was sent with, in whichever provider's header."""
    for name in _KEY_HEADERS:
        if name in headers:
            return headers[name]
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None


def listing(path: str, headers: Mapping[str, str]) -> Reply:
    """The answer to a GET request: the models of the endpoint, or what OpenRouter says about the key.

    Args:
        path: path of the request's URL.
        headers: names in lower case; Anthropic's and Gemini's key headers tell whose form is wanted.
    """
    if path.endswith("/openai/deployments"):
        return Reply(body={"object": "list", "data": [_deployment()]})
    if path.endswith("/key"):
        return Reply(body={"data": {"label": "scripted", "usage": 0, "limit": None}})
    if not path.endswith("/models"):
        return Reply(status=404, body={"error": {"message": f"There is nothing at {path}."}})
    if "x-goog-api-key" in headers:
        methods = ["generateContent", "countTokens"]
        model = {"name": f"models/{SCRIPTED_MODEL}", "supportedGenerationMethods": methods}
        return Reply(body={"models": [model]})
    if "x-api-key" in headers:
        model = {"type": "model", "id": SCRIPTED_MODEL, "created_at": "1970-01-01T00:00:00Z"}
        ends = {"first_id": SCRIPTED_MODEL, "last_id": SCRIPTED_MODEL}
        return Reply(body={"data": [model], "has_more": False, **ends})
    described = {"id": SCRIPTED_MODEL, "object": "model", "created": 0, "owned_by": "assay"}
    return Reply(body={"object": "list", "data": [described]})


def refusal_of_key(headers: Mapping[str, str]) -> Reply:
    """What a provider answers to a key that it does not know."""
    if "x-goog-api-key" in headers:  # Google's form of 401
        return Reply(status=400, body={"error": {"code": 400, "status": "INVALID_ARGUMENT", **_REASON}})
    return Reply(
        status=401, body={"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}
    )


_REASON: Mapping[str, Any] = {
    "message": "API key not valid. Please pass a valid API key.",
    "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}],
}


def _deployment() -> dict[str, Any]:
    return {"id": SCRIPTED_MODEL, "object": "deployment", "model": SCRIPTED_MODEL, "created_at": 0}
