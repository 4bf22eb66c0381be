"""`assay hog`: write evaluations in Hog at a desk, without a server, stored data or a network.

Programs and events may come from anywhere, so programs are compiled and run in the same child processes as on
a server, and what they print reaches the terminal without control characters.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import click

from activities.hog_judging import LIMITS
from assay.domain.hog.errors import HogCompileError, Position
from assay.domain.hog.limits import MAX_SOURCE_BYTES, MIB
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.domain.hog.program import bytecode
from assay.domain.hog.source import excerpt, explain
from assay.errors import WorkError
from assay.ports import HogRunner
from assay.runtime.cli.hog_events import SAMPLE, BadEvents, read_events
from assay.runtime.hog import hog_processes
from assay.runtime.logs import configure_logs
from assay.runtime.settings import load_settings

_LONGEST_FILE: Final = MIB
"""Bytes of a file that may still be meant as a program; the compiler says how many one may have."""

_OWNER: Final = "desk"
"""Nobody else is here to take turns with."""

_NOTHING: Final = CompiledProgram(bytecode([]))
"""A program that does nothing: running it starts the process that the others are timed in."""

_PLACE: Final = re.compile(
    r"(?P<kind>(?:Runtime error: |Limit exceeded: )?)line (?P<line>\d+), column (?P<column>\d+): "
)
"""How errors, warnings and compile errors begin that know where in the source they belong."""

_CONSEQUENCES: Final = {
    Fault.HOG_ERROR: "the evaluation would be stopped",
    Fault.HOG_INPUT_ERROR: "the event would be skipped, and the evaluation go on",
}

_UNSHOWABLE: Final[dict[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "␡",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
}
"""Characters that would control the terminal, or turn the direction of text, and one to show for each."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A source text.

    Attributes:
        name: of its file, for messages.
    """

    name: str
    text: str


class _Refused(click.ClickException):
    """A source does not compile; the message is shown as it is, so that it begins with the place."""

    def show(self, file: Any = None) -> None:
        _say(self.message, err=True)


@click.group()
def hog() -> None:
    """Check and run Hog programs here: no server, no stored data, no network.

    \b
    Example:
      assay hog run refusal.hog --event captured.json
    """


@hog.command("check")
@click.argument("file", type=click.File("rb"))
def check_command(file: BinaryIO) -> None:
    """Compile FILE (- is standard input) and say what is wrong with it.

    Warnings are about what compiles and is probably not meant. Exit code 1: the program does not compile.

    \b
    Example:
      assay hog check refusal.hog
    """
    source = _read_source(file)

    async def check(runner: HogRunner) -> None:
        program = await _compiled(runner, source)
        found = len(program.warnings)
        noted = f", {found} warning{'s' if found > 1 else ''}" if found else ""
        _say(f"OK: {source.name} compiles{noted}.")

    _with_processes(check)


@hog.command("run")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--event",
    "events",
    type=click.File("rb"),
    help="JSON file: a captured event, its properties alone, a list of either, or one a line (.jsonl). "
    "Default: a small sample.",
)
@click.option("--allow-na", is_flag=True, help="The program may return null: not applicable.")
def run_command(file: BinaryIO, events: BinaryIO | None, allow_na: bool) -> None:
    """Run the program in FILE (- is standard input) on events, as an evaluation would.

    Prints the verdict and what the program printed, which is the reasoning; of several events a row each,
    and how many passed. Limits are those of evaluations. Exit code 1: the program does not compile, or
    failed on an event.

    \b
    Example:
      assay hog run refusal.hog
      assay hog run refusal.hog --event captured.json --allow-na
      assay hog run - --event traces.jsonl < refusal.hog
    """
    if events is not None and _is_stdin(file) and _is_stdin(events):
        raise click.UsageError("Only one of FILE and --event can be standard input.")
    source = _read_source(file)
    targets, is_list = _read_targets(events)

    async def run(runner: HogRunner) -> bool:
        program = await _compiled(runner, source)
        if events is None:
            _say("Running on a sample event; --event names a file with yours.", err=True)
        await runner.evaluate(_NOTHING, [SAMPLE], owner=_OWNER, allows_na=True, limits=LIMITS)
        desk = _Desk(runner, source, program, allow_na)
        return await (desk.run_list(targets) if is_list else desk.run_one(targets[0]))

    if not _with_processes(run):
        click.get_current_context().exit(1)


@dataclass(frozen=True, slots=True)
class _Desk:
    """A compiled program and where it runs."""

    runner: HogRunner
    source: _Source
    program: CompiledProgram
    allow_na: bool

    async def run_one(self, target: HogTarget) -> bool:
        """Run on one event and tell everything about it; whether there was no fault."""
        outcome, seconds = await self._run(target)
        verdict = _word(outcome)
        if outcome.fault is not None:
            _say(_with_excerpt(self.source, outcome.error or ""))
            verdict = f"none ({outcome.fault}: {_CONSEQUENCES[outcome.fault]})"
        _say(f"verdict    {verdict}")
        if outcome.reasoning:
            _say("reasoning  " + outcome.reasoning.replace("\n", "\n           "))
        _say(f"time       {_duration(seconds)}")
        return outcome.fault is None

    async def run_list(self, targets: list[HogTarget]) -> bool:
        """Run on events, a row for each; whether there was no fault."""
        counts: Counter[str] = Counter()
        width = len(str(len(targets)))
        for number, target in enumerate(targets, start=1):
            outcome, seconds = await self._run(target)
            word = _word(outcome)
            counts[word] += 1
            told = [_jumpable(self.source, outcome.error)] if outcome.error else []
            told += [outcome.reasoning] if outcome.reasoning else []
            row = f"{number:{width}}  {word:5}  {_duration(seconds):>8}  "
            _say((row + "\n".join(told).replace("\n", "\n" + " " * len(row))).rstrip())
        shown = ", ".join(f"{counts[word]} {word}" for word in ("pass", "fail", "n/a", "error"))
        _say(f"{len(targets):,} event{'s' if len(targets) > 1 else ''}: {shown}")
        return not counts["error"]

    async def _run(self, target: HogTarget) -> tuple[HogOutcome, float]:
        """The outcome, and the seconds until it was there."""
        began = time.perf_counter()
        [outcome] = await self.runner.evaluate(
            self.program, [target], owner=_OWNER, allows_na=self.allow_na, limits=LIMITS
        )
        if isinstance(outcome, WorkError):
            raise outcome
        return outcome, time.perf_counter() - began


def _with_processes[T](work: Callable[[HogRunner], Awaitable[T]]) -> T:
    """Do something with processes for programs, which are gone afterwards."""

    async def run() -> T:
        processes = hog_processes(load_settings())
        try:
            return await work(processes)
        finally:
            await processes.close()

    configure_logs(logging.WARNING)
    return asyncio.run(run())


async def _compiled(runner: HogRunner, source: _Source) -> CompiledProgram:
    """The program; its warnings are shown.

    Raises:
        _Refused: the source does not compile.
    """
    try:
        program = await runner.compile(source.text, owner=_OWNER)
    except HogCompileError as error:
        raise _Refused(_jumpable(source, explain(source.text, error))) from None
    for warning in program.warnings:
        _say(_with_excerpt(source, warning, "warning: "), err=True)
    return program


def _read_source(file: BinaryIO) -> _Source:
    name = _name(file)
    data = file.read(_LONGEST_FILE + 1)
    if len(data) > _LONGEST_FILE:
        raise _bad_file("FILE", name, f"It is no program: those have up to {MAX_SOURCE_BYTES:,} bytes.")
    try:
        return _Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _bad_file("FILE", name, f"It is not UTF-8: see byte {error.start:,}.") from None


def _read_targets(events: BinaryIO | None) -> tuple[list[HogTarget], bool]:
    """The events to run on, and whether they are a list."""
    if events is None:
        return [SAMPLE], False
    try:
        found = read_events(events.read(), _name(events))
    except BadEvents as error:
        raise _bad_file("--event", _name(events), str(error)) from None
    return found.targets, found.is_list


def _bad_file(parameter: str, name: str, problem: str) -> click.BadParameter:
    return click.BadParameter(f"{name}: {problem}", param_hint=parameter)


def _is_stdin(file: BinaryIO) -> bool:
    return file is sys.stdin.buffer


def _name(file: BinaryIO) -> str:
    return "<stdin>" if _is_stdin(file) else str(file.name)


def _word(outcome: HogOutcome) -> str:
    if outcome.fault is not None:
        return "error"
    return {True: "pass", False: "fail", None: "n/a"}[outcome.verdict]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _with_excerpt(source: _Source, told: str, label: str = "") -> str:
    """What is told about a place of the source, with its line and a caret below the column."""
    lines = [_jumpable(source, told, label)]
    if place := _PLACE.match(told):
        lines += excerpt(source.text, Position(int(place["line"]), int(place["column"]) - 1))
    return "\n".join(lines)


def _jumpable(source: _Source, told: str, label: str = "") -> str:
    """What is told about a place of the source, beginning with `file:line:column` for editors to jump to."""
    place = _PLACE.match(told)
    if place is None:
        return f"{source.name}: {label}{told}"
    rest = told[place.end() :]
    return f"{source.name}:{place['line']}:{place['column']}: {label}{place['kind']}{rest}"


def _say(text: str, *, err: bool = False) -> None:
    click.echo(text.translate(_UNSHOWABLE), err=err)
