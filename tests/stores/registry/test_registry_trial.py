"""The trial ledger, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.evaluations import TrialPlace
from assay.ports import Registry, TrialLedger
from tests.stores.registry.support import count, execute

LONG_AGO = "UPDATE trial_evaluations SET reserved_at = '2020-01-01 00:00:00+00:00'"
"""As if whoever holds places had died long ago."""


def verdicts(number: int) -> list[UUID]:
    return [uuid4() for _ in range(number)]


async def long_ago(registry: SqlRegistry, condition: str) -> None:
    """`LONG_AGO` while others are at work: after the lock of the project, as they do it."""
    async with registry.database.write() as session:
        await session.execute(text("UPDATE projects SET name = name WHERE id = 1"))
        await session.execute(text(f"{LONG_AGO} WHERE {condition}"))


async def test_the_trial_is_never_overdrawn(registry: Registry, second: Registry) -> None:
    asked = verdicts(12)
    granted = await asyncio.gather(
        *(each.trial.reserve(1, verdict, limit=5) for verdict in asked for each in (registry, second))
    )
    pairs = list(zip(granted[::2], granted[1::2], strict=True))
    assert sum(TrialPlace.RESERVED in pair for pair in pairs) == 5
    assert TrialPlace.USED_UP not in granted
    assert await registry.trial.used(1) == 0

    for verdict, pair in zip(asked, pairs, strict=True):
        if TrialPlace.RESERVED in pair:
            await registry.trial.confirm(1, verdict)
    assert await second.trial.used(1) == 5
    assert await second.trial.reserve(1, uuid4(), limit=5) is TrialPlace.USED_UP


async def test_a_place_is_taken_once_and_can_be_given_back(registry: Registry) -> None:
    verdict, late = uuid4(), uuid4()
    again = [await registry.trial.reserve(1, verdict, limit=1) for _ in range(3)]
    assert again == [TrialPlace.RESERVED] * 3
    assert await registry.trial.reserve(1, late, limit=1) is TrialPlace.BUSY
    await registry.trial.release(1, verdict)
    await registry.trial.release(1, verdict)
    assert await registry.trial.reserve(1, late, limit=1) is TrialPlace.RESERVED


async def test_a_verdict_keeps_its_place(registry: Registry) -> None:
    verdict = uuid4()
    await registry.trial.reserve(1, verdict, limit=1)
    await registry.trial.confirm(1, verdict)
    await registry.trial.release(1, verdict)
    assert await registry.trial.used(1) == 1
    assert await registry.trial.reserve(1, verdict, limit=1) is TrialPlace.RESERVED


async def test_the_place_of_a_process_that_died_comes_back(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    dead, confirmed = uuid4(), uuid4()
    for verdict in (dead, confirmed):
        await blank.trial.reserve(1, verdict, limit=2)
    await blank.trial.confirm(1, confirmed)
    assert await blank.trial.reserve(1, uuid4(), limit=2) is TrialPlace.BUSY
    await execute(blank, LONG_AGO)
    assert await blank.trial.reserve(1, uuid4(), limit=2) is TrialPlace.RESERVED
    assert await blank.trial.used(1) == 1


async def test_a_place_that_nobody_needs_is_kept_for_its_verdict(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    late = uuid4()
    await blank.trial.reserve(1, late, limit=2)
    await execute(blank, LONG_AGO)
    await blank.trial.reserve(1, uuid4(), limit=2)

    assert await blank.trial.settle_many(1, confirmed=[late]) == frozenset()

    assert await blank.trial.used(1) == 1


async def test_a_verdict_whose_place_has_gone_to_another_does_not_count(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    late, other = verdicts(2)
    await blank.trial.reserve(1, late, limit=1)
    await execute(blank, LONG_AGO)
    assert await blank.trial.reserve(1, other, limit=1) is TrialPlace.RESERVED
    await blank.trial.confirm(1, other)

    assert await blank.trial.settle_many(1, confirmed=[late]) == {late}

    assert await blank.trial.used(1) == 1
    assert await blank.trial.reserve(1, late, limit=1) is TrialPlace.USED_UP


async def test_a_renewed_place_is_not_abandoned(blank: SqlRegistry, start: BootstrapResult) -> None:
    alive, dead, lost = verdicts(3)
    await blank.trial.reserve_many(1, [alive, dead], limit=2)
    await execute(blank, LONG_AGO)

    await blank.trial.renew(1, [alive, lost])

    new = verdicts(2)
    assert list((await blank.trial.reserve_many(1, new, limit=2)).values()) == [
        TrialPlace.RESERVED,
        TrialPlace.BUSY,
    ]
    assert await blank.trial.settle_many(1, confirmed=[alive, dead, lost]) == {dead, lost}


async def test_the_place_that_was_abandoned_first_goes_first(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    first, then = verdicts(2)
    await blank.trial.reserve(1, first, limit=2)
    await execute(blank, LONG_AGO)
    await blank.trial.reserve(1, then, limit=2)
    await execute(blank, LONG_AGO.replace("2020", "2021") + " WHERE reserved_at > '2020-06-01'")

    await blank.trial.reserve(1, uuid4(), limit=2)

    assert await blank.trial.settle_many(1, confirmed=[first, then]) == {first}


async def test_many_at_once_get_what_there_is_in_their_order(registry: Registry) -> None:
    held, *asked = verdicts(5)
    await registry.trial.reserve(1, held, limit=3)

    places = await registry.trial.reserve_many(1, [*asked, held, asked[0]], limit=3)

    reserved, busy = TrialPlace.RESERVED, TrialPlace.BUSY
    assert dict(places) == dict(zip((*asked, held), (reserved, reserved, busy, busy, reserved), strict=True))
    over = await registry.trial.settle_many(1, confirmed=[held, asked[0], asked[3]], released=[asked[1]])
    assert over == {asked[3]}
    assert await registry.trial.used(1) == 2
    assert await registry.trial.reserve_many(1, [], limit=3) == {}
    assert await registry.trial.settle_many(1) == frozenset()
    places = await registry.trial.reserve_many(1, asked[1:3], limit=2)
    assert set(places.values()) == {TrialPlace.USED_UP}


async def test_a_lowered_limit_gives_no_place_before_there_is_room(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    used, *dead = verdicts(5)
    await blank.trial.reserve_many(1, [used, *dead], limit=5)
    await blank.trial.confirm(1, used)
    await execute(blank, LONG_AGO)

    places = await blank.trial.reserve_many(1, verdicts(3), limit=2)

    assert list(places.values()) == [TrialPlace.RESERVED, TrialPlace.BUSY, TrialPlace.BUSY]
    assert await count(blank, "trial_evaluations") <= 5


async def test_projects_have_places_of_their_own(registry: Registry) -> None:
    other = (await registry.access.create_project("Other")).id
    verdict = uuid4()
    await registry.trial.reserve(1, verdict, limit=1)

    assert await registry.trial.settle_many(other, confirmed=[verdict], released=[verdict]) == {verdict}

    assert await registry.trial.reserve(other, uuid4(), limit=1) is TrialPlace.RESERVED
    assert await registry.trial.settle_many(1, confirmed=[verdict]) == frozenset()


LIMIT = 7


@pytest.mark.parametrize("seed", [1, 2])
async def test_used_never_passes_the_limit(
    blank: SqlRegistry, start: BootstrapResult, second: Registry, seed: int
) -> None:
    """Twenty tasks of two processes judge, fail, die and come back late, in any order."""
    most = 0

    async def watched(ledger: TrialLedger, asked: Sequence[UUID], chance: random.Random) -> None:
        nonlocal most
        places = await ledger.reserve_many(1, asked, limit=LIMIT)
        granted = [verdict for verdict in asked if places[verdict] is TrialPlace.RESERVED]
        if chance.random() < 0.3:
            await long_ago(blank, "NOT confirmed")
        if chance.random() < 0.3:
            await ledger.renew(1, granted)
        fate = {verdict: chance.choice(["reached", "reached", "failed", "died"]) for verdict in granted}
        await ledger.settle_many(
            1,
            confirmed=[verdict for verdict in granted if fate[verdict] == "reached"],
            released=[verdict for verdict in granted if fate[verdict] == "failed"],
        )
        most = max(most, await ledger.used(1), await count(blank, "trial_evaluations"))

    async def judge(number: int) -> None:
        chance = random.Random(f"{seed}/{number}")
        ledger = (blank, second)[number % 2].trial
        mine = verdicts(4)
        for _ in range(4):
            await watched(ledger, chance.sample(mine, chance.randint(1, 3)), chance)

    await asyncio.gather(*(judge(number) for number in range(20)))

    assert most <= LIMIT
    await execute(blank, LONG_AGO)
    asked = verdicts(LIMIT)
    await blank.trial.settle_many(1, confirmed=[*(await blank.trial.reserve_many(1, asked, limit=LIMIT))])
    assert await blank.trial.used(1) == LIMIT  # and no place was lost
    assert await second.trial.reserve(1, uuid4(), limit=LIMIT) is TrialPlace.USED_UP
