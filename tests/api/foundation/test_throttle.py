"""Request limits per API key."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.operations import Call, Operation, Resource
from api_shim.throttle import DEFAULT_LIMITS, Limits, Rate, Throttle
from assay.errors import Throttled
from tests.harness.api import ApiWorld, error

URL = "/api/environments/1/evaluations/"
KEY = uuid4()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused_for(throttle: Throttle, limits: Limits, key: UUID = KEY) -> int:
    """Send one request; seconds to wait if it is refused, else 0."""
    try:
        throttle.admit(key, limits)
    except Throttled as refused:
        return refused.wait_seconds
    return 0


def admitted(throttle: Throttle, limits: Limits, key: UUID = KEY) -> bool:
    return refused_for(throttle, limits, key) == 0


async def test_the_481st_request_of_a_minute_is_refused_until_the_minute_is_over(world: ApiWorld) -> None:
    clock = Clock()
    key, other = await world.new_key("*"), await world.new_key("*")
    async with world.client(key=key, throttle=True, clock=clock) as client:
        for _ in range(480):
            assert (await client.post(URL, json={})).status_code == 400
        clock.now += 46.5
        response = await client.post(URL, json={})
        assert response.status_code == 429
        assert response.headers["retry-after"] == "14"
        detail = "Request was throttled. Expected available in 14 seconds."
        assert response.json() == error("throttled_error", "throttled", detail)
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get(URL, headers={"Authorization": f"Bearer {other}"})).status_code == 200
        clock.now += 13.5
        assert (await client.get(URL)).status_code == 200


async def act(call: Call[None, None]) -> None:
    """Act."""


SMALL = Limits("small", (Rate(2, 60),))
THINGS = Resource(
    path="things",
    scope="thing",
    operations=(
        Operation("read", "GET", "", act, limits=SMALL, status=204),
        Operation("write", "POST", "", act, limits=SMALL, status=204),
    ),
)


async def test_an_operation_may_have_limits_of_its_own_and_earlier_refusals_are_not_counted(
    world: ApiWorld,
) -> None:
    key = await world.new_key("thing:read", "evaluation:read")
    async with world.client(key=key, resources=[THINGS], throttle=True, clock=Clock()) as client:
        things = "/api/environments/1/things"
        assert [(await client.post(things)).status_code for _ in range(3)] == [403] * 3
        assert [(await client.get(things)).status_code for _ in range(3)] == [204, 204, 429]
        assert (await client.get(URL)).status_code == 200


async def test_limits_can_be_switched_off(world: ApiWorld) -> None:
    async with world.client(resources=[THINGS], throttle=False, clock=Clock()) as client:
        for _ in range(5):
            assert (await client.post("/api/environments/1/things")).status_code == 204


def test_the_longer_window_holds_when_the_shorter_one_is_kept() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(10):
        assert all(admitted(throttle, DEFAULT_LIMITS) for _ in range(480))
        clock.now += 60
    with pytest.raises(Throttled) as caught:
        throttle.admit(KEY, DEFAULT_LIMITS)
    assert caught.value.wait_seconds == 3000


def test_endpoints_with_limits_of_their_own_have_counters_of_their_own() -> None:
    throttle = Throttle(Clock())
    small = Limits("small", (Rate(1, 60),))
    assert admitted(throttle, small)
    assert not admitted(throttle, small)
    assert admitted(throttle, DEFAULT_LIMITS)
    assert admitted(throttle, small, uuid4())


def test_memory_is_bounded_and_the_keys_touched_last_are_remembered() -> None:
    throttle = Throttle(Clock(), capacity=10)
    once = Limits("once", (Rate(1, 60),))
    keys = [uuid4() for _ in range(30)]
    for key in keys:
        assert admitted(throttle, once, key)
    assert not any(admitted(throttle, once, key) for key in keys[-10:])
    assert admitted(throttle, once, keys[0])


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(1, 5))
def test_no_window_admits_more_than_its_rate_and_waiting_as_told_is_enough(
    pauses: list[float], requests: int
) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    limits = Limits("x", (Rate(requests, 30),))
    admissions: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = refused_for(throttle, limits)
        assert 0 <= wait <= 30
        if wait:
            clock.now += wait
            assert refused_for(throttle, limits) == 0
        admissions.append(clock.now)
    # Windows are fixed: two of them can touch, so twice the rate is the most within any 30 seconds.
    for start in admissions:
        assert sum(start <= time < start + 30 for time in admissions) <= 2 * requests
