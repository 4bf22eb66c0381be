"""Following arrivals: whatever is shown when, everything is looked at, and little twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import Arrival, Place, Position
from assay.domain.arrivals import LOOK_BACK, late_seconds, look_back_from, passed, starting_at, unix_second

BEGIN = datetime(2026, 5, 4, 12, 0, 0, 250_000, tzinfo=UTC)


def arrival(number: int, seconds: float) -> Arrival:
    at = BEGIN + timedelta(seconds=seconds)
    return Arrival(uuid=UUID(int=number + 1), timestamp=at, ingested_at=at, size=100)


class Store:
    """What arrivals a reader of the store can see."""

    def __init__(self) -> None:
        self.shown: list[Arrival] = []

    def show(self, some: list[Arrival]) -> None:
        self.shown = sorted([*self.shown, *some], key=order)

    def behind(self, position: Position) -> list[Arrival]:
        since, place = look_back_from(position), order_of(position.place)
        return [one for one in self.shown if one.ingested_at >= since and order(one) <= place]

    def counts(self, position: Position) -> dict[int, int]:
        counts: dict[int, int] = {}
        for one in self.behind(position):
            second = unix_second(one.ingested_at)
            counts[second] = counts.get(second, 0) + 1
        return counts

    def after(self, place: Place, limit: int) -> list[Arrival]:
        return [one for one in self.shown if order(one) > order_of(place)][:limit]


def order(one: Arrival) -> tuple[datetime, UUID]:
    return one.ingested_at, one.uuid


def order_of(place: Place) -> tuple[datetime, UUID]:
    return place.ingested_at, place.uuid


def tick(store: Store, position: Position, limit: int) -> tuple[Position, list[Arrival]]:
    counts = store.counts(position)
    late = set(late_seconds(position, counts))
    again = [one for one in store.behind(position) if unix_second(one.ingested_at) in late]
    page = store.after(position.place, limit)
    return passed(position, counts, page), [*again, *page]


@given(
    arrivals=st.lists(st.tuples(st.floats(0, 25), st.floats(0, 4.5)), max_size=40),
    ticks=st.lists(st.floats(0.01, 3), min_size=1, max_size=30),
    limit=st.integers(1, 7),
)
def test_everything_is_looked_at_however_late_it_is_shown(
    arrivals: list[tuple[float, float]], ticks: list[float], limit: int
) -> None:
    pending = [(arrival(number, at), at + late) for number, (at, late) in enumerate(arrivals)]
    store, position, clock = Store(), starting_at(BEGIN), 0.0
    seen: set[UUID] = set()
    for step in [*ticks, *[2.0] * (len(arrivals) + 15)]:
        clock += step
        store.show([one for one, shown_at in pending if shown_at <= clock])
        pending = [(one, shown_at) for one, shown_at in pending if shown_at > clock]
        position, looked_at = tick(store, position, limit)
        seen |= {one.uuid for one in looked_at}
    assert seen == {arrival(number, 0).uuid for number in range(len(arrivals))}


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(1, 9))
def test_what_is_shown_in_time_is_looked_at_once(times: list[float], limit: int) -> None:
    store, position = Store(), starting_at(BEGIN)
    store.show([arrival(number, at) for number, at in enumerate(times)])
    looked_at: list[UUID] = []
    for _ in range(len(times) + 2):
        position, now = tick(store, position, limit)
        looked_at += [one.uuid for one in now]
    assert sorted(looked_at) == sorted(one.uuid for one in store.shown)


def test_a_late_arrival_makes_its_second_late() -> None:
    store, position = Store(), starting_at(BEGIN)
    store.show([arrival(1, 5.0), arrival(2, 9.0)])
    position, _ = tick(store, position, 10)
    store.show([arrival(3, 5.1)])
    _, looked_at = tick(store, position, 10)
    assert {one.uuid for one in looked_at} == {arrival(1, 0).uuid, arrival(3, 0).uuid}


def test_nothing_before_the_beginning_is_late() -> None:
    store = Store()
    store.show([arrival(1, -0.1), arrival(2, -10.0)])
    assert store.behind(starting_at(BEGIN)) == []


def test_evaluations_that_see_the_same_come_to_the_same_position() -> None:
    far = LOOK_BACK.total_seconds() + 5
    store = Store()
    store.show([arrival(number, 4.0 * number) for number in range(20)])
    early, late = starting_at(BEGIN), starting_at(BEGIN + timedelta(seconds=far / 2))
    assert tick(store, early, 100)[0] == tick(store, late, 100)[0]


def test_positions_stay_small() -> None:
    store, position = Store(), starting_at(BEGIN)
    store.show([arrival(number, number / 2) for number in range(1_000)])
    position, _ = tick(store, position, 1_000)
    assert len(position.passed) <= LOOK_BACK.total_seconds() + 1
