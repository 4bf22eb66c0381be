"""What the scripted model endpoint answers, as data and as HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response, StreamingResponse

from assay.adapters.testing.scripted_author import next_calls
from assay.adapters.testing.scripted_embeddings import embeddings_body, embeddings_problem
from assay.adapters.testing.scripted_judge import judge
from assay.adapters.testing.scripted_labels import scripted_labels
from assay.adapters.testing.scripted_summary import scripted_summary
from assay.domain.judging import PromptParts, prompt_parts

SCRIPTED_MODEL = "scripted-judge"
"""The model that the endpoint lists; it answers to any other name too."""

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer one request with.

    Attributes:
        status: HTTP status code.
        headers: extra response headers.
        body: the whole body: a value to send as JSON, or a text to send as it is. None: a completion.
        content: text of the completion's message; None is sent as null.
        finish_reason: why the completion ended.
        calls: tools that the completion's message calls, by name, with their arguments.
        message: further fields of the completion's message, such as `refusal`.
        input_tokens, output_tokens: the completion's usage; None: counted from the texts.
        delay_seconds: wait before answering.
        hang: do not answer for as long as the client waits.
        drop: close the connection in the middle of the answer.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | list[Any] | str | None = None
    content: str | None = ""
    finish_reason: str = "stop"
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    message: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    delay_seconds: float = 0.0
    hang: bool = False
    drop: bool = False


def scripted_reply(path: str, body: Any) -> Reply:
    """The answer to a request that no one prepared a reply for.

    A judge's prompt is judged by `scripted_judge`, a report is written by `scripted_author`, a trace is
    summarised by `scripted_summary`, clusters are named by `scripted_labels`; another question with a JSON
    schema gets a small object that fits it;
    anything else gets a sentence. Texts get their vectors (`scripted_embeddings`).

    Args:
        path: path of the request's URL.
        body: the decoded JSON body; None if it was no JSON.
    """
    if path.endswith("/embeddings"):
        problem = embeddings_problem(body)
        return Reply(body=embeddings_body(body)) if problem is None else _refusal(400, problem)
    if not path.endswith("/chat/completions"):
        return _refusal(404, f"There is nothing at {path}.")
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        return _refusal(400, "A chat completion needs a JSON object with messages.")
    if body.get("stream"):
        return _refusal(400, "This endpoint does not stream.")
    if (calls := next_calls(body)) is not None:
        return Reply(content="" if calls else "The report is complete.", calls=calls)
    return Reply(content=_said_to(body))


def response_of(reply: Reply, request: Any) -> Response:
    """The HTTP response that carries a reply.

    Args:
        request: the decoded JSON body of the request; a completion repeats its model and counts its tokens.
    """
    body = _completion(reply, request) if reply.body is None else reply.body
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json", **reply.headers}
    if reply.drop:
        return _dropped(text.encode(), headers)
    return Response(text, status_code=reply.status, headers=headers)


def _said_to(body: Mapping[str, Any]) -> str:
    """What is answered to a question without tools."""
    schema = _schema(body)
    parts = prompt_parts(_said(body, "system"), _said(body, "user"))
    if parts is not None:
        return _judged(parts, schema)
    for scripted in (scripted_summary, scripted_labels):
        if (answer := scripted(schema, _said(body, "user"))) is not None:
            return answer
    return json.dumps(_smallest(schema)) if schema else "This is a scripted endpoint; no model was asked."


def _refusal(status: int, message: str) -> Reply:
    return Reply(status=status, body={"error": {"message": message, "type": "invalid_request_error"}})


def _said(body: Mapping[str, Any], role: str) -> str:
    """The text of the first message of a role."""
    messages = (message for message in body["messages"] if isinstance(message, dict))
    content = next((message.get("content") for message in messages if message.get("role") == role), "")
    return content if isinstance(content, str) else ""


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON schema that the answer must fit; empty if none was sent."""
    schema: Any = body
    for key in ("response_format", "json_schema", "schema"):
        schema = schema.get(key) if isinstance(schema, dict) else None
    return schema if isinstance(schema, dict) else {}


def _judged(parts: PromptParts, schema: Mapping[str, Any]) -> str:
    allows_na = "outcome" in schema.get("properties", {})
    said = judge(parts, allows_na=allows_na)
    decision = {"outcome": said.outcome} if allows_na else {"verdict": said.outcome == "pass"}
    return json.dumps({"reasoning": said.reasoning, **decision}, ensure_ascii=False)


def _smallest(schema: Any) -> Any:
    """A small value that fits a JSON schema of the kind that structured output uses."""
    if not isinstance(schema, dict):
        return None
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: _smallest(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_smallest(schema.get("items"))] * schema.get("minItems", 0)
    scalars: dict[str, Any] = {"string": "scripted", "boolean": True, "integer": 0, "number": 0}
    return scalars.get(kind) if isinstance(kind, str) else None


def _completion(reply: Reply, request: Any) -> dict[str, Any]:
    asked = request if isinstance(request, dict) else {}
    read = _tokens(json.dumps(asked.get("messages"))) if reply.input_tokens is None else reply.input_tokens
    written = _tokens(reply.content or "") if reply.output_tokens is None else reply.output_tokens
    message = {"role": "assistant", "content": reply.content, **_calling(reply, asked), **reply.message}
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.get("model", SCRIPTED_MODEL),
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls" if reply.calls else reply.finish_reason,
                "message": message,
            }
        ],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


def _calling(reply: Reply, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by which a message calls tools; the ids are unique within the conversation."""
    if not reply.calls:
        return {}
    place = len(asked.get("messages") or ())
    calls = [
        {
            "id": f"call_{place}_{index}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for index, (name, arguments) in enumerate(reply.calls)
    ]
    return {"content": reply.content or None, "tool_calls": calls}


def _tokens(text: str) -> int:
    return len(text) // _CHARS_PER_TOKEN


def _dropped(body: bytes, headers: Mapping[str, str]) -> Response:
    """A response that ends before the length that it announced; the server then closes the connection."""

    async def half() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]

    return StreamingResponse(half(), headers={**headers, "content-length": str(len(body))})
