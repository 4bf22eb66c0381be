"""Tool calls as `name(argument=value, ...)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.domain.text_repr.values import compact, python_text


def signature(name: object, arguments: object) -> str:
    """One call.

    Args:
        name: what is called; `unknown` if it is missing.
        arguments: an object, or a string that holds one as JSON; another string, or any other value, is
            shown as it is.
    """
    called = python_text(name) if name else "unknown"
    if not arguments:
        return f"{called}()"
    if not isinstance(arguments, str):
        return f"{called}({named(arguments) if isinstance(arguments, dict) else compact(arguments)})"
    found = decoded(arguments)
    return f"{called}({named(found) if isinstance(found, dict) and found else arguments})"


def call_signature(call: Mapping[str, Any]) -> str:
    """A call as OpenAI writes it (`function`), or as LangChain does (`name` and `args`)."""
    function = call.get("function")
    if isinstance(function, dict):
        return signature(function.get("name"), function.get("arguments"))
    return signature(call.get("name"), call.get("args"))


def named(arguments: Mapping[str, Any]) -> str:
    """The arguments in the order in which they were given."""
    return ", ".join([f"{name}={compact(value)}" for name, value in arguments.items()])


def decoded(text: str) -> Any:
    """What a JSON text says; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
