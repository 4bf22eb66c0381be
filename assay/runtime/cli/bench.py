"""`assay bench`: measure this machine, always two things in one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from assay.runtime.bench import start, verdicts
from assay.runtime.bench.measure import machine


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


def _print(name: str, measure: Callable[[int], dict[str, Any]], size: int) -> None:
    click.echo(json.dumps({"bench": name, **measure(size), **machine()}, indent=2))
