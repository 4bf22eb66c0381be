"""What the page of a clustering run says of its clusters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_shim.cluster_rows import duration, money, rows_of
from api_shim.cluster_words import change, changes, clipped, name_of, namers, points_of
from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    LabelSource,
    SentimentShares,
)

BEFORE = {1: "Refunds", 2: "Parcels", 3: "Invoices"}


def cluster(
    number: int,
    title: str | None = None,
    *,
    kind: ClusterChange | None = None,
    previous: tuple[int, ...] = (),
    keywords: tuple[str, ...] = (),
    metrics: ClusterMetrics | None = None,
    source: LabelSource = LabelSource.MODEL,
) -> Cluster:
    return Cluster(
        shape=ClusterShape(id=number, size=30, x=0, y=0, keywords=keywords),
        history=None if kind is None else ClusterHistory(change=kind, previous=previous),
        label=None if title is None else ClusterLabel(title=title, source=source),
        metrics=metrics,
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (cluster(1, "Refunds"), "Refunds"),
        (cluster(1, " ", keywords=("late", "order")), "late, order"),
        (cluster(1, keywords=("late", "order", "money", "back")), "late, order, money"),
        (cluster(1), "Cluster 1"),
        (cluster(NOISE, "Other things", keywords=("late",)), "Outliers"),
    ],
    ids=["named", "blank", "keywords", "nothing", "noise"],
)
def test_every_cluster_has_a_name(given: Cluster, name: str) -> None:
    assert name_of(given) == name


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (cluster(1, "Refunds"), ""),
        (cluster(1, "Refunds", kind=ClusterChange.KEPT, previous=(1,)), "Kept"),
        (cluster(1, "Late", kind=ClusterChange.KEPT, previous=(1,)), "Kept; it was called “Refunds”"),
        (cluster(9, "Late", kind=ClusterChange.KEPT, previous=(9,)), "Kept"),
        (cluster(9, "Late", kind=ClusterChange.BORN), "New"),
        (cluster(9, "Late", kind=ClusterChange.SPLIT, previous=(1,)), "Split off from “Refunds”"),
        (cluster(9, "Late", kind=ClusterChange.SPLIT, previous=(8,)), "Split off from cluster 8"),
        (cluster(9, "Late", kind=ClusterChange.SPLIT), "Split"),
        (cluster(1, "Refunds", kind=ClusterChange.MERGED, previous=(1, 2)), "Merged: took in “Parcels”"),
        (
            cluster(1, "Refunds", kind=ClusterChange.MERGED, previous=(1, 2, 3, 4)),
            "Merged: took in “Parcels”, “Invoices” and cluster 4",
        ),
        (cluster(1, "Refunds", kind=ClusterChange.MERGED, previous=(1,)), "Merged"),
    ],
    ids=[
        "first run", "kept", "renamed", "unknown", "born", "split", "split of unknown", "split of nothing", "merged",
        "merged many", "merged nothing",
    ],
)  # fmt: skip
def test_what_became_of_a_cluster_is_told_with_earlier_names(given: Cluster, words: str) -> None:
    assert change(given, BEFORE) == words


def test_changes_are_counted() -> None:
    kinds = [
        ClusterChange.BORN,
        ClusterChange.KEPT,
        ClusterChange.KEPT,
        ClusterChange.SPLIT,
        ClusterChange.MERGED,
    ]
    found = [cluster(number, kind=kind) for number, kind in enumerate(kinds)]
    assert changes([*found, cluster(NOISE)], 2) == "2 kept, 1 new, 1 split off, 1 merged, 2 gone"
    assert changes([cluster(1)], 0) == ""


def test_who_named_the_clusters_is_counted() -> None:
    sources = [LabelSource.KEYWORDS, LabelSource.MODEL, LabelSource.MODEL, LabelSource.PREVIOUS]
    found = [cluster(number, "x", source=source) for number, source in enumerate(sources)]
    assert namers([*found, cluster(9)]) == "2 by a model, 1 from keywords, 1 from the run before"


def test_a_description_is_text_whatever_markdown_it_is_written_in() -> None:
    description = (
        "- Customers ask for **money** back.\n* See [here](https://evil.example)\n1. <b>Bold</b>\n\n"
        "• `code`\n![x](https://evil.example/x.png)\n# Heading\n---\n"
    )
    assert points_of(description) == (
        "Customers ask for money back.", "See here", "<b>Bold</b>", "code", "x", "Heading", "---",
    )  # fmt: skip


@given(st.text())
def test_any_description_has_points(description: str) -> None:
    assert all(point.strip() for point in points_of(description))


@given(st.text(), st.integers(1, 50))
def test_a_clipped_text_is_its_beginning(text: str, most: int) -> None:
    clip = clipped(text, most)
    assert len(clip) <= most + 2
    assert text.strip().startswith(clip.removesuffix(" …"))


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "–"), (0.0, "US$ 0.00"), (0.00001, "< US$ 0.0001"), (0.0042, "US$ 0.0042"), (0.123, "US$ 0.12"),
        (1204.5, "US$ 1,204.50"),
    ],
)  # fmt: skip
def test_prices(usd: float | None, words: str) -> None:
    assert money(usd).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.84, "840 ms"), (2.44, "2.4 s"), (119.0, "119.0 s"), (210.0, "3.5 min")],
)
def test_lengths_of_time(seconds: float | None, words: str) -> None:
    assert duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_only_what_is_known_of_some_cluster_has_a_column() -> None:
    known = ClusterMetrics(item_count=30, avg_cost=0.5, error_rate=0.1, error_count=3)
    rows = rows_of([cluster(1, "Refunds", metrics=known), cluster(2, "Parcels")], {}, {}, {})
    assert [[(cell.label, cell.value) for cell in row.cells] for row in rows] == [
        [("Cost", "US$\xa00.50"), ("Errors", "10\xa0%")],
        [("Cost", "–"), ("Errors", "–")],
    ]
    assert rows_of([cluster(1)], {}, {}, {})[0].cells == ()


def test_the_bar_of_a_mood_is_full() -> None:
    shares = SentimentShares(positive=0.2, neutral=0.5, negative=0.2, items=7)
    metrics = ClusterMetrics(item_count=30, sentiment=shares)
    [row] = rows_of([cluster(1, metrics=metrics)], {}, {}, {})
    assert row.mood is not None
    assert row.mood.words == "22.2\xa0% positive, 55.6\xa0% neutral, 22.2\xa0% negative"
    assert row.mood.parts == (("positive", 0.0, 22.22), ("neutral", 22.22, 55.56), ("negative", 77.78, 22.22))


@pytest.mark.parametrize(
    "shares",
    [
        SentimentShares(positive=0, neutral=0, negative=0, items=0),
        SentimentShares(positive=0, neutral=0, negative=0, items=3),
    ],
    ids=["no items", "no shares"],
)
def test_without_words_of_users_there_is_no_mood(shares: SentimentShares) -> None:
    [row] = rows_of([cluster(1, metrics=ClusterMetrics(item_count=30, sentiment=shares))], {}, {}, {})
    assert row.mood is None
