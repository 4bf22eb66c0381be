"""The `assay` command."""

from __future__ import annotations

import gc
import sys

import click

from assay import __version__
from assay.errors import AssayError
from assay.runtime.cli import admin, bench, demo, load, serve


class _Cli(click.Group):
    """Shows an error of the catalogue as one sentence instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AssayError as error:
            raise click.ClickException(error.detail) from error


@click.group(cls=_Cli, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="assay")
def cli() -> None:
    """Evaluate and analyse LLM traces with durable Temporal workflows.

    \b
    Example:
      assay dev            # everything on this machine: API, workers, Temporal and its UI
    """


for command in (
    serve.dev,
    serve.api,
    serve.worker,
    admin.migrate,
    admin.keys,
    admin.projects,
    admin.org,
    load.load,
    demo.demo,
    bench.bench,
):
    cli.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    try:
        cli()
    finally:
        # temporalio 1.35 can crash the interpreter at exit while its objects are still reachable.
        gc.collect()
        sys.stdout.flush()
