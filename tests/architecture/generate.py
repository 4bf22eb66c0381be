"""The parts of the documentation that are made from the code; `make docs` writes them.

A test compares what is committed with what this module makes, so neither can go stale.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import click

from assay.errors import RequestError, WorkError, catalogue
from assay.runtime.cli import cli
from assay.runtime.settings import Settings
from tests.architecture.api_page import api_page

DOCS = Path(__file__).parents[2] / "docs"


def errors_page() -> str:
    """`docs/errors.md`."""
    rows = []
    for error in catalogue():
        if "code" not in vars(error):
            continue
        status = str(error.status) if issubclass(error, RequestError) else "–"
        retried = ("yes" if error.retryable else "no") if issubclass(error, WorkError) else "–"
        meaning = (inspect.getdoc(error) or "").splitlines()[0]
        rows.append(f"| `{error.code}` | {status} | {retried} | {meaning} |")
    return "\n".join(
        [
            "# Errors",
            "",
            "Made from `assay/errors/` by `make docs`. A code is the `code` of an HTTP error body and the type of a",
            "Temporal failure. *Retried* tells whether Temporal tries background work again within its budget.",
            "",
            "| code | HTTP status | retried | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def settings_page() -> str:
    """`docs/settings.md`."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "–" if field.default is None else f"`{_shown(field.default)}`"
        rows.append(f"| `ASSAY_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(
        [
            "# Settings",
            "",
            "Made from `assay/runtime/settings.py` by `make docs`. Settings are environment variables, or lines of a `.env` file in the",
            "working directory; the environment wins.",
            "",
            "| variable | default | meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
            "`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*` and the other variables of Temporal's",
            "environment configuration name the Temporal service; without `TEMPORAL_ADDRESS` (or a profile) a child dev server runs.",
            "",
            "The operator's own model access goes by the names of litellm and the providers: `OPENAI_API_KEY`, `OPENAI_BASE_URL`,",
            "`ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `GEMINI_API_KEY`, `GEMINI_BASE_URL`, `OPENROUTER_API_KEY`, `FIREWORKS_API_KEY`,",
            "`TOGETHERAI_API_KEY`, `AZURE_API_KEY`, `AZURE_API_BASE`, `AZURE_API_VERSION`.",
            "",
        ]
    )


def commands_page() -> str:
    """`docs/commands.md`."""
    parts = ["# Commands", "", "Made from the command line's own help by `make docs`.", ""]
    for name, command in _commands(cli, "assay"):
        context = click.Context(command, info_name=name, **cli.context_settings)
        parts += [f"## {name}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(parts)


def _commands(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    found = [(name, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child_name in sorted(command.list_commands(context)):
            child = command.get_command(context, child_name)
            assert child is not None
            found += _commands(child, f"{name} {child_name}")
    return found


def _shown(default: object) -> str:
    return (
        {True: "on", False: "off"}.get(default, str(default)) if isinstance(default, bool) else str(default)
    )


PAGES = {
    "api.md": api_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
