"""What both databases can hold.

PostgreSQL refuses the null character and lone surrogates in text and in JSON, and numbers that are not
finite in JSON; SQLite takes some of them. They are refused here so that both answer alike, and in words
that a client can use.
"""

from __future__ import annotations

import math
import re

from assay.contracts.evaluations import EvaluationSpec
from assay.errors import FieldError

MAX_INTEGER = 2**31 - 1
"""Greatest value of a PostgreSQL `integer` column."""

MAX_BIGINT = 2**63 - 1
"""Greatest OFFSET."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a text column can hold `text`; if not, no row equals or contains it."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """`text` with a mark in the place of what a text column cannot hold; for what other services say."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def check_spec(spec: EvaluationSpec) -> None:
    """Refuse an evaluation that cannot be stored as it is.

    Raises:
        FieldError: names the field.
    """
    for attr in ("name", "description", "evaluation_config", "output_config", "conditions"):
        check_value(getattr(spec, attr), attr=attr)
    if spec.model_configuration is not None:
        check_value(spec.model_configuration.model, attr="model_configuration__model")


def check_value(value: object, *, attr: str) -> None:
    """Refuse a text or JSON value that cannot be stored.

    Args:
        value: a JSON value; tuples count as arrays.
        attr: name of the field, for the error.

    Raises:
        FieldError: a text (or key) inside it, or a number, cannot be stored.
    """
    pending = [value]
    while pending:  # a stack of our own: the nesting of client data must not reach Python's limit
        item = pending.pop()
        if isinstance(item, str):
            _check_text(item, attr)
        elif isinstance(item, float) and not math.isfinite(item):
            raise FieldError("Numbers must be finite.", attr=attr)
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            pending += item


def _check_text(text: str, attr: str) -> None:
    found = _UNSTORABLE.search(text)
    if found is None:
        return
    if found.group() == "\x00":
        raise FieldError("Null characters are not allowed.", attr=attr, code="null_characters_not_allowed")
    raise FieldError(
        f"Surrogate characters are not allowed: U+{ord(found.group()):X}.",
        attr=attr,
        code="surrogate_characters_not_allowed",
    )
