"""How many actions Temporal Cloud would bill for a run: the measure of what orchestration costs.

Counted from the histories of the workflows, by Temporal's own list (https://docs.temporal.io/cloud/actions).
Heartbeats are billed too and in no history, so their number is estimated: the first one of an attempt goes
out at once, the others at least four fifths of the heartbeat timeout apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

_ACTIONS: Final[Mapping[int, str]] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow starts",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "updates",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attribute upserts",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_MARKER_RECORDED: "markers",
}
"""Starts are those by clients, of children and by continue-as-new; a signal counts where it arrives."""

_HEARTBEATS: Final = "heartbeats, estimated"
_THROTTLE: Final = 0.8
"""The SDK sends heartbeats no closer than this share of their timeout."""


async def billable_actions(client: Client, workflow_types: Iterable[str]) -> Counter[str]:
    """The actions of all runs of some workflow types, by kind."""
    actions: Counter[str] = Counter()
    named = ", ".join(f"'{name}'" for name in workflow_types)
    async for execution in client.list_workflows(f"WorkflowType IN ({named})"):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        actions += actions_of((await handle.fetch_history()).events)
    return actions


def actions_of(history: Iterable[HistoryEvent]) -> Counter[str]:
    """The actions of one history, by kind."""
    actions: Counter[str] = Counter()
    timeouts: dict[int, timedelta] = {}
    started_at: dict[int, datetime] = {}
    for event in history:
        at = event.event_time.ToDatetime(UTC)
        if event.event_type in _ACTIONS:
            actions[_ACTIONS[event.event_type]] += 1
        elif event.HasField("activity_task_scheduled_event_attributes"):
            scheduled = event.activity_task_scheduled_event_attributes
            timeouts[event.event_id] = scheduled.heartbeat_timeout.ToTimedelta()
        elif event.HasField("activity_task_started_event_attributes"):
            started = event.activity_task_started_event_attributes
            actions["activity attempts"] += started.attempt
            if timeouts[started.scheduled_event_id]:
                actions[_HEARTBEATS] += started.attempt
            started_at[started.scheduled_event_id] = at
        elif event.HasField("activity_task_completed_event_attributes"):
            number = event.activity_task_completed_event_attributes.scheduled_event_id
            if timeouts[number]:
                actions[_HEARTBEATS] += int((at - started_at[number]) / (timeouts[number] * _THROTTLE))
    return actions
