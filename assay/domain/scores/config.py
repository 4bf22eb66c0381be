"""What the config of a score definition may hold, and the form in which it is stored.

The stored form is what was sent, normalised: texts are trimmed, option keys are in lower case, numbers
are numbers. Nothing is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticCustomError

from assay.contracts.score_definitions import ScoreKind, SelectionMode
from assay.contracts.wire import Choice, Integer, Items, Number, Rule, Text
from assay.errors import FieldError

MAX_KEY_LENGTH = 128
MAX_LABEL_LENGTH = 256
MAX_OPTIONS = 100
"""Every score of a review shows the options that it was chosen from."""

_KEY = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_ECHO_LIMIT = 200

type Config = dict[str, Any]


def normalized_config(kind: ScoreKind, config: Any) -> Config:
    """Check a config against the kind of its definition and bring it into its stored form.

    Args:
        kind: decides what the config may hold.
        config: any JSON value but null. One in its stored form stays as it is.

    Raises:
        FieldError: attr `config` for unknown keys, else `config__<key>` of the first key at fault.
    """
    if not isinstance(config, dict):
        detail = f"Invalid data. Expected a dictionary, but got {type(config).__name__}."
        raise FieldError(detail, attr="config__non_field_errors")
    read, allowed = _KINDS[kind]
    unsupported = sorted(set(config).difference(allowed))
    if unsupported:
        raise FieldError(
            f"Unsupported keys for a {kind} score: {', '.join(unsupported)[:_ECHO_LIMIT]}. "
            f"Allowed keys: {', '.join(allowed)}.",
            attr="config",
        )
    return read(config)


def option_key(text: str) -> str:
    """The form in which keys of options are stored and compared."""
    return text.strip().lower()


def _categorical(config: Config) -> Config:
    normalized = _present(
        config,
        {
            "options": _options,
            "selection_mode": lambda mode: Choice().validate(mode, SelectionMode, _as_it_is).value,
            "min_selections": _optional(Integer(1), int),
            "max_selections": _optional(Integer(1), int),
        },
        required="options",
    )
    fewest, most = normalized.get("min_selections"), normalized.get("max_selections")
    if normalized.get("selection_mode") == SelectionMode.MULTIPLE:
        _check_selections(len(normalized["options"]), fewest, most)
        return normalized
    for key, limit in (("min_selections", fewest), ("max_selections", most)):
        if limit is not None:
            raise _refusal(key, "Only a score with selection_mode multiple has limits of selections.")
    return normalized


def _check_selections(options: int, fewest: int | None, most: int | None) -> None:
    if fewest is not None and fewest > options:
        raise _refusal("min_selections", "There are fewer options.")
    if most is not None and most > options:
        raise _refusal("max_selections", "There are fewer options.")
    if fewest is not None and most is not None and fewest > most:
        raise _refusal("max_selections", "Must not be less than min_selections.")


def _numeric(config: Config) -> Config:
    number = _optional(Number(), float)
    normalized = _present(config, {"min": number, "max": number, "step": number})
    least, greatest, step = (normalized.get(key) for key in ("min", "max", "step"))
    if least is not None and greatest is not None and least > greatest:
        raise _refusal("max", "Must not be less than min.")
    if step is not None and step <= 0:
        raise _refusal("step", "Must be greater than zero.")
    return normalized


def _boolean(config: Config) -> Config:
    label = _reader(Text(MAX_LABEL_LENGTH))
    return _present(config, {"true_label": label, "false_label": label})


_KINDS: dict[ScoreKind, tuple[Callable[[Config], Config], tuple[str, ...]]] = {
    ScoreKind.CATEGORICAL: (_categorical, ("options", "selection_mode", "min_selections", "max_selections")),
    ScoreKind.NUMERIC: (_numeric, ("min", "max", "step")),
    ScoreKind.BOOLEAN: (_boolean, ("true_label", "false_label")),
}


def _options(value: Any) -> list[Config]:
    options = [
        _option(position, option)
        for position, option in enumerate(Items(MAX_OPTIONS).validate(value, list, _as_it_is))
    ]
    if not options:
        raise PydanticCustomError("empty", "This list may not be empty.")
    keys = [option["key"] for option in options]
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("invalid_input", "The keys of the options must be unique.")
    return options


def _option(position: int, option: Any) -> Config:
    """One option; what is wrong with it is told as an error of the list."""
    if not isinstance(option, dict):
        raise _refusal("options", f"options[{position}]: must be an object with key and label.")
    texts = {}
    for name, rule in (("key", Text(MAX_KEY_LENGTH)), ("label", Text(MAX_LABEL_LENGTH))):
        try:
            if name not in option:
                raise PydanticCustomError("required", "This field is required.")
            texts[name] = _reader(rule)(option[name])
        except PydanticCustomError as error:
            raise _refusal("options", f"options[{position}].{name}: {error.message()}") from None
    texts["key"] = option_key(texts["key"])
    if not _KEY.fullmatch(texts["key"]):
        detail = "must be letters a to z and digits, in parts that are joined by single - or _."
        raise _refusal("options", f"options[{position}].key: {detail}")
    return texts


def _present(
    config: Config, readers: dict[str, Callable[[Any], Any]], *, required: str | None = None
) -> Config:
    """The values of the keys that there are, read in the order of the readers, in the order as sent."""
    values = {}
    for key, read in readers.items():
        if key in config:
            try:
                values[key] = read(config[key])
            except PydanticCustomError as error:
                raise _refusal(key, error.message(), error.type) from None
        elif key == required:
            raise _refusal(key, "This field is required.", "required")
    return {key: values[key] for key in config}


def _reader(rule: Rule) -> Callable[[Any], Any]:
    """What checks a value that may not be null."""
    return lambda value: rule.validate(value, object, _as_it_is)


def _optional(rule: Rule, form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What checks a value that may be null; `form` makes the stored one."""
    return lambda value: None if value is None else form(rule.validate(value, object, _as_it_is))


def _as_it_is(value: Any) -> Any:
    return value


def _refusal(key: str, detail: str, code: str = "invalid_input") -> FieldError:
    return FieldError(detail, attr=f"config__{key}", code=code)
