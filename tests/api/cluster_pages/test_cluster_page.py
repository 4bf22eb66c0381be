"""What the page of a clustering run says."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from api_shim.cluster_found import Found
from api_shim.cluster_view import cluster_view
from api_shim.pages import page_response
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    Cluster,
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunStatus,
    ClusteringTrigger,
    ClusterLabel,
    LabelSource,
)
from tests.api.cluster_pages.conftest import MakeRun, signed
from tests.api.cluster_pages.stored import ITEMS, TOPICS, Kept, a_run, clusters, kept_of
from tests.harness.api import ApiWorld
from tests.harness.markup import Elements

REFRESH = '<meta http-equiv="refresh" content="20">'


async def page_of(world: ApiWorld, run: ClusteringRun, kept: Kept | None = None) -> str:
    """The markup of a run's page."""
    async with world.client(key=None, clustering_artefacts=kept or kept_of(run)) as visitor:
        response = await visitor.get(signed(run))
    assert response.status_code == 200, response.text
    return response.text


def read(markup: str) -> str:
    """The text of a page, as people read it."""
    return " ".join(Elements(markup.partition("<body>")[2].replace("<", " <")).text.split())


async def test_everything_about_a_run_is_on_its_page(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    markup = await page_of(world, run)
    text = read(markup)
    assert "<title>6 clusters of traces · What people ask the shop</title>" in markup
    for part in (
        "What people ask the shop 6 clusters of traces 14 Nov 2026 00:15 to 21 Nov 2026 00:15 (UTC)",
        f"Traces {ITEMS} of 5,210 in this time; 3 more say nothing",
        "Clusters 6 3 kept, 1 new, 1 split off, 1 merged, 2 gone",
        "Outliers 7.4 % 35 traces",
        f"All {ITEMS} traces are drawn.",
        "1 Refunds for orders that came late 130 27.4 % Kept similarity 0.93 US$ 0.0042 US$ 0.55 in all 600 ms"
        " 0 % 95 % of 65 50 % positive, 30 % neutral, 20 % negative of 130",
        "2 Where a parcel is right now 105 22.1 % Kept; it was called “Parcels and discounts”",
        "Merged: took in “Typing errors in addresses”",
        "Split off from “Parcels and discounts”",
        "New US$ 0.0210",
        "Outliers 35 7.4 % –",
        "Gone since the run before Broken scanners Cluster 6",
        "Customers ask about refund. Most get an answer at once. refund late order money back 5 samples of 130",
        "Refunds for orders that came late (order 1000) The customer of order 1000 writes about refund."
        " The assistant looks it up and answers. trace-1-0 · 21 Nov 2026 00:14 (UTC)",
        "Names of clusters: 5 by a model, 1 from keywords for US$ 0.0031.",
        "Made by Assay: 21 Nov 2026 00:15 (UTC), on schedule, in 41.5 s.",
        "How it was computed method hdbscan min cluster size 18 stability 0.81 embedding model static",
        f"Run {run.id} , in events {run.run_id} Compared with run {run.previous}",
    ):
        assert part in text
    assert markup.count("<svg") == 1 + 2 * (len(TOPICS) + 1) + (len(TOPICS) + 1) + len(TOPICS)
    assert '<a href="#cluster-7" dir="auto">' in markup
    assert 'id="cluster-7"' in markup
    assert REFRESH not in markup


async def test_only_what_belongs_to_the_run_is_read(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    kept = kept_of(run)
    await page_of(world, run, kept)
    assert {project for _, project, _ in kept.asked} == {run.project_id}
    assert {(what, of) for what, _, of in kept.asked} == {
        *((what, run.id) for what in ("clusters", "placements", "titles", "samples")),
        ("clusters", run.previous),
    }


async def test_the_first_run_of_its_kind_is_compared_with_nothing(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run(is_first=True, counts=ClusteringRunCounts(found=9, items=9, clusters=6))
    bare = [each.model_copy(update={"history": None}) for each in clusters()]
    text = read(await page_of(world, run, Kept({run.id: bare})))
    assert "the first run of its kind: there is nothing to compare with" in text
    for words in ("Since the run before", "Gone since", "Compared with"):
        assert words not in text


async def test_a_run_that_goes_on_shows_what_is_there_and_loads_itself_again(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run(status=ClusteringRunStatus.RUNNING)
    nothing, some = await page_of(world, run, Kept()), await page_of(world, run)
    assert REFRESH in nothing
    assert REFRESH in some
    assert "Clusters of traces" in read(nothing)
    assert "This run is still going on. There is nothing yet." in read(nothing)
    assert "<svg" not in nothing
    assert "What is there so far is shown below. The page loads itself again every 20 seconds." in read(some)
    assert "Refunds for orders that came late" in read(some)
    assert "begun 21 Nov 2026 00:15 (UTC), on schedule" in read(some)


async def test_a_run_that_waits_says_so(world: ApiWorld, make_run: MakeRun) -> None:
    waits = await page_of(world, await make_run(status=ClusteringRunStatus.QUEUED), Kept())
    assert REFRESH in waits
    assert "This run waits until another one of the same job has ended." in read(waits)


EMPTY = ClusteringRunCounts()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"status": ClusteringRunStatus.FAILED, "reason": "timeout: The workers were away.", "counts": EMPTY},
            "This run failed. timeout: The workers were away.",
        ),
        (
            {"status": ClusteringRunStatus.SKIPPED, "reason": "job_off: The job is disabled.", "counts": EMPTY},
            "This run was skipped. job_off: The job is disabled.",
        ),
        ({"status": ClusteringRunStatus.FAILED, "counts": EMPTY}, "No clusters of traces"),
        ({"counts": ClusteringRunCounts(found=2, items=2, noise=2)}, "No clusters of traces"),
        ({"counts": ClusteringRunCounts(found=2, items=2, noise=2)}, "Outliers 100 % 2 traces"),
        ({}, "The clusters of this run are not kept any more; only their numbers are."),
        ({"level": AnalysisLevel.GENERATION}, "6 clusters of generations"),
        ({"level": AnalysisLevel.EVALUATION}, f"Verdicts {ITEMS}"),
        ({"trigger": ClusteringTrigger.MANUAL}, "asked for by a person"),
        ({"job_name": ""}, "Clusters of project"),
    ],
    ids=["failed", "skipped", "failed without reason", "nothing found", "all noise", "forgotten", "generations",
         "verdicts", "manual", "no job"],
)  # fmt: skip
async def test_how_a_run_went_is_told_in_words(
    world: ApiWorld, make_run: MakeRun, fields: dict[str, Any], words: str
) -> None:
    markup = await page_of(world, await make_run(**fields), Kept())
    assert words in read(markup)
    assert REFRESH not in markup


