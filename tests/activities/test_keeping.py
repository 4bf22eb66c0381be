from __future__ import annotations

import pytest

from activities.keeping import STORING_PAUSES, keep_paid
from assay.errors import StoreRejected, StoreUnavailable


class Store:
    """Is away so many times; `pauses` are the seconds that were waited for it."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.pauses: list[float] = []

    async def put(self) -> str:
        if self.away > 0:
            raise StoreUnavailable("away")
        return "stored"

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.away -= 1


@pytest.mark.parametrize("away", [0, 1, len(STORING_PAUSES)])
async def test_a_store_that_is_away_is_waited_for(away: int) -> None:
    store = Store(away)

    assert await keep_paid(store.put, sleep=store.pause) == "stored"
    assert store.pauses == list(STORING_PAUSES[:away])


async def test_one_that_stays_away_is_told() -> None:
    store = Store(len(STORING_PAUSES) + 1)

    with pytest.raises(StoreUnavailable):
        await keep_paid(store.put, sleep=store.pause)
    assert store.pauses == list(STORING_PAUSES)


async def test_what_a_store_refuses_is_offered_once() -> None:
    store = Store(0)

    async def refuse() -> None:
        raise StoreRejected("no")

    with pytest.raises(StoreRejected):
        await keep_paid(refuse, sleep=store.pause)
    assert store.pauses == []
