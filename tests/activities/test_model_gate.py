"""Questions pass the governor of their key: places, turns, pauses and open circuits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from activities.model_gate import GateKey, ModelGate
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelReply, ModelRequest
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.governor import FIRST_WINDOW
from assay.errors import (
    CircuitOpen,
    ContextWindowExceeded,
    ModelNotFound,
    ProviderAuthenticationFailed,
    QuotaExceeded,
    RateLimited,
    WorkError,
)
from tests.activities.world import Clock

HOUSE = GateKey(Provider.TOGETHER_AI)
"""A key of a provider that no other test uses: gauges are per process."""

REPLY = ModelReply(text="", model="m", input_tokens=None, output_tokens=None, cost_usd=None)


class HeldModel:
    """A model that answers when it is told to.

    Attributes:
        asked: the questions under way, by who asks; each is answered by its future.
        order: who asked, in order.
    """

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Future[ModelReply]] = {}
        self.order: list[str] = []

    def offers(self, provider: Provider) -> bool:
        return True

    def is_public(self, provider: Provider) -> bool:
        return True

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        self.order.append(request.model)
        self.asked[request.model] = asyncio.get_running_loop().create_future()
        try:
            return await self.asked[request.model]
        finally:
            del self.asked[request.model]


class Callers:
    """Who asks `gate`; names are `<owner><number>`."""

    def __init__(self, *, maximum: int = 64, key: GateKey = HOUSE) -> None:
        self.clock = Clock()
        self.model = HeldModel()
        self.gate = ModelGate(self.model, maximum=maximum, clock=self.clock, jitter=lambda: 0.0)
        self.key = key
        self.tasks: dict[str, asyncio.Task[ModelReply]] = {}

    async def ask(self, *names: str, key: GateKey | None = None) -> None:
        for name in names:
            request = ModelRequest(
                provider=self.key.provider,
                model=name,
                messages=(),
                schema_name="s",
                json_schema={},
                timeout_seconds=1,
            )
            asking = self._ask(key or self.key, request, owner=name[0])
            self.tasks[name] = asyncio.create_task(asking)
        await settled()

    async def _ask(self, key: GateKey, request: ModelRequest, *, owner: str) -> ModelReply:
        async with self.gate.turn(key, owner=owner) as turn:
            return await turn.ask(request, None)

    async def answer(self, *names: str, failure: WorkError | None = None) -> None:
        for name in names:
            if failure is None:
                self.model.asked[name].set_result(REPLY)
            else:
                self.model.asked[name].set_exception(failure)
        await settled()

    def failure(self, name: str) -> BaseException | None:
        return self.tasks[name].exception()

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settled() -> None:
    """Let everything happen that does not wait for something."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def callers(*, maximum: int = 64, key: GateKey = HOUSE) -> AsyncIterator[Callers]:
    asking = Callers(maximum=maximum, key=key)
    try:
        yield asking
    finally:
        await asking.close()


def gauge(name: str, provider: Provider = HOUSE.provider) -> float:
    return REGISTRY.get_sample_value(f"assay_model_{name}", {"provider": provider}) or 0.0


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():  # noqa: ASYNC110  (any condition)
            await asyncio.sleep(0.01)


async def test_no_more_are_let_in_than_the_governor_says_and_owners_take_turns() -> None:
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "a2", "a3", "b1", "c1")
        for _ in range(5):
            assert len(asking.model.asked) == 1
            await asking.answer(*asking.model.asked)
        assert asking.model.order == ["a1", "a2", "b1", "c1", "a3"]


async def test_keys_do_not_wait_for_each_other() -> None:
    own = GateKey(HOUSE.provider, (UUID(int=1), 1))
    async with callers(maximum=1) as asking:
        await asking.ask("a1")
        await asking.ask("b1", key=own)
        await asking.ask("c1", key=GateKey(own.provider, (UUID(int=1), 2)))
        assert set(asking.model.asked) == {"a1", "b1", "c1"}


async def test_who_gives_up_waiting_costs_nobody_a_place() -> None:
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "a2", "b1")
        asking.tasks["a2"].cancel()
        await asking.answer("a1")
        assert set(asking.model.asked) == {"b1"}


async def test_leave_that_comes_to_somebody_who_just_gave_up_goes_on() -> None:
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "b1", "c1")
        asking.model.asked["a1"].set_result(REPLY)
        while not asking.tasks["a1"].done():  # noqa: ASYNC110  (a moment later would be too late)
            await asyncio.sleep(0)
        asking.tasks["b1"].cancel()
        await settled()
        assert set(asking.model.asked) == {"c1"}


