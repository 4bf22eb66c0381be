"""`/evaluations/test_hog/`: try a Hog program out on recent events, without storing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from api_shim.bodies import MAX_CONFIGURATION_BYTES
from api_shim.errors import ERROR
from api_shim.hog_programs import hog_available, no_process
from api_shim.operations import Call, Operation
from api_shim.schemas.hog_tests import HogTestRequest, HogTestResponse, HogTestRow
from assay.contracts.events import GENERATION, EventRef
from assay.domain.filters.parsing import Room, parse_filters
from assay.domain.filters.predicates import Filters
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.domain.hog.source import explain
from assay.domain.hog_evaluations import hog_target
from assay.errors import (
    CompilationFailed,
    FieldError,
    HogDefect,
    HogUnavailable,
    ServerFault,
    UnsupportedFilter,
)

log = structlog.get_logger(__name__)

_DAYS: Final = 7

EACH_SECONDS: Final = 5.0
"""What the program may take for an event."""

TOGETHER_SECONDS: Final = 20.0
"""Of all events of a request: someone waits for the answer."""

_GRACE_SECONDS: Final = 2.0
"""For a process to be found and ended, beyond what the program may take."""

_NO_TIME: Final = HogOutcome(
    fault=Fault.HOG_ERROR,
    error=f"Not run: the events before this one took the {TOGETHER_SECONDS:g} s that all have together.",
)

_BUSY: Final = HogOutcome(
    fault=Fault.HOG_ERROR, error="Not run: the server is busy with other programs; try again."
)

_GONE: Final = HogOutcome(fault=Fault.HOG_INPUT_ERROR, error="Not run: the event is not there any more.")

_DEFECT: Final = HogOutcome(
    fault=Fault.HOG_ERROR,
    error="Assay failed while it ran the program. That is a defect, and not the program's.",
)


async def test_hog(call: Call[HogTestRequest, None]) -> HogTestResponse:
    """Try a Hog program out.

    Runs the program on the newest `$ai_generation` events of the last seven days. Nothing is stored, and no
    evaluation changes. An event on which the program fails has an `error`; the others are not affected.
    """
    form = await call.body()
    # In a thread: regular expressions may take long.
    any_of = await asyncio.to_thread(_conditions, form.conditions)
    program = await _compiled(call, form.source)
    now = datetime.now(UTC)
    refs = await asyncio.to_thread(
        call.deps.events.recent_refs,
        call.project.id,
        GENERATION,
        since=now - timedelta(days=_DAYS),
        until=now,
        any_of=any_of,
        limit=form.sample_count,
    )
    if not refs:
        which = " that the conditions admit" if any_of else ""
        message = f"There are no {GENERATION} events of the last {_DAYS} days{which}."
        return HogTestResponse(results=[], message=message)
    trial = _Trial(call, program, allows_na=form.allows_na)
    return HogTestResponse(results=await trial.rows(refs))


def _conditions(sent: Sequence[dict[str, Any]]) -> list[Filters]:
    """The filters of those sets that have some.

    Raises:
        FieldError: filters of a set cannot be evaluated.
    """
    room = Room()
    found = []
    for number, condition in enumerate(sent):
        if not (properties := condition.get("properties")):
            continue
        try:
            found.append(parse_filters(properties, room=room))
        except UnsupportedFilter as error:
            raise FieldError(error.detail, attr=f"conditions__{number}__properties") from None
    return found


async def _compiled(call: Call[HogTestRequest, None], source: str) -> CompiledProgram:
    try:
        with hog_available():
            return await call.deps.hog.compile(source, owner=_owner(call))
    except HogCompileError as error:
        raise CompilationFailed(f"Compilation error: {explain(source, error)}") from None
    except HogDefect as error:
        log.error("Hog program not compiled", reason=error.detail)
        raise ServerFault("Assay failed while it compiled the program. That is a defect of Assay.") from error


def _owner(call: Call[HogTestRequest, None]) -> tuple[str, int]:
    """Projects take turns, and what people try out does so with what runs by itself."""
    return "try", call.project.id


class _Trial:
    """A program that is tried out."""

    def __init__(
        self, call: Call[HogTestRequest, None], program: CompiledProgram, *, allows_na: bool
    ) -> None:
        self._call = call
        self._program = program
        self._allows_na = allows_na
        self._unavailable: list[HogUnavailable] = []

    async def rows(self, refs: Sequence[EventRef]) -> list[HogTestRow]:
        """One row for each event, also for those that the time did not suffice for.

        Raises:
            ServiceUnavailable: there was a process for none of them.
        """
        clock = self._call.deps.clock
        deadline = clock() + TOGETHER_SECONDS
        rows: list[HogTestRow] = []
        for ref in refs:
            left = deadline - clock()
            if left <= 0:
                break
            rows.append(await self._row(ref, left))
        if len(self._unavailable) == len(rows):
            raise no_process() from self._unavailable[0]
        # Whoever waited for a process had its part in that the time is up.
        waited = any(row.error == _BUSY.error for row in rows)
        others = _BUSY if waited else _NO_TIME
        return rows + [HogTestRow.unread(ref, others) for ref in refs[len(rows) :]]

    async def _row(self, ref: EventRef, left: float) -> HogTestRow:
        """What one event came to, with so many seconds left for it and those after it."""
        deps = self._call.deps
        try:
            async with asyncio.timeout(left + _GRACE_SECONDS), deps.large_reads:
                event = await asyncio.to_thread(deps.events.find_event, ref)
                if event is None:
                    return HogTestRow.unread(ref, _GONE)
                outcome = await self._outcome(hog_target(event), min(left, EACH_SECONDS))
                return await asyncio.to_thread(HogTestRow.of, event, outcome)
        except TimeoutError:  # others hold all processes, or read as many events as may be read at a time
            return HogTestRow.unread(ref, _BUSY)

    async def _outcome(self, target: HogTarget, seconds: float) -> HogOutcome:
        try:
            [outcome] = await self._call.deps.hog.evaluate(
                self._program,
                [target],
                owner=_owner(self._call),
                allows_na=self._allows_na,
                limits=Limits(seconds=seconds),
            )
            if isinstance(outcome, HogUnavailable):
                raise outcome
        except HogUnavailable as error:
            self._unavailable.append(error)
            return _BUSY
        if isinstance(outcome, HogOutcome):
            return outcome
        log.error("Hog program not run", reason=outcome.detail)
        return _DEFECT


TEST_HOG: Operation[HogTestRequest, None] = Operation(
    "test_hog",
    "POST",
    "test_hog",
    test_hog,
    body=HogTestRequest,
    max_body_bytes=MAX_CONFIGURATION_BYTES,
    response=HogTestResponse,
    access="read",
    errors=ERROR,
    also={
        400: "the source does not compile.",
        500: "A defect of Assay.",
        503: "No process for programs, or the event store is away.",
    },
)
