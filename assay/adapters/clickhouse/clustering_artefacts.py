"""What the steps of clustering runs hand on to each other: draws, items, placements and facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import batched
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from assay.adapters.clickhouse.clustering_said import ClusteringSaid
from assay.adapters.clickhouse.clustering_texts import fitting
from assay.contracts.clustering_runs import (
    LONGEST_SAMPLE,
    NOISE,
    Cluster,
    ClusterHistory,
    ClusteringItem,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    PlacedItem,
    Placement,
    SentimentShares,
)

_DRAW_TYPES: Final = {
    "project_id": "UInt64",
    "run": "UUID",
    "items": "Array(String)",
}

_ITEM_TYPES: Final = {
    "project_id": "UInt64",
    "run": "UUID",
    "item_id": "String",
    "trace_id": "String",
    "generation_id": "String",
    "timestamp": "DateTime64(6, 'UTC')",
    "title": "String",
    "text": "String",
    "said": "String",
}

_PLACEMENT_TYPES: Final = {
    "project_id": "UInt64",
    "run": "UUID",
    "items": "Array(String)",
    "clusters": "Array(Int32)",
    "distances": "Array(Float64)",
    "ranks": "Array(UInt32)",
    "xs": "Array(Float64)",
    "ys": "Array(Float64)",
}

_FACT_TYPES: Final = {
    "project_id": "UInt64",
    "run": "UUID",
    "kind": "LowCardinality(String)",
    "cluster": "Int32",
    "fact": "String",
}

_AT_ONCE: Final = 5_000
"""Items in one block: some 50 MB, if all their texts are as long as they may be."""

_OF_RUN: Final = "project_id = {project_id:UInt64} AND run = {run:UUID}"

_ITEM_COLUMNS: Final = "item_id, trace_id, generation_id, timestamp, title"
_TEXTS: Final = ", text, said"

_UNLIMITED: Final = 2**63

_LAST_DRAW: Final = f"""
    SELECT items FROM clustering_draws
    WHERE {_OF_RUN}
    ORDER BY stored_at DESC
    LIMIT 1
"""  # noqa: S608  (column names, no values)

# The page is found by ids alone; otherwise all texts behind it would be read to sort them.
ITEMS: Final = f"""
SELECT {_ITEM_COLUMNS}%s FROM clustering_items
WHERE {_OF_RUN} AND item_id IN (
    SELECT item_id FROM ({_LAST_DRAW})
    ARRAY JOIN items AS item_id
    WHERE item_id > {{after:String}}
    ORDER BY item_id
    LIMIT {{limit:UInt64}}
)
ORDER BY item_id, stored_at DESC
LIMIT 1 BY item_id
"""  # noqa: S608  (column names, no values)

_TITLES: Final = f"""
SELECT item_id, if(title = '', leftUTF8(text, {{letters:UInt64}}), title) AS called FROM clustering_items
WHERE {_OF_RUN} AND item_id IN {{item_ids:Array(String)}}
ORDER BY stored_at DESC
LIMIT 1 BY item_id
"""  # noqa: S608  (column names, no values)

_TITLE_LETTERS: Final = 120

_LAST_PLACEMENTS: Final = f"""
    SELECT items, clusters, distances, ranks, xs, ys FROM clustering_placements
    WHERE {_OF_RUN}
    ORDER BY stored_at DESC
    LIMIT 1
