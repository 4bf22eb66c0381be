"""How each provider's REST API is asked about a key, as data: requests, and what their answers name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.adapters.llm.access import Endpoint
from assay.contracts.evaluations import Provider

_ANTHROPIC_VERSION = "2023-06-01"
_LARGEST_PAGE = "1000"
"""The most that Anthropic and Gemini give at once."""
_AZURE_DEPLOYMENTS_VERSION = "2022-12-01"
"""The last generally available version of Azure's data plane that lists deployments."""


@dataclass(frozen=True, slots=True)
class Question:
    """A GET request.

    Attributes:
        names: the models that an answer's body names; raises if the body is none.
        next_query: what to ask for the page after an answer; None when it was the last.
    """

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    names: Callable[[Any], Iterable[str]]
    next_query: Callable[[Any], Mapping[str, str] | None]

    def after(self, body: Any) -> Question | None:
        """The question for the page after an answer; None when it was the last."""
        more = self.next_query(body)
        return None if more is None else replace(self, query={**self.query, **more})


def key_question(endpoint: Endpoint) -> Question:
    """The cheapest question that only a valid key gets an answer to."""
    question = models_question(endpoint)
    match endpoint.provider:
        case Provider.OPENROUTER:  # anybody may read its list of models
            return replace(question, url=f"{endpoint.base_url}/key")
        case Provider.ANTHROPIC:
            return replace(question, query={"limit": "1"})
        case Provider.GEMINI:
            return replace(question, query={"pageSize": "1"})
        case Provider.AZURE_OPENAI if endpoint.undated:
            return replace(question, url=f"{endpoint.base_url}/openai/v1/models", query={})
        case Provider.AZURE_OPENAI:
            query = {"api-version": endpoint.api_version}
            return replace(question, url=f"{endpoint.base_url}/openai/models", query=query)
        case _:
            return question


def models_question(endpoint: Endpoint) -> Question:
    """The question for the first page of the models that a key may use."""
    key = endpoint.api_key.get_secret_value()
    match endpoint.provider:
        case Provider.ANTHROPIC:
            return Question(
                url=f"{endpoint.base_url.removesuffix('/v1/messages')}/v1/models",
                headers={"x-api-key": key, "anthropic-version": _ANTHROPIC_VERSION},
                query={"limit": _LARGEST_PAGE},
                names=_listed,
                next_query=_after_anthropic,
            )
        case Provider.GEMINI:
            return Question(
                url=f"{endpoint.base_url}/models",
                headers={"x-goog-api-key": key},
                query={"pageSize": _LARGEST_PAGE},
                names=_gemini_names,
                next_query=_after_gemini,
            )
        case Provider.AZURE_OPENAI:
            return Question(
                url=f"{endpoint.base_url}/openai/deployments",
                headers={"api-key": key},
                query={"api-version": _AZURE_DEPLOYMENTS_VERSION},
                names=_deployments,
                next_query=_last,
            )
        case _:
            return Question(
                url=f"{endpoint.base_url}/models",
                headers={"authorization": f"Bearer {key}"},
                query={},
                names=_chat_models,
                next_query=_last,
            )


def _items(body: Any) -> list[dict[str, Any]]:
    """The listed objects: Together sends the bare list, the others put it under `data`."""
    items = body if isinstance(body, list) else body["data"]
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]


def _listed(body: Any) -> Iterable[str]:
    return [item["id"] for item in _items(body)]


def _chat_models(body: Any) -> Iterable[str]:
    """All but those that say of themselves that they do not chat (Together, Fireworks)."""
    return [
        item["id"]
        for item in _items(body)
        if item.get("type", "chat") == "chat" and item.get("supports_chat", True)
    ]


def _gemini_names(body: Any) -> Iterable[str]:
    return [
        str(model["name"]).removeprefix("models/")
        for model in body.get("models", [])
        if "generateContent" in model.get("supportedGenerationMethods", [])
    ]


def _deployments(body: Any) -> Iterable[str]:
    """Newest first."""
    newest_first = sorted(_items(body), key=lambda item: item.get("created_at") or 0, reverse=True)
    return [item["id"] for item in newest_first]


def _last(_: Any) -> None:
    return None


def _after_anthropic(body: Any) -> Mapping[str, str] | None:
    return {"after_id": str(body["last_id"])} if body.get("has_more") and body.get("last_id") else None


def _after_gemini(body: Any) -> Mapping[str, str] | None:
    return {"pageToken": str(body["nextPageToken"])} if body.get("nextPageToken") else None
