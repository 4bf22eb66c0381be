"""Targets on their way to a child."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

from assay.domain.hog.outcomes import HogTarget
from assay.domain.json_values import TooDeep, storable

_MAX_BYTES: Final = 32 * 1024 * 1024
"""Four times what one event may have: whole traces are targets, too."""


_MAX_LEVELS: Final = 250
"""Far above what ingestion lets in; the encoder itself goes little deeper."""


class TargetRefused(ValueError):
    """A target cannot be given to a program; the message says why."""


async def encode_target(target: HogTarget) -> bytes:
    """A target as JSON.

    Values that JSON cannot carry from one program to another become what the event store makes of them
    (`assay.domain.json_values.storable`). Looking for them takes up to a second and more for the largest
    events, so it happens in a thread. The encoder does not: it takes some 2 ms for each megabyte and lets
    no other thread run meanwhile.

    Raises:
        TargetRefused: it is too large, or nested too deeply.
    """
    fields = [target.uuid, target.event, target.distinct_id, target.timestamp, target.properties]
    try:
        encoded = orjson.dumps(fields)
    except TypeError:
        encoded = await asyncio.to_thread(_encode_storable, fields)
    if len(encoded) > _MAX_BYTES:
        raise TargetRefused(f"The event has {len(encoded):,} bytes; programs are given up to {_MAX_BYTES:,}.")
    return encoded


def _encode_storable(fields: list[Any]) -> bytes:
    try:
        return orjson.dumps(storable(fields, levels=_MAX_LEVELS))
    except TooDeep:
        raise TargetRefused(f"The event is nested more than {_MAX_LEVELS} levels deep.") from None
