"""The `assay` command."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import NamedTuple

import click

from assay import __version__
from assay.errors import AssayError


class _Command(NamedTuple):
    """A command that is not imported yet.

    Attributes:
        module: of this package, which defines it.
        help: a line in the list of commands.
    """

    module: str
    help: str


_COMMANDS: Mapping[str, _Command] = {
    "api": _Command("serve", "Serve the HTTP API against shared services."),
    "backfill": _Command("backfill", "Let an evaluation judge a window of history."),
    "bench": _Command("bench", "Measure; each benchmark prints one JSON object."),
    "clustering": _Command("clustering", "Put what happened into clusters, and look at what was found."),
    "demo": _Command("demo", "Start everything, capture traces with the PostHog SDK and see them judged."),
    "dev": _Command("serve", "Run everything on this machine: API, workers, stores, Temporal and its UI."),
    "hog": _Command("hog", "Check and run Hog programs here, without a server."),
    "integrations": _Command("integrations", "Manage what reports are delivered through."),
    "keys": _Command("admin", "Manage API keys, and the secrets that keys are kept with."),
    "load": _Command("load", "Send a file of events to a running engine."),
    "migrate": _Command("admin", "Bring both schemas up to date; make the first project and key."),
    "org": _Command("admin", "Manage the organisation."),
    "projects": _Command("admin", "Manage projects."),
    "worker": _Command("serve", "Run Temporal workers against shared services."),
}


class _Cli(click.Group):
    """Imports a command when it is asked for, and shows a known error as one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        with _no_collection():
            module = import_module(f"{__name__}.{_COMMANDS[cmd_name].module}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them all, which would take seconds."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AssayError as error:
            raise click.ClickException(error.detail) from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector away from an import.

    What is imported stays; to look at it again and again takes a fifth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


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
