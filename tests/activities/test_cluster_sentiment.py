"""The sentiment of clusters is that of a model of this installation, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities import clustering_metrics
from activities.clustering_metrics import ClusteringMetricsActivities
from assay.adapters.clickhouse import ClickHouseClusteringArtefacts, open_event_store
from assay.contracts.clustering_runs import ClusteringItem, ClusterShape, Placement
from assay.contracts.clustering_workflows import ClusteringPlan, ClusteringRunInput, ClusteringStep
from assay.contracts.sentiment import SentimentScores

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Moods:
    """Finds texts that end with an exclamation mark positive, and others negative."""

    backend = name = "moods"

    def __init__(self, *, is_third_party: bool = False) -> None:
        self.is_third_party = is_third_party
        self.seen: list[str] = []

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        self.seen += texts
        return [
            SentimentScores(positive=good, neutral=0, negative=1 - good)
            for good in (float(text.endswith("!")) for text in texts)
        ]


class Reading:
    """Artefacts whose texts can be read by the ids of their items only."""

    def __init__(self, artefacts: ClickHouseClusteringArtefacts) -> None:
        self.speaking, self.placements = artefacts.speaking, artefacts.placements
        self.put_sentiment = artefacts.put_sentiment
        self.asked: list[list[str]] = []
        self._artefacts = artefacts

    def said(self, project_id: int, run: UUID, item_ids: Sequence[str], *, letters: int) -> Mapping[str, str]:
        self.asked.append(list(item_ids))
        return self._artefacts.said(project_id, run, item_ids, letters=letters)


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseClusteringArtefacts]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield ClickHouseClusteringArtefacts(store.connection)
    store.close()


def _step(artefacts: ClickHouseClusteringArtefacts) -> ClusteringStep:
    """A run of eight items in cluster 0, of which four say something, and two in cluster 1, of which none does."""
    plan = ClusteringPlan(id=uuid4(), run_id="run", since=NOW - timedelta(days=7), until=NOW)
    step = ClusteringStep(given=ClusteringRunInput(project_id=1), plan=plan)
    said = ["Great!", "", "Bad.", "", "Bad.", "", "Bad." + "." * 3_000, "", "", ""]
    items = [ClusteringItem(id=str(number), timestamp=NOW, said=text) for number, text in enumerate(said)]
    artefacts.put_items(*step.place, items)
    artefacts.put_placements(
        *step.place,
        [
            Placement(item_id=item.id, cluster=place // 8, distance=0, rank=place, x=0, y=0)
            for place, item in enumerate(items)
        ],
    )
    artefacts.put_shapes(
        *step.place, [ClusterShape(id=0, size=8, x=0, y=0), ClusterShape(id=1, size=2, x=0, y=0)]
    )
    return step


async def _measured(artefacts: ClickHouseClusteringArtefacts, step: ClusteringStep, model: Moods) -> Any:
    activities = ClusteringMetricsActivities(
        runs=cast(Any, SimpleNamespace()),
        evaluations=cast(Any, SimpleNamespace()),
        sources=cast(Any, SimpleNamespace()),
        artefacts=artefacts,
        sentiment=model,
        writer=cast(Any, SimpleNamespace()),
    )
    return await ActivityEnvironment().run(activities.measure_sentiment, step)


async def test_shares_are_means_over_those_who_said_something(
    artefacts: ClickHouseClusteringArtefacts,
) -> None:
    step, model = _step(artefacts), Moods()
    assert (await _measured(artefacts, step, model)).texts == 4
    with_words, without = (cluster.metrics for cluster in artefacts.clusters(*step.place))
    assert with_words is not None
    assert with_words.sentiment is not None
    assert (with_words.sentiment.positive, with_words.sentiment.negative) == (0.25, 0.75)
    assert with_words.sentiment.items == 4
    assert without is None
    assert max(map(len, model.seen)) == 2_000


async def test_of_many_texts_some_are_looked_at(
    artefacts: ClickHouseClusteringArtefacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustering_metrics, "MOST_TEXTS", 2)
    step, model = _step(artefacts), Moods()
    assert (await _measured(artefacts, step, model)).texts == 2
    assert model.seen == ["Great!", "Bad."]


async def test_only_what_is_looked_at_is_read_a_few_at_a_time(
    artefacts: ClickHouseClusteringArtefacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustering_metrics, "MOST_TEXTS", 3)
    monkeypatch.setattr(clustering_metrics, "_TEXTS_AT_ONCE", 2)
    step, read = _step(artefacts), Reading(artefacts)
    assert (await _measured(cast(Any, read), step, Moods())).texts == 3
    assert read.asked == [["0", "2"], ["4"]]


async def test_no_text_leaves_the_installation(artefacts: ClickHouseClusteringArtefacts) -> None:
    step, model = _step(artefacts), Moods(is_third_party=True)
    assert (await _measured(artefacts, step, model)).skip == "no_local_model"
    assert model.seen == []
    assert all(cluster.metrics is None for cluster in artefacts.clusters(*step.place))
