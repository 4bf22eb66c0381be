"""Request limits per API key."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from assay.errors import Throttled


class Rate(NamedTuple):
    """At most `requests` in `seconds`."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates that hold together; endpoints with the same `name` share their counters."""

    name: str
    rates: tuple[Rate, ...]


DEFAULT_LIMITS = Limits("default", (Rate(480, 60), Rate(4800, 3600)))
"""Rates of every endpoint that sets none of its own."""


@dataclass(slots=True)
class _Window:
    rate: Rate
    end: float
    requests: int = 0

    def wait_seconds(self, now: float) -> int:
        """Seconds until a request is admitted; 0 if one is now."""
        if self.requests < self.rate.requests:
            return 0
        return min(math.ceil(self.end - now), self.rate.seconds)  # rounding must not add a second


class Throttle:
    """Counts the requests of each key in fixed windows that open with the key's first request.

    State lives in this process: where several API processes run, each counts for itself, so a key may
    do as many times the limit as there are processes. At most `capacity` windows are kept; the ones
    touched longest ago go first, and their keys start afresh.

    Args:
        clock: seconds, monotonic.
        capacity: bound of memory, in windows of about 300 bytes.
    """

    def __init__(self, clock: Callable[[], float], *, capacity: int = 50_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._windows: OrderedDict[tuple[UUID, str, Rate], _Window] = OrderedDict()

    def admit(self, key_id: UUID, limits: Limits) -> None:
        """Count one request; a refused request is not counted.

        Args:
            key_id: id of the API key.
            limits: the rates to hold.

        Raises:
            Throttled: one of the rates is used up.
        """
        now = self._clock()
        windows = [self._window(key_id, limits.name, rate, now) for rate in limits.rates]
        wait = max(window.wait_seconds(now) for window in windows)
        if wait:
            raise Throttled(wait)
        for window in windows:
            window.requests += 1
        while len(self._windows) > self._capacity:
            self._windows.popitem(last=False)

    def _window(self, key_id: UUID, name: str, rate: Rate, now: float) -> _Window:
        """The open window of one counter, marked as touched last."""
        counter = (key_id, name, rate)
        window = self._windows.get(counter)
        if window is None or now >= window.end:
            window = self._windows[counter] = _Window(rate, now + rate.seconds)
        self._windows.move_to_end(counter)
        return window
