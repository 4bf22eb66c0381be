"""The `assay` command."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from importlib import import_module

import click

from assay import __version__
from assay.errors import AssayError

_COMMANDS: Mapping[str, str] = {
    "api": "serve",
    "backfill": "backfill",
    "bench": "bench",
    "clustering": "clustering",
    "demo": "demo",
    "dev": "serve",
    "hog": "hog",
    "integrations": "integrations",
    "keys": "admin",
    "load": "load",
    "migrate": "admin",
    "org": "admin",
    "projects": "admin",
    "worker": "serve",
}
"""Command → the module of this package that defines it; imported when the command is used."""


class _Cli(click.Group):
    """Imports a command when it is asked for, and shows a known error as one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_COMMANDS[cmd_name]}"), cmd_name)
        return command

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


def main() -> None:
    """Entry point of the console script."""
    try:
        cli()
    finally:
        # temporalio 1.35 can crash the interpreter at exit while its objects are still reachable.
        gc.collect()
        sys.stdout.flush()
