"""What one line of a tree says about an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from assay.domain.text_repr.values import number_text, python_text

EXPANDABLE: Final = {
    "$ai_generation": "GEN",
    "$ai_span": "SPAN",
    "$ai_embedding": "EMBED",
    "$ai_evaluation": "EVAL",
}
"""Tags of the events that have a text of their own."""

_FAILED_WORDS: Final = frozenset({"false", "0", "fail", "failed", "no"})


def summary(name: object, properties: Mapping[str, Any]) -> str:
    """The event's name and, in parentheses, its figures.

    Args:
        name: name of the event, `$ai_span` for example.
        properties: its properties.
    """
    summarised = _SUMMARIES.get(name) if isinstance(name, str) else None
    if summarised is None:
        return python_text(name) if name else "event"
    title, parts = summarised
    figures = ", ".join(parts(properties))
    return f"{title(properties)} ({figures})" if figures else title(properties)


def evaluation_name(properties: Mapping[str, Any]) -> str:
    """What an evaluation is called."""
    return python_text(properties.get("$ai_evaluation_name") or "evaluation")


def evaluation_result(properties: Mapping[str, Any]) -> str:
    """`PASS`, `FAIL`, or `N/A` if there is no verdict."""
    result = properties.get("$ai_evaluation_result")
    if result is None or properties.get("$ai_evaluation_applicable") in (False, "false"):
        return "N/A"
    if isinstance(result, str):
        return "FAIL" if result.lower() in _FAILED_WORDS else "PASS"
    return "PASS" if result else "FAIL"


def _span_title(properties: Mapping[str, Any]) -> str:
    return python_text(properties.get("$ai_span_name") or "span")


def _generation_title(properties: Mapping[str, Any]) -> str:
    return _model_title(properties, "generation")


def _embedding_title(properties: Mapping[str, Any]) -> str:
    return _model_title(properties, "embedding")


def _model_title(properties: Mapping[str, Any], otherwise: str) -> str:
    return python_text(properties.get("$ai_span_name") or properties.get("$ai_model") or otherwise)


def _generation_parts(properties: Mapping[str, Any]) -> Iterator[str]:
    yield from _latency(properties)
    first_token = properties.get("$ai_time_to_first_token")
    if first_token is not None:
        yield f"TTFT: {number_text(first_token, 2)}s"
    yield from _cost_and_model(properties)


def _embedding_parts(properties: Mapping[str, Any]) -> Iterator[str]:
    yield from _latency(properties)
    yield from _cost_and_model(properties)


def _span_parts(properties: Mapping[str, Any]) -> Iterator[str]:
    yield from _latency(properties)
    if properties.get("$ai_is_error"):
        yield "ERROR"


def _evaluation_parts(properties: Mapping[str, Any]) -> Iterator[str]:
    if runtime := properties.get("$ai_evaluation_runtime"):
        yield python_text(runtime)
    yield evaluation_result(properties)


def _latency(properties: Mapping[str, Any]) -> Iterator[str]:
    latency = properties.get("$ai_latency")
    if latency is not None:
        yield f"{number_text(latency, 2)}s"


def _cost_and_model(properties: Mapping[str, Any]) -> Iterator[str]:
    cost = properties.get("$ai_total_cost_usd")
    if cost is not None:
        yield f"${number_text(cost, 4)}"
    if model := properties.get("$ai_model"):
        yield python_text(model)
    if properties.get("$ai_error") or properties.get("$ai_is_error"):
        yield "ERROR"


type _Title = Callable[[Mapping[str, Any]], str]
type _Parts = Callable[[Mapping[str, Any]], Iterator[str]]

_SUMMARIES: Final[Mapping[str, tuple[_Title, _Parts]]] = {
    "$ai_generation": (_generation_title, _generation_parts),
    "$ai_span": (_span_title, _span_parts),
    "$ai_embedding": (_embedding_title, _embedding_parts),
    "$ai_evaluation": (evaluation_name, _evaluation_parts),
}
