"""`/evaluations/test_hog/`: try a Hog program out on recent events, without storing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from api_shim.errors import ERROR
from api_shim.hog_programs import hog_available
from api_shim.operations import Call, Operation
from api_shim.schemas.hog_tests import HogTestRequest, HogTestResponse, HogTestRow
from assay.contracts.events import GENERATION, Event
from assay.domain.filters.parsing import Room, parse_filters
from assay.domain.filters.predicates import Filters
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome
from assay.domain.hog.source import explain
from assay.domain.hog_evaluations import hog_target
from assay.errors import CompilationFailed, FieldError, HogDefect, UnsupportedFilter

log = structlog.get_logger(__name__)

_DAYS: Final = 7

_EACH_SECONDS: Final = 5.0
_TOGETHER_SECONDS: Final = 20.0
"""Of all events of a request: someone waits for the answer."""

_GRACE_SECONDS: Final = 2.0
"""For a process to be found and ended, beyond what the program may take."""

_NOT_RUN: Final = HogOutcome(
    fault=Fault.HOG_ERROR,
    error=f"Not run: the events before this one took the {_TOGETHER_SECONDS:g} s that all have together.",
)

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
    any_of = _conditions(form.conditions)
    program = await _compiled(call, form.source)
    now = datetime.now(UTC)
    events = await asyncio.to_thread(
        call.deps.events.recent_events,
        call.project.id,
        GENERATION,
        since=now - timedelta(days=_DAYS),
        until=now,
        any_of=any_of,
        limit=form.sample_count,
    )
    if not events:
        which = " that the conditions admit" if any_of else ""
        message = f"There are no {GENERATION} events of the last {_DAYS} days{which}."
        return HogTestResponse(results=[], message=message)
    outcomes = await _outcomes(call, program, events, allows_na=form.allows_na)
    return await asyncio.to_thread(_answer, events, outcomes)


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
            return await call.deps.hog.compile(source)
    except HogCompileError as error:
        raise CompilationFailed(f"Compilation error: {explain(source, error)}") from None


async def _outcomes(
    call: Call[HogTestRequest, None], program: CompiledProgram, events: Sequence[Event], *, allows_na: bool
) -> list[HogOutcome]:
    """One outcome for each event, also for those that the time did not suffice for."""
    deadline = call.deps.clock() + _TOGETHER_SECONDS
    outcomes = []
    for event in events:
        left = deadline - call.deps.clock()
        outcome = _NOT_RUN
        if left > 0:
            run = call.deps.hog.evaluate(
                program,
                [hog_target(event)],
                allows_na=allows_na,
                limits=Limits(seconds=min(left, _EACH_SECONDS)),
            )
            outcome = await _outcome(run, patience=left + _GRACE_SECONDS)
        outcomes.append(outcome)
    return outcomes


async def _outcome(run: Awaitable[list[HogOutcome | HogDefect]], *, patience: float) -> HogOutcome:
    try:
        async with asyncio.timeout(patience):
            with hog_available():
                [outcome] = await run
    except TimeoutError:  # all processes are busy with the work of others
        return _NOT_RUN
    if isinstance(outcome, HogDefect):
        log.error("Hog program not run", reason=outcome.detail)
        return _DEFECT
    return outcome


def _answer(events: Sequence[Event], outcomes: Sequence[HogOutcome]) -> HogTestResponse:
    rows = [HogTestRow.of(event, outcome) for event, outcome in zip(events, outcomes, strict=True)]
    return HogTestResponse(results=rows)


TEST_HOG: Operation[HogTestRequest, None] = Operation(
    "test_hog",
    "POST",
    "test_hog",
    test_hog,
    body=HogTestRequest,
    response=HogTestResponse,
    access="read",
    errors=ERROR,
    also={400: "the source does not compile.", 503: "No process for programs, or the event store is away."},
)
