"""`assay demo`: see the main path work in a minute."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack

import click
from pydantic import SecretStr
from rich.console import Console

from assay.adapters.llm import HouseAccess
from assay.adapters.testing import ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.errors import SetupError
from assay.runtime.cli.serve import announce, run, stopped_or_broken
from assay.runtime.demo.story import tell
from assay.runtime.embedded import Embedded, embedded
from assay.runtime.house import House, house_access
from assay.runtime.http_server import bind
from assay.runtime.logs import configure_logs
from assay.runtime.settings import HouseSettings, Settings, load_settings
from assay.runtime.temporal_server import free_port, require_free_port

_ENOUGH = 1_000_000


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End after the table instead of serving on.")
def demo(leave: bool) -> None:
    """Start everything, capture traces with the PostHog SDK, judge them and show the verdicts.

    Uses the model key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY …). Without one, a scripted
    judge on this machine answers, and the output says so.

    \b
    Example:
      assay demo           # then look around in the API docs and the Temporal UI
      assay demo --exit
    """
    configure_logs()
    run(lambda stop: _demo(stop, leave=leave))


async def _demo(stop: asyncio.Event, *, leave: bool) -> None:
    # The demonstration is not a customer on a trial: repeating it must go on working.
    settings = _with_free_ports(load_settings()).model_copy(update={"trial_eval_limit": _ENOUGH})
    # Piped output has no width of its own; the table needs room.
    told = asyncio.Event()
    console = Console() if sys.stdout.isatty() else Console(width=170)
    with ExitStack() as stack:
        house, judge = _judge(stack)
        async with embedded(settings, house=house) as engine:
            announce(engine)
            telling = asyncio.create_task(_tell(engine, console, judge=judge))
            telling.add_done_callback(lambda _: told.set())
            try:
                await stopped_or_broken(told, engine.until_broken(), also=stop)
            finally:
                if not telling.done():
                    telling.cancel()
                    await asyncio.wait([telling])
            if telling.cancelled():
                return
            telling.result()
            if leave:
                console.print("Ended as asked. `assay dev` serves the same folder: the links work again.")
            else:
                console.print("Still serving; Ctrl-C stops.")
                await stopped_or_broken(stop, engine.until_broken())


async def _tell(engine: Embedded, console: Console, *, judge: str) -> None:
    """Tell the story to a reader who may leave, as `head` does: that is no reason to stop in disorder."""
    try:
        await tell(engine, console, judge=judge)
    except SystemExit as left:  # what rich makes of a broken pipe; in a task it would end the event loop
        raise SetupError("Nobody reads the output any more.") from left


def _judge(stack: ExitStack) -> tuple[House, str]:
    """The operator's own model if there is one, else the scripted judge; and what to call it."""
    house = house_access(HouseSettings())
    if house:
        return house, f"the model of your {', '.join(house)} key"
    server = stack.enter_context(ScriptedModelServer())
    access = HouseAccess(api_key=SecretStr("scripted"), base_url=server.base_url, api_version=None)
    return (
        {Provider.OPENAI: access},
        f"SCRIPTED, a few fixed rules on {server.base_url}, not a model (set OPENAI_API_KEY for a real one)",
    )


def _with_free_ports(settings: Settings) -> Settings:
    """The configured ports where they are free, else free ones: a demonstration should not trip over them."""
    chosen: dict[str, int] = {}
    for name in ("temporal_port", "temporal_ui_port"):
        port = getattr(settings, name)
        try:
            require_free_port(port, f"ASSAY_{name.upper()}")
        except SetupError:
            chosen[name] = free_port()
    try:
        bind(settings.host, settings.port).close()
    except SetupError:
        chosen["port"] = 0
    return settings.model_copy(update=chosen)
