"""What items of a clustering run are called in its picture."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts
from assay.adapters.clickhouse.connection import Connection
from assay.contracts.clustering_runs import ClusteringItem
from tests.stores.events.support import NOON, Backend


def test_items_are_called_by_their_titles_or_by_how_they_begin(backend: Backend, project: int) -> None:
    store, run = ClickHouseClusteringArtefacts(backend.connection), uuid4()
    store.put_items(project, run, [ClusteringItem(id="a", timestamp=NOON, title="Old", text="text")])
    store.put_items(
        project,
        run,
        [
            ClusteringItem(id="a", timestamp=NOON, title="Größe 🙂", text="text"),
            ClusteringItem(id="b", timestamp=NOON, text="ß" * 200),
            ClusteringItem(id="c", timestamp=NOON),
            ClusteringItem(id="d", timestamp=NOON, title="not asked for"),
        ],
    )
    store.put_items(project, uuid4(), [ClusteringItem(id="e", timestamp=NOON, title="of another run")])
    assert store.titles(project, run, ["a", "b", "c", "e", "'"]) == {"a": "Größe 🙂", "b": "ß" * 120, "c": ""}
    assert store.titles(project, run, []) == {}
    assert store.titles(project + 1_000_000, run, ["a"]) == {}


def test_titles_of_thousands_of_items_are_found(backend: Backend, project: int) -> None:
    store, run = ClickHouseClusteringArtefacts(backend.connection), uuid4()
    items = [
        ClusteringItem(id=f"trace-{number}", timestamp=NOON, title=f"t{number}") for number in range(5_000)
    ]
    store.put_items(project, run, items)
    found = store.titles(project, run, [item.id for item in items])
    assert found == {item.id: item.title for item in items}


class Measured(Connection):
    """A connection that knows how long the longest list of ids was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.longest = 0

    def query(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        size = sum(len(each.encode()) + 3 for each in parameters["item_ids"])
        self.longest = max(self.longest, size)
        return self._connection.query(sql, **parameters)


def test_the_longest_ids_fit_into_what_a_server_takes(backend: Backend, project: int) -> None:
    run = uuid4()
    items = [ClusteringItem(id=f"{number:03}{'ß' * 997}", timestamp=NOON, title="t") for number in range(200)]
    ClickHouseClusteringArtefacts(backend.connection).put_items(project, run, items)
    measured = Measured(backend.connection)
    found = ClickHouseClusteringArtefacts(measured).titles(project, run, [item.id for item in items])
    assert found == {item.id: "t" for item in items}
    assert 0 < measured.longest < 128 * 1024
