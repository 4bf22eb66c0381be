"""Between events and judgements on one side, and Hog's targets and outcomes on the other."""

from __future__ import annotations

from typing import Final

from assay.contracts.evaluations import Judgement, StatusReason
from assay.contracts.events import Event
from assay.domain.hog.outcomes import LIMIT_EXCEEDED, Fault, HogOutcome, HogTarget

MAX_REASONING: Final = 16_000
"""Characters of a Hog judgement's reasoning. It passes through a workflow history a few times."""

_UNFIT: Final = "This event is not of the shape that the program works on; other events are still evaluated."
_TOO_LARGE: Final = (
    "This event is too large for what the program does with it; other events are still evaluated."
)


def hog_target(event: Event) -> HogTarget:
    """An event as Hog programs see it."""
    return HogTarget(
        uuid=str(event.uuid),
        event=event.event,
        distinct_id=event.distinct_id,
        timestamp=event.timestamp.isoformat(),
        properties=event.properties,
    )


def hog_judgement(blank: Judgement, outcome: HogOutcome) -> Judgement:
    """What an outcome means for the evaluation.

    A fault of the program stops the evaluation: it would fail for other events, too. A fault that lies in
    the event skips this one. Neither has a verdict; what went wrong is the beginning of the reasoning.

    Args:
        blank: the judgement as far as it is known without running the program.
    """
    if outcome.fault is None:
        return blank.model_copy(
            update={
                "verdict": outcome.verdict,
                "applicable": outcome.verdict is not None if blank.allows_na else None,
                "reasoning": _cut(outcome.reasoning),
            }
        )
    told = [outcome.error or "", outcome.reasoning]
    if outcome.fault is Fault.HOG_INPUT_ERROR:
        return _skipped(blank, outcome.fault, [_why_skipped(outcome), *told])
    stopped = _skipped(blank, outcome.fault, told)
    return stopped.model_copy(update={"disable_reason": StatusReason.HOG_ERROR})


def _why_skipped(outcome: HogOutcome) -> str:
    """What a fault that lies in the event says about it: limits are a large event's fault."""
    return _TOO_LARGE if (outcome.error or "").startswith(LIMIT_EXCEEDED) else _UNFIT


def _skipped(blank: Judgement, fault: Fault, told: list[str]) -> Judgement:
    reasoning = _cut("\n\n".join(filter(None, told)))
    return blank.model_copy(update={"skip_reason": fault.value, "reasoning": reasoning})


def _cut(text: str) -> str:
    return text if len(text) <= MAX_REASONING else f"{text[: MAX_REASONING - 1]}…"
