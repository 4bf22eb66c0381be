"""Which events of a history Temporal Cloud would bill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from assay.runtime.bench.online.actions import actions_of

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def event(number: int, kind: EventType.ValueType, *, after: float = 0.0) -> HistoryEvent:
    made = HistoryEvent(event_id=number, event_type=kind)
    made.event_time.FromDatetime(BEGAN + timedelta(seconds=after))
    return made


def activity(number: int, *, attempts: int, seconds: float, heartbeat: float | None) -> list[HistoryEvent]:
    """What an activity that succeeds leaves in a history."""
    scheduled = event(number, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    scheduled.activity_task_scheduled_event_attributes.activity_id = str(number)
    if heartbeat is not None:
        timeout = scheduled.activity_task_scheduled_event_attributes.heartbeat_timeout
        timeout.FromTimedelta(timedelta(seconds=heartbeat))
    started = event(number + 1, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    started.activity_task_started_event_attributes.scheduled_event_id = number
    started.activity_task_started_event_attributes.attempt = attempts
    completed = event(number + 2, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, after=seconds)
    completed.activity_task_completed_event_attributes.scheduled_event_id = number
    return [scheduled, started, completed]


def test_each_kind_is_counted_and_the_rest_is_free() -> None:
    history = [
        event(1, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED),
        event(2, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED),
        event(3, EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED),
        event(4, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED),
        event(5, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
        event(6, EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED),
        event(7, EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED),
        event(8, EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED),
        event(9, EventType.EVENT_TYPE_TIMER_STARTED),
        event(10, EventType.EVENT_TYPE_TIMER_FIRED),
        event(11, EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES),
        event(12, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED),
        event(13, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED),
        event(14, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED),
    ]
    assert actions_of(history) == {
        "workflow starts": 1,
        "signals": 1,
        "timers": 1,
        "search attribute upserts": 1,
        "updates": 1,
    }


def test_every_attempt_of_an_activity_counts() -> None:
    assert actions_of(activity(5, attempts=3, seconds=1, heartbeat=None)) == {"activity attempts": 3}


def test_heartbeats_are_estimated_from_how_long_an_activity_ran() -> None:
    quick = activity(5, attempts=1, seconds=1, heartbeat=15)
    slow = activity(8, attempts=1, seconds=30, heartbeat=15)
    assert actions_of([*quick, *slow]) == {"activity attempts": 2, "heartbeats, estimated": 1 + 3}
