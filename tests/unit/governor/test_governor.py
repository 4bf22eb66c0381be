"""How many questions a key takes, and when it is asked nothing."""

from __future__ import annotations

import pytest

from assay.domain.governor import (
    COURTESY,
    FIRST_OPEN,
    FIRST_WINDOW,
    LONG_WAIT,
    LONGEST_OPEN,
    PROBE_PATIENCE,
    STRIKES,
    Call,
    Governor,
    Later,
    Refused,
    Weather,
)


def governor(maximum: int = 64, *, chance: float = 0.0) -> Governor:
    return Governor(maximum=maximum, jitter=lambda: chance)


def start(governed: Governor, now: float = 0.0) -> Call:
    said = governed.ask(now)
    assert isinstance(said, Call)
    return said


def fill(governed: Governor, now: float = 0.0) -> list[Call]:
    """As many calls as are let in."""
    calls = []
    while isinstance(said := governed.ask(now), Call):
        calls.append(said)
    return calls


def round_trip(governed: Governor, now: float = 0.0) -> int:
    """All calls that are let in are answered; how many that were."""
    calls = fill(governed, now)
    for call in calls:
        governed.answered(call)
    return len(calls)


def strike(governed: Governor, now: float, weather: Weather = Weather.OUTAGE) -> float:
    """One failed call; returns when the next may start."""
    governed.failed(start(governed, now), weather, now)
    return max(now, governed.rests_until)


def test_only_answers_to_calls_after_a_strike_tell_that_things_go_well() -> None:
    governed = governor()
    before, failing = start(governed), start(governed)
    governed.failed(failing, Weather.OUTAGE, 0.0)
    governed.answered(before)
    assert governed.answers == 0
    governed.answered(start(governed, 1.0))
    assert governed.answers == 1


def test_a_doubtful_question_leaves_the_probe_to_others_for_a_while() -> None:
    assert not governor().leaves_probe(0.0)
    governed, half_open = opened()
    assert governed.leaves_probe(half_open)
    assert not governed.leaves_probe(half_open + COURTESY)
    governed.answered(start(governed, half_open))
    assert not governed.leaves_probe(half_open)


def opened(chance: float = 0.0) -> tuple[Governor, float]:
    """A governor whose circuit has just opened, and when it is half open."""
    governed = governor(chance=chance)
    now = 0.0
    for _ in range(STRIKES):
        now = strike(governed, now)
    assert governed.is_open
    return governed, now


def test_the_window_doubles_with_each_round_trip_up_to_the_maximum() -> None:
    governed = governor(maximum=50)
    assert [round_trip(governed) for _ in range(5)] == [FIRST_WINDOW, 16, 32, 50, 50]


def test_a_small_maximum_holds_from_the_beginning() -> None:
    assert len(fill(governor(maximum=3))) == 3


def test_a_window_that_is_not_used_does_not_grow() -> None:
    governed = governor()
    for _ in range(100):
        governed.answered(start(governed))
    assert governed.limit == FIRST_WINDOW


def test_the_first_429_halves_and_ends_the_doubling() -> None:
    governed = governor()
    round_trip(governed)
    governed.failed(start(governed), Weather.LOAD, 0.0)
    assert governed.limit == 8
    later = governed.rests_until
    for limit in (8, 9, 10):
        assert governed.limit == limit
        for _ in range(2):  # a place per window's worth of answers, and a little for the rounding
            round_trip(governed, later)
            if governed.limit > limit:
                break


def test_calls_from_before_a_cut_do_not_cut_again() -> None:
    governed = governor()
    round_trip(governed)
    for call in fill(governed):
        governed.failed(call, Weather.LOAD, 0.0)
    assert governed.limit == 8
    assert not governed.is_open


def test_after_an_outage_the_window_doubles_again() -> None:
    governed = governor()
    round_trip(governed)
    now = strike(governed, 0.0)
    assert governed.limit == 8
    assert [round_trip(governed, now) for _ in range(2)] == [8, 16]


def test_a_retry_after_is_for_everybody() -> None:
    governed = governor()
    governed.failed(start(governed), Weather.LOAD, 10.0, retry_after=7.0)
    assert governed.ask(10.0) == governed.ask(16.9) == Later(17.0)
    assert isinstance(governed.ask(17.0), Call)


