"""What users said in the items of a clustering run."""

from __future__ import annotations

from uuid import uuid4

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts
from assay.contracts.clustering_runs import ClusteringItem
from tests.stores.events.support import NOON, Backend


def _item(item_id: str, said: str) -> ClusteringItem:
    return ClusteringItem(id=item_id, timestamp=NOON, said=said)


def test_what_is_stored_last_was_said(backend: Backend, project: int) -> None:
    store, run = ClickHouseClusteringArtefacts(backend.connection), uuid4()
    store.put_items(project, run, [_item("a", "Before."), _item("b", "Before."), _item("c", "")])
    store.put_items(project, run, [_item("a", "🙂 Größe"), _item("b", ""), _item("d", "d")])
    store.put_items(project, uuid4(), [_item("e", "of another run")])
    assert store.speaking(project, run) == {"a", "d"}
    assert store.said(project, run, ["a", "b", "c", "e", "'"], letters=100) == {"a": "🙂 Größe"}
    assert store.said(project, run, ["a", "d"], letters=2) == {"a": "ße", "d": "d"}
    assert store.said(project, run, [], letters=2) == {}
    assert store.speaking(project + 1_000_000, run) == frozenset()


def test_long_ids_are_no_obstacle(backend: Backend, project: int) -> None:
    store, run = ClickHouseClusteringArtefacts(backend.connection), uuid4()
    items = [_item(f"{number:04d}" + "'" * 990, f"said {number}") for number in range(250)]
    store.put_items(project, run, items)
    found = store.said(project, run, [item.id for item in items], letters=100)
    assert found == {item.id: item.said for item in items}
