"""Whether a run of an evaluation report may begin; pure, and the only place that changes a `ReportGate`.

At most one run is in flight. A cooldown lies between an automatic run that counted and the next one that
results make due. The daily cap (UTC day) bounds automatic runs. A run that somebody asks for passes both and
counts in neither. A run that failed gives its place in the day back and starts no cooldown; instead, runs
that results make due rest for a while, longer with each failure in a row, so that a fault makes no storm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from assay.contracts.report_runs import GenerationStatus, ReportTrigger
from assay.contracts.report_workflows import AdmittedRun, RecalledRuns, ReportGate, ReportPlan, RunBrief

FIRST_REST: Final = timedelta(minutes=15)
"""Rest of threshold runs after a first failure; it doubles with each one that follows."""

LONGEST_REST: Final = timedelta(hours=4)

_ENOUGH_DOUBLINGS: Final = 10

LONGEST_RUN: Final = timedelta(days=1)
"""A run that was admitted earlier and has written nothing is not waited for: no step is tried for longer."""

MEMORY: Final = 2 * LONGEST_RUN
"""How far back `remembered` has to see: the whole day on which a run was admitted that may go on; and the
longest cooldown."""


class Admission(StrEnum):
    """What becomes of an occurrence."""

    ACCEPTED = "accepted"
    COALESCED = "coalesced"
    """A run that is in flight is the answer to somebody who asked for one."""
    WAITING = "waiting"
    """An automatic run waits until the one in flight has finished; it is to be tried again then."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a report's owner decided.

    Attributes:
        cooldown: between an automatic run that counts and one that results make due.
        daily_cap: automatic runs in one UTC day.
    """

    cooldown: timedelta
    daily_cap: int

    @classmethod
    def of(cls, plan: ReportPlan) -> Policy:
        """The policy of a report."""
        return cls(cooldown=timedelta(minutes=plan.cooldown_minutes), daily_cap=plan.daily_run_cap)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an occurrence.

    Attributes:
        run_id: the run that was admitted, or is in flight; None if it was refused.
        reason: why it was refused, in words; empty otherwise.
    """

    admission: Admission
    run_id: UUID | None = None
    reason: str = ""


def admit(
    gate: ReportGate, policy: Policy, trigger: ReportTrigger, now: datetime, *, report_id: UUID
) -> tuple[ReportGate, Decision]:
    """Decide on a run, and remember it if it is admitted.

    Whoever calls must store the returned gate before anybody else can ask.

    Args:
        now: the present moment, never before that of an earlier call.

    Returns:
        The gate from now on, and the decision. An admitted run is in flight until `finished`.
    """
    if gate.running is not None:
        is_manual = trigger is ReportTrigger.MANUAL
        waits = Admission.COALESCED if is_manual else Admission.WAITING
        return gate, Decision(waits, gate.running.run_id)
    if reason := _objection(gate, policy, trigger, now):
        return gate, Decision(Admission.REFUSED, reason=reason)
    run = RunBrief(run_id=report_run_uuid(report_id, trigger, now), trigger=trigger, admitted_at=now)
    changes: dict[str, object] = {"running": run}
    if trigger is not ReportTrigger.MANUAL:
        changes |= {"cap_day": _utc_day(now), "cap_used": used_on(gate, _utc_day(now)) + 1}
    return gate.model_copy(update=changes), Decision(Admission.ACCEPTED, run.run_id)


def finished(gate: ReportGate, now: datetime, *, counts: bool) -> ReportGate:
    """The gate once the run in flight has ended.

    Args:
        counts: whether its period is reported; False: it failed.
    """
    run = gate.running
    if run is None:
        return gate
    ended: dict[str, object] = {"running": None}
    if run.trigger is not ReportTrigger.MANUAL:
        ended |= _counted(run) if counts else _failed(gate, now)
    return gate.model_copy(update=ended)