def test_a_late_retry_after_counts_as_well() -> None:
    governed = governor()
    first, second = start(governed), start(governed)
    governed.failed(first, Weather.LOAD, 0.0, retry_after=1.0)
    governed.failed(second, Weather.LOAD, 0.5, retry_after=2.0)
    assert governed.ask(2.4) == Later(2.5)


def test_strikes_in_a_row_open_the_circuit_and_an_answer_ends_the_series() -> None:
    governed = governor()
    now = 0.0
    for _ in range(3):
        for _ in range(STRIKES - 1):
            now = strike(governed, now)
        governed.answered(start(governed, now))
    assert not governed.is_open
    for _ in range(STRIKES):
        now = strike(governed, now)
    assert governed.is_open


def test_one_round_trip_is_one_strike_however_many_calls_it_cuts_off() -> None:
    governed = governor()
    for call in fill(governed):
        governed.failed(call, Weather.OUTAGE, 0.0)
    assert not governed.is_open


@pytest.mark.parametrize(
    ("weather", "retry_after"),
    [(Weather.STANDING, None), (Weather.LOAD, LONG_WAIT + 1)],
    ids=["only a person mends it", "a long wait"],
)
def test_what_does_not_pass_soon_opens_at_once(weather: Weather, retry_after: float | None) -> None:
    governed = governor()
    stale, news = start(governed), start(governed)
    governed.failed(news, Weather.LOAD, 0.0)
    governed.failed(stale, weather, 0.0, retry_after=retry_after)
    assert governed.is_open


def test_an_open_circuit_says_when_to_come_back() -> None:
    governed = governor()
    governed.failed(start(governed), Weather.LOAD, 100.0, retry_after=90.0)
    assert governed.ask(100.0) == Refused(90.0)
    assert governed.blocked_for(130.0) == 60.0


def test_half_open_lets_one_probe_through() -> None:
    governed, at = opened()
    assert isinstance(governed.ask(at - 0.001), Refused)
    start(governed, at)
    assert governed.ask(at) == governed.ask(at + 1000) == Refused(PROBE_PATIENCE)


def test_the_answer_to_the_probe_closes() -> None:
    governed, at = opened()
    governed.answered(start(governed, at))
    assert not governed.is_open
    assert len(fill(governed, at)) == governed.limit


def test_a_failed_probe_opens_for_longer_up_to_a_minute() -> None:
    for chance in (0.0, 0.999):
        governed, at = opened(chance)
        durations = []
        for _ in range(8):
            governed.failed(start(governed, at), Weather.OUTAGE, at)
            durations.append(governed.rests_until - at)
            at = governed.rests_until
        assert durations == sorted(durations)
        assert durations[0] > FIRST_OPEN
        assert LONGEST_OPEN / 2 <= durations[-1] <= LONGEST_OPEN


def test_the_first_opening_is_short() -> None:
    for chance in (0.0, 0.999):
        governed = governor(chance=chance)
        governed.failed(start(governed), Weather.STANDING, 0.0)
        assert FIRST_OPEN <= governed.rests_until <= 2 * FIRST_OPEN


def test_a_probe_that_was_cut_off_leaves_its_turn_to_the_next() -> None:
    governed, at = opened()
    governed.released(start(governed, at))
    assert governed.is_open
    start(governed, at)


@pytest.mark.parametrize("answered", [True, False])
def test_calls_from_before_the_circuit_opened_decide_nothing(answered: bool) -> None:
    governed = governor()
    old = start(governed)
    governed.failed(start(governed), Weather.STANDING, 0.0)
    at = governed.rests_until
    probe = start(governed, at)
    if answered:
        governed.answered(old)
    else:
        governed.failed(old, Weather.OUTAGE, at)
    assert governed.is_open
    assert governed.rests_until == at
    governed.answered(probe)
    assert not governed.is_open


def test_nobody_waits_in_here_for_a_long_retry_after_that_came_beside_the_probe() -> None:
    governed = governor()
    old = start(governed)
    governed.failed(start(governed), Weather.STANDING, 0.0)
    at = governed.rests_until
    probe = start(governed, at)
    governed.failed(old, Weather.LOAD, at, retry_after=500.0)
    governed.answered(probe)
    assert governed.ask(at) == Refused(500.0)
    assert isinstance(governed.ask(at + 500), Call)
