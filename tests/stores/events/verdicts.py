"""Builders for tests of what reports read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from assay.contracts.events import EVALUATION, Event
from assay.contracts.report_data import Window
from tests.stores.events.support import event

SINCE = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
UNTIL = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
INSIDE = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

ONE, OTHER = UUID(int=1), UUID(int=2**100)

NOT_APPLICABLE = {"$ai_evaluation_allows_na": True, "$ai_evaluation_applicable": False}
SKIPPED = {"$ai_evaluation_skipped": True, "$ai_evaluation_skip_reason": "context_length"}


def window(project: int, **changes: Any) -> Window:
    """Results of evaluation ONE from SINCE until UNTIL."""
    values = {"project_id": project, "evaluation_id": ONE, "since": SINCE, "until": UNTIL}
    return Window(**values | changes)


def verdict(project: int, result: bool | None = True, /, *, evaluation: UUID = ONE, **fields: Any) -> Event:
    """A verdict of an evaluation; further properties may be given, None among them removes one."""
    properties = {
        "$ai_evaluation_id": str(evaluation),
        "$ai_evaluation_result": result,
        "$ai_evaluation_reasoning": "Because.",
        "$ai_target_event_id": str(uuid4()),
        **fields.pop("properties", {}),
    }
    present = {key: value for key, value in properties.items() if value is not None}
    return event(project, present, event=EVALUATION, **fields)


def sentiment(project: int, label: str, score: float | None, /, **fields: Any) -> Event:
    """A verdict of a sentiment evaluation."""
    properties = {"$ai_sentiment_label": label, "$ai_sentiment_score": score}
    return verdict(project, None, properties=properties, **fields)