async def test_the_page_does_without_the_event_store_and_says_so(world: ApiWorld, make_run: MakeRun) -> None:
    text = read(await page_of(world, await make_run(), Kept(clusters_of=None)))
    assert "The clusters cannot be shown: the event store does not answer at the moment." in text
    assert f"Traces {ITEMS}" in text


async def test_a_page_does_not_wait_for_an_event_store_that_hangs(
    world: ApiWorld, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_shim.cluster_found._SECONDS", 0.05)
    answered = threading.Event()

    class Hanging(Kept):
        def clusters(self, project_id: int, run: UUID) -> list[Cluster]:
            answered.wait()
            return []

    try:
        markup = await page_of(world, await make_run(), Hanging())
    finally:
        answered.set()
    assert "the event store does not answer" in read(markup)


HOSTILE = (
    '"><script>alert(1)</script><img src=https://pixel.example/x onerror=alert(1)> [a](javascript:alert(1))'
)


def hostile(found: Sequence[Cluster]) -> list[Cluster]:
    """The same clusters, whose every text is an attack."""
    label = ClusterLabel(title=HOSTILE, description=f"- {HOSTILE}\n{HOSTILE}", source=LabelSource.MODEL)
    return [
        each.model_copy(
            update={
                "label": label,
                "shape": each.shape.model_copy(update={"keywords": (HOSTILE,)}),
                "metrics": each.metrics
                and each.metrics.model_copy(update={"dominant_evaluation_name": HOSTILE}),
            }
        )
        for each in found
    ]


async def test_nothing_of_a_run_becomes_markup(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run(
        job_name=HOSTILE, reason=HOSTILE, status=ClusteringRunStatus.FAILED, parameters={HOSTILE: [HOSTILE]}
    )
    kept = kept_of(run)
    assert kept.clusters_of is not None
    told = {
        name: item.model_copy(update={"title": HOSTILE, "text": HOSTILE}) for name, item in kept.items.items()
    }
    attack = Kept({each: hostile(of) for each, of in kept.clusters_of.items()}, kept.placed, told)
    elements = Elements(await page_of(world, run, attack))
    assert {"script", "img", "iframe", "object", "form"}.isdisjoint(elements.tags)
    anchors = {"#noise", *(f"#cluster-{topic.cluster}" for topic in TOPICS)}
    for name, value in elements.attributes:
        assert name not in ("src", "style", "srcset")
        assert not name.startswith("on")
        assert name != "href" or value in {"data:,", *anchors}
    assert elements.text.count("<script>alert(1)</script>") > ITEMS / 2


def test_what_utf_8_has_no_form_for_does_not_break_the_page() -> None:
    run = a_run(UUID(int=1), 1, reason="half a pair: \ud83d", status=ClusteringRunStatus.FAILED)
    view = cluster_view(run, Found(), link_ends=None)
    assert b"half a pair: ?" in page_response("clusters.html", {"clusters": view}, style="clusters.css").body
