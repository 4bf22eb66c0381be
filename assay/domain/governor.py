"""How many questions at a time a model provider takes on one key, and when to ask it nothing at all.

Nobody knows a key's limits beforehand, and they change, so they are found out:

* *Concurrency* adapts like the window of TCP (RFC 5681): it starts small and grows by one place with every
  answer, so it doubles with each round trip, until the first 429. That one halves it and ends the doubling:
  from then on it grows by one place per round trip (additive increase, multiplicative decrease). An outage
  halves it too, but says nothing about the limit, so afterwards it doubles again up to where it was.
  Growth needs proof: a window of which less than half was used of late does not grow.
* *A strike* is a failure of a call that was started after the strike before. What was in flight then fails
  for the same reason, so a round trip is one strike, however many calls it cuts off. After a strike nobody
  asks for a moment, which doubles with each strike; any answer ends the series.
* *Retry-After* is obeyed by everybody who uses the key.
* *The circuit* opens with the fifth strike in a row; at once if only a person can mend what is wrong, or if
  the provider asks for a long wait. While it is open nobody asks. Then it is half open: one call is let
  through, the probe. Its answer closes the circuit; its failure opens it for longer.

Everything here is a function of what is told: the clock and the chance are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

FIRST_WINDOW = 8
"""Calls in flight that a key of which nothing is known is good for."""

STRIKES = 5
"""Failures in a row, each of another round trip, that open the circuit."""

FIRST_PAUSE = 0.25
"""Seconds without a question after the first strike; each further strike doubles them."""

LONG_WAIT = 30.0
"""A Retry-After of more seconds than this opens the circuit: who waits for it should not wait in here."""

FIRST_OPEN = 5.0
LONGEST_OPEN = 60.0
"""Seconds that the circuit is open at least and at most, if the provider does not ask for more."""

COURTESY = 90.0
"""Seconds for which a doubtful question leaves the probe to others: whoever waits comes within that time."""

PROBE_PATIENCE = 2.0
"""Seconds after which to ask again while the answer to the probe is awaited."""


class Weather(Enum):
    """Why a call brought no answer, by what that says about the key."""

    LOAD = auto()
    """Too many questions."""
    OUTAGE = auto()
    """The provider is away."""
    STANDING = auto()
    """It stays like this until a person mends it: no credit, a refused key, a forbidden address."""


@dataclass(frozen=True, slots=True)
class Call:
    """Leave to ask one question; to be ended by `answered`, `failed` or `released`.

    Attributes:
        number: calls are numbered as they start.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Later:
    """Not now.

    Attributes:
        until: when to ask for leave again; None: when a call has ended.
    """

    until: float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The circuit is open.

    Attributes:
        retry_after: seconds until it is worth asking for leave again.
    """

    retry_after: float


class Governor:
    """Governs the calls on one key. Times are seconds on any clock that does not go backwards.

    Args:
        maximum: calls in flight at most.
        jitter: a random number of [0, 1), so that many governors do not probe in step.
    """

    def __init__(self, *, maximum: int, jitter: Callable[[], float]) -> None:
        if maximum < 1:
            raise ValueError("A key that may not be used needs no governor.")
        self._maximum = maximum
        self._jitter = jitter
        self._window = float(min(FIRST_WINDOW, maximum))
        self._doubles_below = math.inf
        self._in_flight: set[int] = set()
        self._started = 0
        self._round_until = 0
        self._peak = self._peak_before = 0
        self._strikes = 0
        self._struck_at = 0
        self._resumes_at = -math.inf
        self._open_until: float | None = None
        self._openings = 0
        self._probe: int | None = None
        self._answers = 0

    @property
    def answers(self) -> int:
        """How many calls were answered that had been started after the strike before.

        What was under way when things went wrong does not tell how they are since.
        """
        return self._answers

    @property
    def limit(self) -> int:
        """Calls that may be in flight now: at least one, at most the maximum."""
        return int(self._window)

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._in_flight)

    @property
    def is_open(self) -> bool:
        """Whether the circuit is open or half open."""
        return self._open_until is not None

    @property
    def rests_until(self) -> float:
        """Nobody asks before this; in the past if there is no reason to wait."""
        return max(self._resumes_at, -math.inf if self._open_until is None else self._open_until)

    def ask(self, now: float) -> Call | Later | Refused:
        """Leave for one more call, or why there is none.

        The probe of a half open circuit does not count against the limit: calls from before the circuit
        opened may hang for long.
        """
        refused_for = self.blocked_for(now)
        if refused_for > 0:
            return Refused(refused_for)
        if self.is_open:
            return self._start(probe=True)
        if now < self._resumes_at:
            return Later(self._resumes_at)
        if len(self._in_flight) >= self.limit:
            return Later(None)
        return self._start()

    def blocked_for(self, now: float) -> float:
        """Seconds for which `ask` would refuse; 0 if it would not."""
        wait = max(0.0, self.rests_until - now)
        if self.is_open:
            return PROBE_PATIENCE if wait == 0 and self._probe is not None else wait
        return wait if wait > LONG_WAIT else 0.0

    def leaves_probe(self, now: float) -> bool:
        """Whether the circuit is open, and a question that often fails should not be the probe (yet)."""
        return self.is_open and now < self.rests_until + COURTESY

    def answered(self, call: Call) -> None:
        """The provider has answered: it is there, and takes the key."""
        self._in_flight.discard(call.number)
        if call.number > self._struck_at:
            self._answers += 1
        if self._open_until is not None:
            if call.number != self._probe:
                return  # tells how things were before the circuit opened
            self._open_until = self._probe = None
            self._openings = 0
        self._strikes = 0
        self._grow(call)

    def failed(self, call: Call, weather: Weather, now: float, *, retry_after: float | None = None) -> None:
        """The call brought no answer, for a reason that is not its own.

        Args:
            retry_after: seconds that the provider asks everybody to wait.
        """
        self._in_flight.discard(call.number)
        if retry_after is not None:
            self._resumes_at = max(self._resumes_at, now + retry_after)
        if self._open_until is not None:
            if call.number == self._probe:
                self._open(now)
            return
        news = call.number > self._struck_at
        if news:
            self._strike(weather, now)
        hopeless = weather is Weather.STANDING or (retry_after or 0.0) > LONG_WAIT
        if hopeless or (news and self._strikes >= STRIKES):
            self._open(now)

    def released(self, call: Call) -> None:
        """The call has ended and says nothing about the key: it was cut off, or nobody was asked."""
        self._in_flight.discard(call.number)
        if call.number == self._probe:
            self._probe = None

    def _start(self, *, probe: bool = False) -> Call:
        self._started += 1
        self._in_flight.add(self._started)
        self._peak = max(self._peak, len(self._in_flight))
        if probe:
            self._probe = self._started
        return Call(self._started)

    def _grow(self, call: Call) -> None:
        if call.number > self._round_until:  # the first answer of another round trip
            self._round_until = self._started
            self._peak_before, self._peak = self._peak, len(self._in_flight)
        if 2 * max(self._peak, self._peak_before) < self.limit:
            return
        step = 1.0 if self._window < self._doubles_below else 1.0 / self._window
        self._window = min(self._window + step, float(self._maximum))

    def _strike(self, weather: Weather, now: float) -> None:
        self._struck_at = self._started
        self._strikes += 1
        self._window = max(1.0, self._window / 2)
        if weather is Weather.LOAD:
            self._doubles_below = self._window
        pause = FIRST_PAUSE * 2 ** (self._strikes - 1)
        self._resumes_at = max(self._resumes_at, now + pause)

    def _open(self, now: float) -> None:
        longest = min(FIRST_OPEN * 2 ** min(self._openings + 1, 8), LONGEST_OPEN)
        self._openings += 1
        self._open_until = now + longest * (1 + self._jitter()) / 2
        self._probe = None
        self._struck_at = self._started
