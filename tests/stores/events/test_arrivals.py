"""What arrives can be followed: in order, to the last one, with what comes late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.contracts.evaluation_batches import Arrival, Place
from tests.stores.events.support import NOON, Backend, event, uuids

NOW = datetime.now(UTC).replace(microsecond=0)
"""Arrivals are kept for a month, so they cannot be of a fixed date."""

MICROSECOND = timedelta(microseconds=1)
BEGINNING = Place(ingested_at=NOW - timedelta(days=1))
END = Place(ingested_at=NOW + timedelta(days=1))


def place_of(arrival: Arrival) -> Place:
    return Place(ingested_at=arrival.ingested_at, uuid=arrival.uuid)


def arrived(backend: Backend, project: int) -> list[Arrival]:
    return backend.targets.arrivals(project, after=BEGINNING, limit=1_000)


def test_a_generation_arrives_with_its_time_and_size(backend: Backend, project: int) -> None:
    long, short = (event(project, {"$ai_input": "x" * size, "a": "é"}) for size in (1_000, 10))
    before = datetime.now(UTC)
    backend.store.insert([long, short])

    found = {arrival.uuid: arrival for arrival in arrived(backend, project)}

    assert set(found) == {long.uuid, short.uuid}
    assert found[long.uuid].timestamp == NOON
    assert before <= found[long.uuid].ingested_at <= datetime.now(UTC)
    assert found[long.uuid].size - found[short.uuid].size == 990
    assert found[short.uuid].size == len('{"a":"é"}'.encode()) + len('"xxxxxxxxxx"')


def test_an_arrival_tells_when_its_event_was_ingested(backend: Backend, project: int) -> None:
    backend.store.insert([event(project) for _ in range(3)])

    assert {arrival.ingested_at for arrival in arrived(backend, project)} == {
        row["ingested_at"] for row in backend.select("ingested_at", project)
    }


def test_other_kinds_and_other_projects_do_not_arrive(backend: Backend, project: int) -> None:
    mine = event(project)
    names = ["$ai_span", "$ai_trace", "$ai_evaluation", "ai_generation", "$ai_generation2"]
    backend.store.insert([mine, event(project + 10_000), *(event(project, event=name) for name in names)])

    assert uuids(arrived(backend, project)) == [mine.uuid]


def test_an_event_that_is_sent_again_arrives_again(backend: Backend, project: int) -> None:
    sent = event(project, {"n": 1})
    backend.take(NOW, sent)
    backend.take(NOW + MICROSECOND, sent.model_copy(update={"properties": {"n": "longer"}}))

    first, second = arrived(backend, project)
    assert first.uuid == second.uuid == sent.uuid
    assert second.ingested_at - first.ingested_at == MICROSECOND
    assert second.size > first.size


def test_two_copies_in_one_insert_arrive_once(backend: Backend, project: int) -> None:
    """A place names one arrival, so a page that ends there has not left half of it."""
    sent = event(project)
    backend.store.insert([sent, sent])

    assert uuids(arrived(backend, project)) == [sent.uuid]


def test_a_place_of_a_time_alone_is_before_all_arrivals_of_it(backend: Backend, project: int) -> None:
    first = event(project, uuid=UUID(int=1))
    backend.take(NOW, first)

    assert uuids(backend.targets.arrivals(project, after=Place(ingested_at=NOW), limit=9)) == [first.uuid]
    behind = Place(ingested_at=NOW, uuid=first.uuid)
    assert backend.targets.arrivals(project, after=behind, limit=9) == []


def test_the_last_arrival(backend: Backend, project: int) -> None:
    assert backend.targets.last_arrival(project) is None
    low, high = (UUID(int=number) for number in (2**64, 2**127))
    backend.take(NOW, event(project, uuid=high), event(project, uuid=low))
    backend.take(NOW - MICROSECOND, event(project))

    assert backend.targets.last_arrival(project) == Place(ingested_at=NOW, uuid=high)
    assert backend.targets.last_arrival(project + 10_000) is None


def test_arrivals_are_counted_by_second(backend: Backend, project: int) -> None:
    second = int(NOW.timestamp())
    backend.take(NOW, event(project), event(project))
    backend.take(NOW + timedelta(seconds=1) - MICROSECOND, event(project))
    backend.take(NOW + timedelta(seconds=1), event(project))
    backend.take(NOW + timedelta(seconds=3), event(project))
    backend.take(NOW, event(project + 10_000))

    counts = backend.targets.arrivals_per_second(project, since=NOW, up_to=END)
    assert counts == {second: 3, second + 1: 1, second + 3: 1}
    some = backend.targets.arrivals_in(project, {second + 3, second}, since=NOW, up_to=END)
    assert some == [*arrived(backend, project)[:3], arrived(backend, project)[4]]
    assert backend.targets.arrivals_in(project, [], since=NOW, up_to=END) == []
    assert backend.targets.arrivals_in(project, [second + 2], since=NOW, up_to=END) == []


def test_both_ends_of_a_span_are_part_of_it(backend: Backend, project: int) -> None:
    second = int(NOW.timestamp())
    instants = [NOW - MICROSECOND, NOW, NOW + MICROSECOND]
    for instant in instants:
        backend.take(instant, *(event(project, uuid=UUID(int=number)) for number in (1, 2**64, 2**127)))

    last = Place(ingested_at=NOW + MICROSECOND, uuid=UUID(int=2**64))
    inside = arrived(backend, project)[3:8]
    assert backend.targets.arrivals_per_second(project, since=NOW, up_to=last) == {second: 5}
    assert backend.targets.arrivals_in(project, [second], since=NOW, up_to=last) == inside


def test_what_came_late_is_found_by_its_second(backend: Backend, project: int) -> None:
    """An insert shows its rows when it ends, behind a place that has been reached meanwhile."""
    second = int(NOW.timestamp())
    early, late = event(project), event(project)
    backend.take(NOW + MICROSECOND, early)
    [passed] = arrived(backend, project)
    place = place_of(passed)
    counted = backend.targets.arrivals_per_second(project, since=NOW, up_to=place)

    backend.take(NOW, late)

    assert backend.targets.arrivals(project, after=place, limit=9) == []
    assert counted == {second: 1}
    assert backend.targets.arrivals_per_second(project, since=NOW, up_to=place) == {second: 2}
    found = backend.targets.arrivals_in(project, [second], since=NOW, up_to=place)
    assert uuids(found) == [late.uuid, early.uuid]


def test_arrivals_of_one_insert_appear_together(backend: Backend, project: int) -> None:
    """Also of a large one, whose block the driver cuts into pieces."""
    backend.store.insert([event(project, {"$ai_input": "x" * 3_000}) for _ in range(2_000)])

    found = backend.targets.arrivals(project, after=BEGINNING, limit=3_000)
    assert len(found) == 2_000
    assert len({arrival.ingested_at for arrival in found}) == 1


WIDE_UUIDS = st.one_of(
    st.uuids(), st.builds(lambda high, low: UUID(int=high << 64 | low), *[st.integers(0, 3)] * 2)
)
ARRIVALS = st.lists(st.tuples(st.integers(-2, 2), WIDE_UUIDS), unique=True, max_size=25)
PROPERTY = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
_projects = count(500_000)


@PROPERTY
@given(ARRIVALS, st.integers(1, 30))
def test_any_size_of_page_yields_every_arrival_once_in_the_order_of_python(
    backend: Backend, taken: Sequence[tuple[int, UUID]], size: int
) -> None:
    project = next(_projects)
    rows = [(NOW + offset * MICROSECOND, uuid) for offset, uuid in taken]
    types = {"project_id": "UInt64", "ingested_at": "DateTime64(6, 'UTC')", "uuid": "UUID"}
    for start in (0, 1):  # two parts, so that the engine has to merge them
        part = rows[start::2]
        if part:
            columns = [[project] * len(part), *(list(column) for column in zip(*part, strict=True))]
            backend.connection.insert("arrivals", types, columns)

    place, seen = BEGINNING, list[tuple[datetime, UUID]]()
    while page := backend.targets.arrivals(project, after=place, limit=size):
        assert len(page) <= size
        seen += [(arrival.ingested_at, arrival.uuid) for arrival in page]
        place = place_of(page[-1])

    assert seen == sorted(rows)
    assert backend.targets.last_arrival(project) == (place if seen else None)
    counts = backend.targets.arrivals_per_second(project, since=NOW, up_to=place)
    assert sum(counts.values()) == sum(instant >= NOW for instant, _ in rows)
