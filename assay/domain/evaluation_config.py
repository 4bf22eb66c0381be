"""What the configuration of an evaluation must hold, and the form in which it is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from assay.contracts.evaluations import EvaluationType, OutputType
from assay.errors import FieldError

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})


class Configs(NamedTuple):
    """Both configurations of an evaluation in their stored form."""

    evaluation_config: dict[str, Any]
    output_config: dict[str, Any]


def normalized_configs(
    evaluation_type: EvaluationType, output_type: OutputType, evaluation_config: Any, output_config: Any
) -> Configs:
    """Check both configurations against the types and bring them into their stored form.

    Keys that a type does not know are dropped. A judge's prompt is trimmed; Hog source is stored as it
    was sent, because positions in its error messages refer to it.

    Args:
        evaluation_type: decides what `evaluation_config` must hold.
        output_type: decides what `output_config` may hold.
        evaluation_config: as sent, or as stored.
        output_config: as sent, or as stored.

    Raises:
        FieldError: attr `config`; a rule is broken, or the two types do not go together.
    """
    read_evaluation = _EVALUATION_CONFIGS.get((evaluation_type, output_type))
    if read_evaluation is None:
        raise _refusal(
            f"Unsupported combination of evaluation type {evaluation_type} and output type {output_type}."
        )
    return Configs(
        read_evaluation(_object("evaluation_config", evaluation_config)),
        _boolean_output(_object("output_config", output_config)),
    )


def _judge(config: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": _text("prompt", config).strip()}


def _hog(config: dict[str, Any]) -> dict[str, Any]:
    return {"source": _text("source", config)}


_EVALUATION_CONFIGS: dict[tuple[EvaluationType, OutputType], Callable[[dict[str, Any]], dict[str, Any]]] = {
    (EvaluationType.LLM_JUDGE, OutputType.BOOLEAN): _judge,
    (EvaluationType.HOG, OutputType.BOOLEAN): _hog,
}


def _boolean_output(config: dict[str, Any]) -> dict[str, Any]:
    return {"allows_na": _boolean("allows_na", config.get("allows_na", False))}


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refusal(f"{name} must be an object.")
    return value


def _text(name: str, config: dict[str, Any]) -> str:
    value = config.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _refusal(f"{name} must be a text that is not blank.")
    return value


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool | int | float | str):
        word = str(int(value)) if value in (0, 1) else str(value).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise _refusal(f"{name} must be true or false.")


def _refusal(detail: str) -> FieldError:
    return FieldError(detail, attr="config")