"""  # noqa: S608  (column names, no values)

PLACED: Final = f"""
SELECT item_id, cluster, distance, rank, x, y FROM ({_LAST_PLACEMENTS})
ARRAY JOIN items AS item_id, clusters AS cluster, distances AS distance, ranks AS rank, xs AS x, ys AS y
"""  # noqa: S608  (column names, no values)
"""A row for each item of a run that has a place; its parameters are `project_id` and `run`."""

_PLACEMENTS: Final = f"{PLACED} ORDER BY cluster, rank, item_id"

# Of noise no item is close to anything, and what is farthest from all shows best what it is.
_SAMPLES: Final = f"""
WITH chosen AS (
    SELECT * FROM ({PLACED})
    WHERE {{all:Bool}} OR has({{clusters:Array(Int32)}}, cluster)
    ORDER BY cluster, if(cluster = {NOISE}, -distance, toFloat64(rank)), item_id
    LIMIT {{per_cluster:UInt64}} BY cluster
)
SELECT chosen.*, item.* FROM chosen
INNER JOIN (
    SELECT {_ITEM_COLUMNS}, leftUTF8(text, {LONGEST_SAMPLE}) AS shown FROM clustering_items
    WHERE {_OF_RUN} AND item_id IN (SELECT item_id FROM chosen)
    ORDER BY stored_at DESC
    LIMIT 1 BY item_id
) AS item ON item.item_id = chosen.item_id
ORDER BY cluster, if(cluster = {NOISE}, -distance, toFloat64(rank)), chosen.item_id
"""  # noqa: S608  (column names, no values)

# Names and numbers are of the clusters that there were when they were stored. Histories are stored with them.
FACTS: Final = f"""
SELECT kind, cluster, fact FROM clustering_facts
WHERE {_OF_RUN} AND (kind IN ('shapes', 'history') OR stored_at >= (
    SELECT max(stored_at) FROM clustering_facts WHERE {_OF_RUN} AND kind = 'shapes'
))
ORDER BY stored_at DESC
LIMIT 1 BY kind, cluster
"""  # noqa: S608  (column names, no values)

_SHAPES: Final = TypeAdapter(tuple[ClusterShape, ...])


class ClickHouseClusteringArtefacts(ClusteringSaid):
    """`assay.ports.ClusteringArtefacts` in the event store; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds. What was
    stored last counts, by the store's clock; after 90 days it is gone.

    Args:
        connection: of the event store, which closes it.
    """

    def put_draw(self, project_id: int, run: UUID, items: Sequence[ClusteringItem]) -> None:
        """Store the items of a run; those of an earlier draw are gone, and with them all clusters."""
        self.put_items(project_id, run, items)
        row = [project_id, run, [item.id for item in items]]
        self._connection.insert("clustering_draws", _DRAW_TYPES, [[value] for value in row])
        self.put_placements(project_id, run, ())
        self.put_shapes(project_id, run, ())

    def put_items(self, project_id: int, run: UUID, items: Sequence[ClusteringItem]) -> None:
        """Store what drawn items are and say; one that is there is replaced."""
        for some in batched(items, _AT_ONCE):
            rows = [
                (
                    project_id,
                    run,
                    item.id,
                    item.trace_id,
                    item.generation_id,
                    item.timestamp,
                    item.title,
                    item.text,
                    item.said,
                )
                for item in some
            ]
            columns = [list(column) for column in zip(*rows, strict=True)]
            self._connection.insert("clustering_items", _ITEM_TYPES, columns)

    def items(
        self, project_id: int, run: UUID, *, after: str = "", limit: int | None = None, texts: bool = True
    ) -> list[ClusteringItem]:
        """Items that were drawn, by id.

        Args:
            after: only those whose id is greater.
            limit: so many at most.
            texts: whether with what they say; without, `text` and `said` are empty.
        """
        rows = self._connection.query(
            ITEMS % (_TEXTS if texts else ""),
            project_id=project_id,
            run=run,
            after=after,
            limit=_UNLIMITED if limit is None else limit,
        )
        return [_item(row) for row in rows]

    def titles(self, project_id: int, run: UUID, item_ids: Sequence[str]) -> Mapping[str, str]:
        """Item → what it is called on the page: its title, or how its text begins.

        Args:
            item_ids: a few thousand at most; those that are not there are left out.
        """
        found: dict[str, str] = {}
        for some in fitting(item_ids):
            rows = self._connection.query(
                _TITLES, project_id=project_id, run=run, item_ids=some, letters=_TITLE_LETTERS
            )
            found |= {row["item_id"]: row["called"] for row in rows}
        return found

    def put_placements(self, project_id: int, run: UUID, placements: Sequence[Placement]) -> None:
        """Store where the items are; what was stored before for this run and is not among them is gone."""
        placed = sorted(placements, key=lambda each: (each.cluster, each.rank))
        row = [
            project_id,
            run,
            [each.item_id for each in placed],
            [each.cluster for each in placed],
            [each.distance for each in placed],
            [each.rank for each in placed],
            [each.x for each in placed],
            [each.y for each in placed],
        ]
        self._connection.insert("clustering_placements", _PLACEMENT_TYPES, [[value] for value in row])

    def placements(self, project_id: int, run: UUID) -> list[Placement]:
        """Where the items are, by cluster and rank."""
        rows = self._connection.query(_PLACEMENTS, project_id=project_id, run=run)
        return [_placement(row) for row in rows]

    def put_shapes(self, project_id: int, run: UUID, shapes: Sequence[ClusterShape]) -> None:
        """Store the clusters; earlier ones of this run are gone, and the names and numbers of all of them."""
        self._put_facts(project_id, run, "shapes", {0: _SHAPES.dump_json(tuple(shapes)).decode()})

    def put_histories(self, project_id: int, run: UUID, histories: Mapping[int, ClusterHistory]) -> None:
        """Store what clusters are to the run before."""
        self._put_facts(project_id, run, "history", _texts(histories))

    def put_labels(self, project_id: int, run: UUID, labels: Mapping[int, ClusterLabel]) -> None:
        """Store what clusters are called."""
        self._put_facts(project_id, run, "label", _texts(labels))

    def put_metrics(self, project_id: int, run: UUID, metrics: Mapping[int, ClusterMetrics]) -> None:
        """Store numbers of clusters."""
        self._put_facts(project_id, run, "metrics", _texts(metrics))

    def put_sentiment(self, project_id: int, run: UUID, sentiment: Mapping[int, SentimentShares]) -> None:
        """Store how users feel; it is read as a part of the metrics."""
        self._put_facts(project_id, run, "sentiment", _texts(sentiment))

    def clusters(self, project_id: int, run: UUID) -> list[Cluster]:
        """All clusters, the largest first, noise last."""
        facts: dict[str, dict[int, str]] = defaultdict(dict)
        for row in self._connection.query(FACTS, project_id=project_id, run=run):
            facts[row["kind"]][row["cluster"]] = row["fact"]
        shapes = _SHAPES.validate_json(facts["shapes"].get(0, "[]"))
        in_order = sorted(shapes, key=lambda shape: (shape.id == NOISE, -shape.size, shape.id))
        return [_cluster(shape, facts) for shape in in_order]

    def samples(
        self, project_id: int, run: UUID, *, per_cluster: int, clusters: Collection[int] | None = None
    ) -> Mapping[int, Sequence[PlacedItem]]:
        """Cluster → the items that are closest to its centroid (of noise: farthest from all).

        Of their texts there are the first `LONGEST_SAMPLE` characters, and `said` is empty.

        Args:
            clusters: only these; None: all.
        """
        rows = self._connection.query(
            _SAMPLES,
            project_id=project_id,
            run=run,
            per_cluster=per_cluster,
            all=clusters is None,
            clusters=list(clusters or ()),
        )
        found: dict[int, list[PlacedItem]] = defaultdict(list)
        for row in rows:
            placed = PlacedItem(item=_item(row | {"text": row["shown"]}), placement=_placement(row))
            found[placed.placement.cluster].append(placed)
        return dict(found)

    def _put_facts(self, project_id: int, run: UUID, kind: str, facts: Mapping[int, str]) -> None:
        if not facts:
            return
        count = len(facts)
        columns: list[list[Any]] = [
            [project_id] * count,
            [run] * count,
            [kind] * count,
            list(facts),
            list(facts.values()),
        ]
        self._connection.insert("clustering_facts", _FACT_TYPES, columns)


def _texts(facts: Mapping[int, BaseModel]) -> dict[int, str]:
    return {cluster: fact.model_dump_json() for cluster, fact in facts.items()}


def _item(row: dict[str, Any]) -> ClusteringItem:
    return ClusteringItem(
        id=row["item_id"],
        trace_id=row["trace_id"],
        generation_id=row["generation_id"],
        timestamp=row["timestamp"],
        title=row["title"],
        text=row.get("text", ""),
        said=row.get("said", ""),
    )


def _placement(row: dict[str, Any]) -> Placement:
    return Placement(**{name: row[name] for name in Placement.model_fields})


def _cluster(shape: ClusterShape, facts: Mapping[str, Mapping[int, str]]) -> Cluster:
    def fact[T: BaseModel](kind: str, made: type[T]) -> T | None:
        text = facts[kind].get(shape.id)
        return None if text is None else made.model_validate_json(text)

    metrics = fact("metrics", ClusterMetrics)
    sentiment = fact("sentiment", SentimentShares)
    if sentiment is not None:
        metrics = (metrics or ClusterMetrics(item_count=shape.size)).model_copy(
            update={"sentiment": sentiment}
        )
    return Cluster(
        shape=shape,
        history=fact("history", ClusterHistory),
        label=fact("label", ClusterLabel),
        metrics=metrics,
    )