def remembered(runs: Sequence[AdmittedRun], now: datetime) -> RecalledRuns:
    """What the admissions of `MEMORY` left behind, for a workflow that has no memory of its own.

    Args:
        runs: of the report, in order of their admission.
    """
    automatic = [run for run in runs if run.trigger is not ReportTrigger.MANUAL]
    counted = [run for run in automatic if run.generation is GenerationStatus.COMPLETED]
    failed = _failed_last(automatic)
    # At most one is in flight: whatever was admitted before the last one has ended.
    running = runs[-1] if runs and _may_go_on(runs[-1], now) else None
    in_use = [run for run in automatic if run in counted or run is running]
    cap_day = _utc_day(in_use[-1].admitted_at) if in_use else None
    gate = ReportGate(
        accepted_at=counted[-1].admitted_at if counted else None,
        cap_day=cap_day,
        cap_used=sum(_utc_day(run.admitted_at) == cap_day for run in in_use),
        running=None
        if running is None
        else RunBrief(run_id=running.run_id, trigger=running.trigger, admitted_at=running.admitted_at),
        failures=len(failed),
        # Nobody stored when it failed: the rest begins a little earlier than for who saw it.
        retry_at=failed[-1].admitted_at + _rest(len(failed)) if failed else None,
    )
    return RecalledRuns(gate=gate, reported_until=max((run.period_end for run in counted), default=None))


def opens_at(gate: ReportGate, policy: Policy) -> datetime | None:
    """From when on a threshold run is not refused, if nothing happens meanwhile; None: at any time.

    Whether a run is in flight does not matter here.
    """
    moments = [gate.retry_at, _cooldown_ends(gate, policy)]
    if gate.cap_day is not None and gate.cap_used >= policy.daily_cap:
        moments.append(_midnight_after(gate.cap_day))
    return max((moment for moment in moments if moment is not None), default=None)


def used_on(gate: ReportGate, day: date) -> int:
    """Automatic runs that were admitted on a UTC day, failed ones excepted."""
    return gate.cap_used if gate.cap_day == day else 0


def report_run_uuid(report_id: UUID, trigger: ReportTrigger, admitted_at: datetime) -> UUID:
    """Id of a run: the same admission has the same id."""
    return uuid5(report_id, f"{trigger}/{admitted_at.isoformat()}")


def _objection(gate: ReportGate, policy: Policy, trigger: ReportTrigger, now: datetime) -> str:
    """Why a run may not begin now; empty: it may."""
    if trigger is ReportTrigger.MANUAL:
        return ""
    if used_on(gate, _utc_day(now)) >= policy.daily_cap:
        return f"daily cap of {policy.daily_cap} reached"
    if trigger is ReportTrigger.SCHEDULED:
        return ""
    cooldown_ends = _cooldown_ends(gate, policy)
    if cooldown_ends is not None and now < cooldown_ends:
        return "cooldown"
    if gate.retry_at is not None and now < gate.retry_at:
        return "rest after a failed run"
    return ""


def _may_go_on(run: AdmittedRun, now: datetime) -> bool:
    return run.generation is GenerationStatus.PENDING and now - run.admitted_at < LONGEST_RUN


def _failed_last(automatic: Sequence[AdmittedRun]) -> list[AdmittedRun]:
    """Automatic runs that are known to have failed since the last one that counts."""
    failed: list[AdmittedRun] = []
    for run in automatic:
        if run.generation is GenerationStatus.COMPLETED:
            failed = []
        elif run.generation is not GenerationStatus.PENDING:
            failed.append(run)
    return failed


def _counted(run: RunBrief) -> dict[str, object]:
    return {"accepted_at": run.admitted_at, "failures": 0, "retry_at": None}


def _failed(gate: ReportGate, now: datetime) -> dict[str, object]:
    failures = gate.failures + 1
    # Only automatic runs move the day of the cap, one at a time: it still is the day of this one.
    return {"cap_used": gate.cap_used - 1, "failures": failures, "retry_at": now + _rest(failures)}


def _rest(failures: int) -> timedelta:
    """How long threshold runs rest after so many failures in a row."""
    doublings = min(failures - 1, _ENOUGH_DOUBLINGS)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)


def _cooldown_ends(gate: ReportGate, policy: Policy) -> datetime | None:
    return None if gate.accepted_at is None else gate.accepted_at + policy.cooldown


def _utc_day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, UTC)
