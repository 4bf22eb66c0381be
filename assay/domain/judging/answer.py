"""The answer that a judge must give, and how it is read."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

_MAX_REASONING_CHARS = 4_000
_FENCE = "```"
_FENCE_LANGUAGE = re.compile(r"\w*")

_OUTCOMES = {
    "pass": True,
    "fail": False,
    "not_applicable": None,
    "not applicable": None,
    "n/a": None,
    "na": None,
}
"""What an outcome means; the spellings after the first three are those of models that ignore an enum."""


class UnparsableVerdict(ValueError):
    """A model's answer that holds no verdict."""


class ParsedVerdict(NamedTuple):
    """A judge's verdict.

    Attributes:
        verdict: the boolean answer; None when not applicable.
        applicable: None unless "not applicable" was an answer.
        reasoning: the judge's reason, trimmed and bounded.
    """

    verdict: bool | None
    applicable: bool | None
    reasoning: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    reasoning: str


class _VerdictAnswer(_Answer):
    verdict: bool


class _OutcomeAnswer(_Answer):
    outcome: str


class _ApplicableAnswer(_Answer):
    """The form before outcomes; some models fall back to it."""

    applicable: bool
    verdict: bool | None


def verdict_schema(allows_na: bool) -> dict[str, Any]:
    """JSON Schema of a judge's answer, within what OpenAI's strict mode takes.

    The reasoning comes first, so that a model states its reason before it commits itself.

    Args:
        allows_na: whether "not applicable" is an answer.
    """
    decision: dict[str, Any] = (
        {"outcome": {"type": "string", "enum": ["pass", "fail", "not_applicable"]}}
        if allows_na
        else {"verdict": {"type": "boolean"}}
    )
    return {
        "type": "object",
        "properties": {"reasoning": {"type": "string"}, **decision},
        "required": ["reasoning", *decision],
        "additionalProperties": False,
    }


def parse_verdict(text: str, *, allows_na: bool) -> ParsedVerdict:
    """Read a judge's answer.

    It must fit the schema. Tolerated are a Markdown fence around the JSON, another spelling of an outcome,
    and the form `{applicable, verdict, reasoning}` if the verdict is null exactly when not applicable.

    Raises:
        UnparsableVerdict: anything else.
    """
    answer = _json_object(text)
    try:
        if not allows_na:
            plain = _VerdictAnswer.model_validate(answer)
            return ParsedVerdict(plain.verdict, None, plain.reasoning)
        if "applicable" in answer:
            return _from_applicable(_ApplicableAnswer.model_validate(answer))
        return _from_outcome(_OutcomeAnswer.model_validate(answer))
    except ValidationError as error:
        raise UnparsableVerdict("The judge's answer does not fit its schema.") from error


def _json_object(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(_without_fence(text.strip()))
    except (ValueError, RecursionError) as error:
        raise UnparsableVerdict("The judge's answer is not JSON.") from error
    if not isinstance(answer, dict):
        raise UnparsableVerdict("The judge's answer is not a JSON object.")
    reasoning = answer.get("reasoning")
    return answer | {"reasoning": _tidy(reasoning)} if isinstance(reasoning, str) else answer


def _without_fence(text: str) -> str:
    if len(text) < 2 * len(_FENCE) or not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return text
    return _FENCE_LANGUAGE.sub("", text[len(_FENCE) : -len(_FENCE)], count=1)


def _from_outcome(answer: _OutcomeAnswer) -> ParsedVerdict:
    outcome = " ".join(answer.outcome.casefold().split())
    if outcome not in _OUTCOMES:
        raise UnparsableVerdict("The judge's outcome is none of those offered.")
    verdict = _OUTCOMES[outcome]
    return ParsedVerdict(verdict, verdict is not None, answer.reasoning)


def _from_applicable(answer: _ApplicableAnswer) -> ParsedVerdict:
    if answer.applicable is (answer.verdict is None):
        raise UnparsableVerdict("The judge gave a verdict on what is not applicable, or none on what is.")
    return ParsedVerdict(answer.verdict, answer.applicable, answer.reasoning)


def _tidy(reasoning: str) -> str:
    """Bounded, and free of lone surrogates, which JSON can spell but no store can hold."""
    printable = reasoning.encode("utf-8", "replace").decode()
    return printable.strip()[:_MAX_REASONING_CHARS].rstrip()
