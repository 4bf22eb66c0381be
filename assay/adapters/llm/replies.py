"""What litellm hands out for a completion, as replies of `LanguageModel`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.adapters.llm.access import LITELLM_PREFIXES
from assay.contracts.models import ChatReply, ChatRequest, ModelReply, ModelRequest, ToolCall

if TYPE_CHECKING:
    from litellm import ModelResponse


def reply_of(request: ModelRequest, response: ModelResponse) -> ModelReply:
    """The answer to a question; nothing at all is an empty text."""
    return ModelReply(
        text=_text(response.choices[0].message) if response.choices else "", **_account(request, response)
    )


def chat_reply_of(request: ChatRequest, response: ModelResponse) -> ChatReply:
    """What comes next in a conversation."""
    message = response.choices[0].message if response.choices else None
    calls = tuple(
        # Some providers leave out ids, or the arguments of a tool that has none.
        ToolCall(
            id=call.id or f"call_{number}",
            name=call.function.name or "",
            arguments=call.function.arguments or "{}",
        )
        for number, call in enumerate((message and message.tool_calls) or ())
    )
    text = "" if message is None else _text(message)
    return ChatReply(message=_spoken(text, calls), tool_calls=calls, **_account(request, response))


def _spoken(text: str, calls: Sequence[ToolCall]) -> dict[str, Any]:
    """A message of the model as every provider takes it back: nothing that only one of them knows."""
    said = {"content": text} if text or not calls else {}
    called = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    return {"role": "assistant", **said, **({"tool_calls": called} if called else {})}


def _account(request: ModelRequest | ChatRequest, response: ModelResponse) -> dict[str, Any]:
    """Who answered, and what it took: the fields that all replies have."""
    usage = getattr(response, "usage", None)
    return {
        "model": (response.model or request.model).removeprefix(LITELLM_PREFIXES[request.provider]),
        # litellm makes up zeros where a provider reports no usage
        "input_tokens": getattr(usage, "prompt_tokens", None) or None,
        "output_tokens": getattr(usage, "completion_tokens", None) or None,
        "cost_usd": _cost(response),
    }


def _text(message: Any) -> str:
    """The content; else the refusal, which litellm keeps in either of two places; else nothing."""
    refusal = getattr(message, "refusal", None) or (message.provider_specific_fields or {}).get("refusal")
    return str(message.content or refusal or "")


def _cost(response: ModelResponse) -> float | None:
    """The price of the call in USD, which litellm has worked out; None where it knows no price.

    A zero stands for a missing price, too.
    """
    return response._hidden_params.get("response_cost") or None
