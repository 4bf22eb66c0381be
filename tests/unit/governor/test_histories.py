"""What holds after any history of a key."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assay.domain.governor import LONGEST_OPEN, Call, Governor, Refused, Weather

SECONDS = st.floats(0, 100, allow_nan=False)


class GovernedKey(RuleBasedStateMachine):
    """Callers who ask for leave, end their calls in any way, and let time pass."""

    @initialize(maximum=st.integers(1, 20), chance=st.floats(0, 0.999))
    def begin(self, maximum: int, chance: float) -> None:
        self.maximum = maximum
        self.governed = Governor(maximum=maximum, jitter=lambda: chance)
        self.now = 0.0
        self.asked_to_wait_until = 0.0
        self.running: list[Call] = []
        self.probe: Call | None = None

    @rule()
    def ask(self) -> None:
        was_open, limit, running = self.governed.is_open, self.governed.limit, len(self.running)
        said = self.governed.ask(self.now)
        if not isinstance(said, Call):
            assert not isinstance(said, Refused) or said.retry_after > 0
            return
        assert self.now >= self.asked_to_wait_until, "a call during a Retry-After"
        if was_open:
            assert self.probe is None, "a second probe"
            self.probe = said
        else:
            assert running < limit, "more calls in flight than the limit"
        self.running.append(said)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        call = self._end(data)
        closes = call == self.probe
        was_open = self.governed.is_open
        self.governed.answered(call)
        assert self.governed.is_open == (was_open and not closes)
        self._forget(call)

    @precondition(lambda self: self.running)
    @rule(
        data=st.data(),
        weather=st.sampled_from(Weather),
        retry_after=st.none() | st.floats(0, 50, allow_nan=False),
    )
    def fail(self, data: st.DataObject, weather: Weather, retry_after: float | None) -> None:
        call = self._end(data)
        limit = self.governed.limit
        self.governed.failed(call, weather, self.now, retry_after=retry_after)
        self.asked_to_wait_until = max(self.asked_to_wait_until, self.now + (retry_after or 0.0))
        assert self.governed.limit <= limit
        assert call != self.probe or self.governed.is_open, "a failed probe has closed the circuit"
        self._forget(call)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def cut_off(self, data: st.DataObject) -> None:
        call = self._end(data)
        self.governed.released(call)
        self._forget(call)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_limit_is_within_its_bounds(self) -> None:
        assert 1 <= self.governed.limit <= self.maximum
        assert self.governed.in_flight == len(self.running)

    def teardown(self) -> None:
        """The provider recovers: what runs is answered, and calls flow again in time."""
        for call in self.running:
            self.governed.answered(call)
        at = max(self.now + LONGEST_OPEN, self.asked_to_wait_until)
        for _ in range(10):
            call = self.governed.ask(at)
            assert isinstance(call, Call), "no call although the provider has recovered"
            self.governed.answered(call)
        assert not self.governed.is_open

    def _end(self, data: st.DataObject) -> Call:
        return self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))

    def _forget(self, call: Call) -> None:
        if call == self.probe:
            self.probe = None


GovernedKey.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestGovernedKey = GovernedKey.TestCase
