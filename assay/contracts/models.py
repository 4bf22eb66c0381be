"""A structured question to a language model and its answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from assay.contracts.base import Contract
from assay.contracts.evaluations import Provider


class ModelMessage(Contract):
    """One chat message."""

    role: Literal["system", "user"]
    content: str


class ModelRequest(Contract):
    """A question whose answer must fit a JSON schema.

    Attributes:
        schema_name: name of the answer's schema, `[A-Za-z0-9_-]{1,64}` (OpenAI's rule).
        json_schema: JSON Schema of the answer object.
        timeout_seconds: budget of one attempt on the wire.
    """

    provider: Provider
    model: str
    messages: tuple[ModelMessage, ...]
    schema_name: str
    json_schema: dict[str, Any]
    timeout_seconds: float


class ModelReply(Contract):
    """What the provider answered.

    Attributes:
        text: the message's content; not yet checked against the schema.
        cost_usd: None when the price is unknown.
    """

    text: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class ChatRequest(Contract):
    """A turn of a conversation in which the model may call tools.

    Attributes:
        messages: as OpenAI's chat API words them, tool calls and their results included.
        tools: likewise, each `{"type": "function", "function": {"name", "description", "parameters"}}`.
        timeout_seconds: budget of one attempt on the wire.
    """

    provider: Provider
    model: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    timeout_seconds: float


class ToolCall(Contract):
    """A tool that the model wants used.

    Attributes:
        arguments: JSON as the model wrote it; not yet parsed.
    """

    id: str
    name: str
    arguments: str


class ChatReply(Contract):
    """What the model said.

    Attributes:
        message: the assistant's message as it goes back into the conversation.
        cost_usd: None when the price is unknown.
    """

    message: dict[str, Any]
    tool_calls: tuple[ToolCall, ...]
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None


class EmbeddingRequest(Contract):
    """Texts whose vectors are wanted.

    Attributes:
        texts: none of them empty, no more and no longer than the provider takes at once.
        timeout_seconds: budget of one attempt on the wire.
    """

    provider: Provider
    model: str
    texts: tuple[str, ...]
    timeout_seconds: float


class EmbeddingReply(Contract):
    """Vectors of texts, in their order.

    Attributes:
        vectors: one after the other, each number a float32; base64 in JSON, because a list of numbers takes
            ten times as long to read. All machines that Assay runs on are little-endian, like the protocol.
        dimensions: numbers in each vector.
        cost_usd: None when the price is unknown.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    vectors: bytes
    dimensions: int
    model: str
    input_tokens: int | None
    cost_usd: float | None


class StoredAnswer(Contract):
    """A model's answer as it is kept, of use or not: it was paid for.

    Attributes:
        text: as the model wrote it.
        fault: why there is no text; empty if there is one.
        cost_usd: None when the price is unknown.
    """

    text: str = ""
    fault: str = ""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
