"""`assay bench`: measure this machine, always two things in one run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from assay.runtime.bench import (
    clustering,
    event_store,
    hog,
    hostile,
    ingestion,
    lists,
    online,
    reports,
    sentiment,
    start,
    summaries,
    text,
    verdicts,
)
from assay.runtime.bench.measure import machine
from assay.runtime.logs import configure_logs


@click.group()
def bench() -> None:
    """Measure; each benchmark prints one JSON object.

    \b
    Example:
      assay bench verdicts --runs 200
    """


@bench.command("start")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Starts of each kind.")
def start_command(rounds: int) -> None:
    """Start-up time on a new and on a used folder, and idle memory.

    \b
    Example:
      assay bench start --rounds 5
    """
    _print("start", start.run, rounds)


@bench.command("verdicts")
@click.option("--runs", default=100, show_default=True, type=click.IntRange(2), help="Verdicts to time.")
def verdicts_command(runs: int) -> None:
    """Time from POST to a recorded verdict, against the bare model call.

    \b
    Example:
      assay bench verdicts --runs 200
    """
    _print("verdicts", verdicts.run, runs)


@bench.command("ingestion")
@click.option("--events", default=20_000, show_default=True, type=click.IntRange(100), help="Events a case.")
def ingestion_command(events: int) -> None:
    """Events acknowledged per second over HTTP, against writing the store directly.

    \b
    Example:
      assay bench ingestion --events 50000
    """
    _print("ingestion", ingestion.run, events)


@bench.command("events")
@click.option(
    "--events", default=100_000, show_default=True, type=click.IntRange(1000), help="Events stored."
)
def events_command(events: int) -> None:
    """Write and read rates of the embedded event store.

    \b
    Example:
      assay bench events --events 100000
    """
    _print("events", event_store.run, events)


@bench.command("lists")
@click.option("--requests", default=200, show_default=True, type=click.IntRange(2), help="Requests a list.")
def lists_command(requests: int) -> None:
    """Time of a page of 100 objects of each kind, against a request that needs no store.

    \b
    Example:
      assay bench lists --requests 500
    """
    _print("lists", lists.run, requests)


@bench.command("hog")
@click.option(
    "--evaluations", default=10_000, show_default=True, type=click.IntRange(1000), help="Evaluations timed."
)
def hog_command(evaluations: int) -> None:
    """Hog programs against a plain tree-walking interpreter, and evaluations per second in a process.

    \b
    Example:
      assay bench hog --evaluations 20000
    """
    _print("hog", hog.run, evaluations)


@bench.command("hostile")
@click.option("--seconds", default=30, show_default=True, type=click.IntRange(2), help="How long to attack.")
def hostile_command(seconds: int) -> None:
    """What hostile Hog programs do to a server: its answers to `/healthz`, and its memory.

    \b
    Example:
      assay bench hostile --seconds 60
    """
    _print("hostile", hostile.run, seconds)


@bench.command("online")
@click.option(
    "--case",
    "cases",
    multiple=True,
    type=click.Choice(online.CASES),
    help="Only this one; repeat for several.",
)
@click.option(
    "--events",
    default=20_000,
    show_default=True,
    type=click.IntRange(1000),
    help="Events of a backlog; judges get a fifth of them.",
)
@click.option(
    "--seconds", default=60, show_default=True, type=click.IntRange(2), help="How long the trickle lasts."
)
def online_command(cases: tuple[str, ...], events: int, seconds: int) -> None:
    """Automatic evaluation: verdicts per second, against one workflow per event; latency; fairness.

    \b
    Example:
      assay bench online
      assay bench online --case hog --case judge --events 50000
    """
    _print("online", lambda size: online.run(cases, events=size, seconds=seconds), events)


@bench.command("reports")
@click.option(
    "--case",
    "cases",
    multiple=True,
    type=click.Choice(reports.CASES),
    help="Only this one; repeat for several.",
)
@click.option(
    "--verdicts",
    "verdict_count",
    default=100_000,
    show_default=True,
    type=click.IntRange(100),
    help="Verdicts in the period of a report, and as many in the one before.",
)
@click.option(
    "--rounds",
    default=20,
    show_default=True,
    type=click.IntRange(2),
    help="How often the numbers of a report are read.",
)
def reports_command(cases: tuple[str, ...], verdict_count: int, rounds: int) -> None:
    """Evaluation reports: the numbers of one, against the same ones counted in the events.

    \b
    Example:
      assay bench reports
      assay bench reports --case metrics --verdicts 500000
    """
    _print("reports", lambda size: reports.run(cases, verdicts=size, rounds=rounds), verdict_count)


@bench.command("text")
@click.option(
    "--megabytes", default=40, show_default=True, type=click.IntRange(1), help="Size of the large trace."
)
def text_command(megabytes: int) -> None:
    """Traces as text, against writing the same traces as JSON.

    \b
    Example:
      assay bench text --megabytes 80
    """
    _print("text", text.run, megabytes)


@bench.command("sentiment")
@click.argument(
    "folders", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--case",
    "cases",
    multiple=True,
    type=click.Choice(sentiment.CASES),
    help="Only this one; repeat for several.",
)
@click.option(
    "--texts", default=2000, show_default=True, type=click.IntRange(100), help="Texts of 100 words timed."
)
@click.option(
    "--requests",
    default=10,
    show_default=True,
    type=click.IntRange(1),
    help="Requests at once, each about 1,000 messages.",
)
def sentiment_command(folders: tuple[Path, ...], cases: tuple[str, ...], texts: int, requests: int) -> None:
    """The default sentiment model against plain VADER, and an engine that classifies 10,000 messages at once.

    Measured are texts per second, how often both are right, and how quickly the engine answers other requests
    meanwhile, against the same engine at rest.

    PATH is a folder of labelled texts as TweetEval has them: `val_text.txt` with a text a line,
    `val_labels.txt` with their numbers and `mapping.txt`, which names these.

    \b
    Example:
      assay bench sentiment
      assay bench sentiment --case model tweeteval/datasets/sentiment --texts 5000
      assay bench sentiment --case load
    """
    _print("sentiment", lambda size: sentiment.run(cases, folders, texts=size, requests=requests), texts)


@bench.command("summaries")
@click.option(
    "--requests", default=100, show_default=True, type=click.IntRange(2), help="Requests of each kind."
)
def summaries_command(requests: int) -> None:
    """Time from POST to a summary of a small trace, against the bare model call.

    \b
    Example:
      assay bench summaries --requests 200
    """
    _print("summaries", summaries.run, requests)


@bench.command("clustering")
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV with the columns text and category, to measure quality on.",
)
@click.option(
    "--vectors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Vectors of the texts by another model, as a NumPy file.",
)
@click.option(
    "--items",
    "sizes",
    multiple=True,
    default=(10_000, 50_000),
    show_default=True,
    type=click.IntRange(100),
    help="Vectors to time; repeat for several.",
)
@click.option(
    "--reference-items",
    default=10_000,
    show_default=True,
    type=click.IntRange(0),
    help="Beyond so many the reference recipe is not run: it may take many minutes.",
)
def clustering_command(
    texts: Path | None, vectors: Path | None, sizes: tuple[int, ...], reference_items: int
) -> None:
    """Clusters: agreement with known categories, speed and memory, against UMAP and HDBSCAN.

    \b
    Example:
      assay bench clustering
      assay bench clustering --texts banking77.csv --items 10000
    """
    _print("clustering", lambda most: clustering.run(texts, vectors, sizes, most), reference_items)


def _print(name: str, measure: Callable[[int], dict[str, Any]], size: int) -> None:
    configure_logs(logging.WARNING)  # on stderr: the output is one JSON object
    click.echo(json.dumps({"bench": name, **measure(size), **machine()}, indent=2))
