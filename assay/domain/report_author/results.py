"""Results of tools as text for the model: JSON in which each thing has its own key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.domain.json_values import well_formed
from assay.domain.report_author.trimming import RESULT_CHARS

_TOO_LONG = {"error": "The result is too long. Ask for less."}


def result_text(result: Mapping[str, Any], *, most: int = RESULT_CHARS) -> str:
    """A result as it is stored and shown, valid JSON whatever its length.

    Where it is too long, its longest list loses rows from its end, and `left_off` says how many.

    Args:
        most: characters.
    """
    text = _dumped(result)
    if len(text) <= most:
        return text
    lists = {key: value for key, value in result.items() if isinstance(value, list)}
    if lists:
        key, rows = max(lists.items(), key=lambda item: len(_dumped(item[1])))
        text = _dumped(_with_rows(result, key, _fitting(rows, most - len(_dumped({**result, key: []})) - 40)))
    return text if len(text) <= most else _dumped(_TOO_LONG)


def clipped(text: str, most: int) -> str:
    """The beginning and the end of a text; what is left out between them is counted.

    Args:
        most: characters of the text that are kept.
    """
    if len(text) <= most:
        return text
    tail = most // 4
    left_out = len(text) - most
    return f"{text[: most - tail]} […{left_out} characters…] {text[len(text) - tail :]}"


def _fitting(rows: list[Any], room: int) -> list[Any]:
    kept = []
    for row in rows:
        room -= len(_dumped(row)) + 2
        if room < 0:
            break
        kept.append(row)
    return kept


def _with_rows(result: Mapping[str, Any], key: str, kept: list[Any]) -> dict[str, Any]:
    left_off = len(result[key]) - len(kept) + result.get("left_off", 0)
    return {**result, key: kept, "left_off": left_off}


def _dumped(value: Any) -> str:
    return well_formed(json.dumps(value, ensure_ascii=False))
