"""The conditions of an evaluation: which events it is for, and which share of them.

Conditions are sets of property filters, tried in order; the first set that admits an event decides. A set
admits an event if the event is in the set's sample and all filters of the set hold. No sets admit nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from assay.contracts.filters import FilterType
from assay.domain.filters.hog import filters_program
from assay.domain.filters.matching import PERSON_SOURCES, matches, person_properties
from assay.domain.filters.parsing import Room, parse_filters
from assay.domain.filters.predicates import Filters
from assay.domain.hog.program import is_current
from assay.errors import UnsupportedFilter

_EVERYTHING: Final = 100
"""Per cent of the admitted events, where a set does not say how many."""

_BUCKETS: Final = 10_000
"""Shares are as fine as a hundredth of a per cent."""


class MatchOutcome(StrEnum):
    """What the conditions of an evaluation make of an event."""

    NO_CONDITIONS = "no_conditions"
    FILTERED = "filtered"
    MATCHED = "matched"


class ConditionMatch(NamedTuple):
    """What came of looking at one event.

    Attributes:
        condition_id: the set that admits the event; None unless the outcome is `matched`.
    """

    outcome: MatchOutcome
    condition_id: str | None = None


class CompiledConditions:
    """The conditions of an evaluation, ready for any number of events.

    Compile once for every state of the evaluation (conditions can change without a new version of it, but
    not without a new `updated_at`): this reads every filter and compiles its regular expressions.

    Args:
        conditions: sets as they are stored. One whose filters cannot be evaluated never admits an event.

    Attributes:
        property_names: of the properties of an event that decide; without any, `match` needs none.
    """

    __slots__ = ("_asks_for_person", "_is_empty", "_sets", "property_names")

    def __init__(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        self._is_empty = not conditions
        self._sets = [
            (str(condition["id"]), _percentage(condition), parsed)
            for condition, parsed in _parsed(conditions)
            if not isinstance(parsed, UnsupportedFilter)
        ]
        self._asks_for_person = any(
            entry.type is FilterType.PERSON for _, _, filters in self._sets for entry in filters
        )
        self.property_names = frozenset(_names_read(filters for _, _, filters in self._sets))

    def samples(self, key: str) -> bool:
        """Whether a set's share has room for the key; if not, no properties make any difference."""
        bucket = _bucket(key)
        return any(bucket < percentage for _, percentage, _ in self._sets)

    def match(self, key: str, properties: Mapping[str, Any], *, now: datetime) -> ConditionMatch:
        """Look at an event.

        Args:
            key: what the sample is drawn by: the uuid of a generation.
            properties: of the event.
            now: what relative dates count from; aware.
        """
        if self._is_empty:
            return ConditionMatch(MatchOutcome.NO_CONDITIONS)
        bucket = _bucket(key)
        person = person_properties(properties) if self._asks_for_person else {}
        for condition_id, percentage, filters in self._sets:
            if bucket < percentage and matches(filters, properties, person, now=now):
                return ConditionMatch(MatchOutcome.MATCHED, condition_id)
        return ConditionMatch(MatchOutcome.FILTERED)


def matching_condition(
    conditions: Sequence[Mapping[str, Any]], event_uuid: str, properties: Mapping[str, Any], *, now: datetime
) -> str | None:
    """The id of the first set that admits an event; None if none does. See `CompiledConditions`."""
    return CompiledConditions(conditions).match(event_uuid, properties, now=now).condition_id


def in_rollout(key: str, percentage: float) -> bool:
    """Whether a key is in the sample of so many per cent.

    The first 32 bits of the MD5 of the key, modulo 10,000, in hundredths of a per cent, are below the
    percentage. So a key is in or out wherever it is asked about, every evaluation with the same percentage
    draws the same events, and a larger sample contains every smaller one.
    """
    return _bucket(key) < percentage


def compile_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Conditions with what they compile to.

    Args:
        conditions: sets as they were sent or stored; what they hold of the two keys is replaced.

    Returns:
        The sets, each with `bytecode` (its filters as a Hog program) and `bytecode_error` (why there is
        none). One of the two is None.
    """
    return [{**condition, **_compiled(parsed)} for condition, parsed in _parsed(conditions)]


def are_compiled(conditions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every set has what this version of the engine compiles it to."""
    return all(
        "bytecode_error" in condition
        and (condition.get("bytecode") is None or is_current(condition["bytecode"]))
        for condition in conditions
    )


def _names_read(sets: Iterable[Filters]) -> Iterator[str]:
    for filters in sets:
        for entry in filters:
            yield from PERSON_SOURCES if entry.type is FilterType.PERSON else (entry.key,)


def _compiled(parsed: Filters | UnsupportedFilter) -> dict[str, Any]:
    if isinstance(parsed, UnsupportedFilter):
        return {"bytecode": None, "bytecode_error": parsed.detail}
    return {"bytecode": filters_program(parsed), "bytecode_error": None}


def _parsed(
    conditions: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], Filters | UnsupportedFilter]]:
    """Every set with its filters, or with why they cannot be evaluated.

    All sets together have the room of one list: each event is compared with all of them, and one query of
    the event store may have to hold them all.
    """
    room = Room()
    for condition in conditions:
        try:
            yield condition, parse_filters(condition.get("properties", []), room=room)
        except UnsupportedFilter as unsupported:
            yield condition, unsupported


def _percentage(condition: Mapping[str, Any]) -> float:
    percentage: float | None = condition.get("rollout_percentage")
    return _EVERYTHING if percentage is None else percentage


def _bucket(key: str) -> float:
    """Where a key lies from 0 to below 100."""
    digest = hashlib.md5(key.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4]) % _BUCKETS / 100