async def test_a_call_that_is_cut_off_gives_its_place_back() -> None:
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "b1")
        asking.tasks["a1"].cancel()
        await settled()
        assert set(asking.model.asked) == {"b1"}


async def test_after_a_429_everybody_waits_as_long_as_the_provider_says() -> None:
    async with callers() as asking:
        await asking.ask("a1")
        await asking.answer("a1", failure=RateLimited("slow down", retry_after=20))
        await asking.ask("b1", "c1")
        assert not asking.model.asked
        asking.clock.ahead += 21
        await asking.ask("d1")
        assert set(asking.model.asked) == {"b1", "c1", "d1"}


async def test_the_end_of_a_pause_wakes_those_who_wait() -> None:
    async with callers() as asking:
        await asking.ask("a1")
        await asking.answer("a1", failure=RateLimited("slow down", retry_after=0.3))
        await asking.ask("b1")
        assert not asking.model.asked
        await eventually(lambda: "b1" in asking.model.asked)


async def test_an_open_circuit_sends_away_who_waits_and_who_comes() -> None:
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "b1")
        await asking.answer("a1", failure=QuotaExceeded("no credit"))
        await asking.ask("c1")
        for name in ("b1", "c1"):
            refused = asking.failure(name)
            assert isinstance(refused, CircuitOpen)
            assert refused.retry_after == pytest.approx(5, abs=1)
            assert "quota_error" in refused.detail
            assert "no credit" not in refused.detail
        assert asking.gate.blocked_for(HOUSE) == pytest.approx(5, abs=1)
        assert asking.model.order == ["a1"]


async def test_a_probe_closes_the_circuit_for_all() -> None:
    others = gauge("circuits_open")
    async with callers() as asking:
        await asking.ask("a1")
        await asking.answer("a1", failure=ProviderAuthenticationFailed("refused"))
        assert gauge("circuits_open") == others + 1
        asking.clock.ahead += 6
        assert asking.gate.blocked_for(HOUSE) == 0
        await asking.ask("b1", "b2")
        assert isinstance(asking.failure("b2"), CircuitOpen)
        await asking.answer("b1")
        assert gauge("circuits_open") == others
        await asking.ask("c1", "c2")
        assert set(asking.model.asked) == {"c1", "c2"}


@pytest.mark.parametrize(
    "failure",
    [ContextWindowExceeded("too long"), ModelNotFound("no such model")],
    ids=["of the question", "of the configuration"],
)
async def test_failures_that_are_not_the_keys_do_not_count(failure: WorkError) -> None:
    async with callers() as asking:
        for number in range(10):
            await asking.ask(f"a{number}")
            await asking.answer(f"a{number}", failure=failure)
        assert asking.gate.blocked_for(HOUSE) == 0
        await asking.ask("b1")
        assert "b1" in asking.model.asked


async def test_a_projects_own_key_that_is_refused_opens_nothing() -> None:
    own = GateKey(HOUSE.provider, (UUID(int=3), 1))
    async with callers(maximum=1) as asking:
        await asking.ask("a1", "b1", key=own)
        await asking.answer("a1", failure=ProviderAuthenticationFailed("refused"))
        assert set(asking.model.asked) == {"b1"}
        assert asking.gate.blocked_for(own) == 0


async def test_the_gauges_show_what_is_known_of_all_keys() -> None:
    limit, in_flight = gauge("concurrency_limit"), gauge("calls_in_flight")
    async with callers() as asking:
        await asking.ask("a1", "a2")
        await asking.ask("b1", key=GateKey(HOUSE.provider, (UUID(int=1), 1)))
        assert gauge("concurrency_limit") == limit + 2 * FIRST_WINDOW
        assert gauge("calls_in_flight") == in_flight + 3
        await asking.answer("a1", "a2", "b1")
        assert gauge("calls_in_flight") == in_flight


async def test_what_was_learnt_is_forgotten_an_hour_after_the_last_use() -> None:
    limit, others = gauge("concurrency_limit"), gauge("circuits_open")
    async with callers() as asking:
        await asking.ask("a1", "a2")
        await asking.answer("a1", failure=QuotaExceeded("no credit"))
        asking.clock.ahead += 3590
        await asking.ask("b1", key=GateKey(HOUSE.provider, (UUID(int=1), 1)))
        assert gauge("circuits_open") == others + 1
        await asking.answer("a2")
        asking.clock.ahead += 3700
        await asking.ask("c1", key=GateKey(HOUSE.provider, (UUID(int=2), 1)))
        assert gauge("circuits_open") == others
        assert gauge("concurrency_limit") == limit + 2 * FIRST_WINDOW  # b1 is still under way
