"""`/llm_analytics/text_repr/`: an event or a trace as text, for people and models."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from api_shim.error_bodies import ErrorText
from api_shim.errors import FIELDS_OR_ERROR, STANDARD
from api_shim.operations import Call, Operation, Resource
from api_shim.problems import InvalidInput, Problem
from api_shim.responses import JsonResponse
from api_shim.schemas.text_repr import (
    MisshapenData,
    TextReprEventType,
    TextReprMetadata,
    TextReprRequest,
    TextReprResponse,
    WrongValue,
    checked_event,
    checked_trace,
    trace_id_of,
)
from api_shim.throttle import Limits, Rate
from assay.domain.text_repr import Rendering, format_event, format_trace

LIMITS: Final = Limits("text_repr", (Rate(120, 60), Rate(600, 3600)))


async def text_repr(call: Call[TextReprRequest, None]) -> Response:
    """Show an event or a trace as text.

    The text is for display, logs and models; what is long is truncated in the middle unless `options` say
    otherwise. Nothing is stored. The form is chosen by `data.event`, and by `event_type` for traces.
    """
    form = await call.body()
    # In a thread: 20 MB take a second. Not many at a time: each holds its text and more.
    async with call.deps.large_reads:
        return await asyncio.to_thread(_answer, form)


def _answer(form: TextReprRequest) -> Response:
    try:
        rendering = _rendering(form)
    except MisshapenData as error:
        return STANDARD.response(InvalidInput([Problem((), "invalid_input", str(error))]))
    except WrongValue as error:
        return JsonResponse(ErrorText(error=str(error)), 400)
    is_trace = form.event_type is TextReprEventType.TRACE
    metadata = TextReprMetadata(
        event_type=form.event_type,
        event_id=None if is_trace else form.data["id"],
        trace_id=trace_id_of(form),
        char_count=len(rendering.text),
        truncated=rendering.sampled,
    )
    return JsonResponse(TextReprResponse(text=rendering.text, metadata=metadata))


def _rendering(form: TextReprRequest) -> Rendering:
    options = form.options.options()
    if form.event_type is TextReprEventType.TRACE:
        return format_trace(*checked_trace(form.data), options)
    return format_event(checked_event(form.data), options)


RESOURCE = Resource(
    path="llm_analytics/text_repr",
    scope="llm_analytics",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            text_repr,
            body=TextReprRequest,
            response=TextReprResponse,
            limits=LIMITS,
            errors=FIELDS_OR_ERROR,
            also={400: "the data is no event or trace, or a value in it has the wrong type."},
        ),
    ),
)
