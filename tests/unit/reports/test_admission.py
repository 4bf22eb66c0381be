"""Admission of runs of evaluation reports: cooldown, cap, one in flight, whatever the order of events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assay.contracts.report_runs import GenerationStatus, ReportTrigger
from assay.contracts.report_workflows import AdmittedRun, ReportGate
from schedules.admission import (
    FIRST_REST,
    LONGEST_REST,
    LONGEST_RUN,
    MEMORY,
    Admission,
    Decision,
    Policy,
    admit,
    finished,
    opens_at,
    remembered,
    report_run_uuid,
    used_on,
)

REPORT = UUID(int=7)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = Policy(cooldown=timedelta(hours=1), daily_cap=3)
MANUAL, SCHEDULED, THRESHOLD = ReportTrigger.MANUAL, ReportTrigger.SCHEDULED, ReportTrigger.THRESHOLD
AUTOMATIC = (SCHEDULED, THRESHOLD)


def asked(
    gate: ReportGate, trigger: ReportTrigger, now: datetime, policy: Policy = POLICY
) -> tuple[ReportGate, Decision]:
    return admit(gate, policy, trigger, now, report_id=REPORT)


def after_run(
    gate: ReportGate, trigger: ReportTrigger, now: datetime, *, counts: bool = True, policy: Policy = POLICY
) -> ReportGate:
    """The gate after a run that took a minute."""
    gate, decision = asked(gate, trigger, now, policy)
    assert decision.admission is Admission.ACCEPTED
    return finished(gate, now + timedelta(minutes=1), counts=counts)


def test_a_run_is_named_by_report_trigger_and_moment() -> None:
    gate, decision = asked(ReportGate(), THRESHOLD, NOON)
    assert gate.running is not None
    assert decision.run_id == gate.running.run_id == report_run_uuid(REPORT, THRESHOLD, NOON)
    others = {
        report_run_uuid(REPORT, MANUAL, NOON),
        report_run_uuid(REPORT, THRESHOLD, NOON + timedelta(microseconds=1)),
        report_run_uuid(UUID(int=8), THRESHOLD, NOON),
    }
    assert len(others | {decision.run_id}) == 4


@pytest.mark.parametrize("trigger", AUTOMATIC, ids=str)
@pytest.mark.parametrize("in_flight", list(ReportTrigger), ids=str)
def test_an_automatic_run_waits_for_any_run(in_flight: ReportTrigger, trigger: ReportTrigger) -> None:
    gate, first = asked(ReportGate(), in_flight, NOON)
    assert asked(gate, trigger, NOON) == (gate, Decision(Admission.WAITING, first.run_id))


@pytest.mark.parametrize("in_flight", list(ReportTrigger), ids=str)
def test_whoever_asks_during_a_run_is_told_of_it(in_flight: ReportTrigger) -> None:
    gate, first = asked(ReportGate(), in_flight, NOON)
    assert asked(gate, MANUAL, NOON) == (gate, Decision(Admission.COALESCED, first.run_id))


@pytest.mark.parametrize("before", AUTOMATIC, ids=str)
def test_the_cooldown_is_for_runs_that_results_make_due(before: ReportTrigger) -> None:
    gate = after_run(ReportGate(), before, NOON)
    moment = timedelta(microseconds=1)
    assert asked(gate, THRESHOLD, NOON + POLICY.cooldown - moment)[1].reason == "cooldown"
    assert asked(gate, THRESHOLD, NOON + POLICY.cooldown)[1].admission is Admission.ACCEPTED
    assert asked(gate, SCHEDULED, NOON + timedelta(minutes=2))[1].admission is Admission.ACCEPTED
    assert asked(gate, MANUAL, NOON + timedelta(minutes=2))[1].admission is Admission.ACCEPTED


def test_the_cap_is_for_automatic_runs_of_a_utc_day() -> None:
    gate, now = ReportGate(), NOON
    for _ in range(POLICY.daily_cap):
        gate, now = after_run(gate, SCHEDULED, now), now + timedelta(hours=2)
    for trigger in AUTOMATIC:
        assert asked(gate, trigger, now)[1].reason == "daily cap of 3 reached"
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    assert opens_at(gate, POLICY) == midnight
    assert asked(gate, SCHEDULED, midnight - timedelta(microseconds=1))[1].admission is Admission.REFUSED
    assert asked(gate, SCHEDULED, midnight)[1].admission is Admission.ACCEPTED


def test_a_run_that_somebody_asked_for_counts_in_nothing() -> None:
    automatic = after_run(ReportGate(), THRESHOLD, NOON)
    for counts in (True, False):
        gate = after_run(automatic, MANUAL, NOON + timedelta(minutes=5), counts=counts)
        assert gate == automatic


def test_a_run_over_midnight_belongs_to_the_day_of_its_admission() -> None:
    late = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    gate, _ = asked(ReportGate(), SCHEDULED, late)
    given_back = finished(gate, late + timedelta(hours=2), counts=False)
    assert used_on(given_back, late.date()) == 0
    assert used_on(finished(gate, late + timedelta(hours=2), counts=True), late.date()) == 1


def test_a_failed_run_starts_no_cooldown_but_a_rest_that_grows() -> None:
    gate, now, rests = ReportGate(), NOON, []
    for _ in range(8):
        gate, _ = asked(gate, THRESHOLD, now)
        gate = finished(gate, now, counts=False)
        assert (gate.accepted_at, used_on(gate, now.date())) == (None, 0)
        assert asked(gate, THRESHOLD, now)[1].reason == "rest after a failed run"
        assert asked(gate, SCHEDULED, now)[1].admission is Admission.ACCEPTED
        opening = opens_at(gate, POLICY)
        assert opening is not None
        rests.append(opening - now)
        now = opening
    assert rests[0] == FIRST_REST
    assert rests[-1] == LONGEST_REST
    assert rests == sorted(rests)

    gate = after_run(gate, THRESHOLD, now)
    assert (gate.failures, gate.retry_at) == (0, None)


def test_an_end_that_nobody_waits_for_changes_nothing() -> None:
    gate = after_run(ReportGate(), THRESHOLD, NOON)
    assert finished(gate, NOON, counts=False) == gate


class Gatekeeping(RuleBasedStateMachine):
    """Any order of results, timers, requests, failures and edits; a plain record of what happened decides."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = ReportGate()
        self.now = NOON
        self.counted: list[datetime] = []
        """Admissions of automatic runs that count."""
        self.in_flight: tuple[ReportTrigger, datetime] | None = None
        self.failed_at: datetime | None = None

    @initialize(hours=st.integers(1, 24), cap=st.integers(1, 5))
    def begin(self, hours: int, cap: int) -> None:
        self.edit(hours, cap)

    @rule(hours=st.integers(1, 24), cap=st.integers(1, 5))
    def edit(self, hours: int, cap: int) -> None:
        self.policy = Policy(cooldown=timedelta(hours=hours), daily_cap=cap)

    @rule(minutes=st.integers(1, 26 * 60))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def pass_time_to_the_opening(self) -> None:
        opening = opens_at(self.gate, self.policy)
        self.now = max(self.now, opening or self.now)

    @rule(trigger=st.sampled_from(list(ReportTrigger)))
    def ask(self, trigger: ReportTrigger) -> None:
        before, expected = self.gate, self._expected(trigger)
        self.gate, decision = asked(self.gate, trigger, self.now, self.policy)
        assert decision.admission is expected
        assert bool(decision.reason) == (expected is Admission.REFUSED)
        if expected is Admission.ACCEPTED:
            self.in_flight = (trigger, self.now)
        else:
            assert self.gate == before

    def _expected(self, trigger: ReportTrigger) -> Admission:
        if self.in_flight is not None:
            return Admission.COALESCED if trigger is MANUAL else Admission.WAITING
        if trigger is MANUAL:
            return Admission.ACCEPTED
        used = sum(moment.date() == self.now.date() for moment in self.counted)
        is_cooling = any(self.now < moment + self.policy.cooldown for moment in self.counted)
        is_resting = self.failed_at is not None and self.now < self.failed_at + FIRST_REST
        if used >= self.policy.daily_cap or (trigger is THRESHOLD and (is_cooling or is_resting)):
            return Admission.REFUSED
        if (
            trigger is THRESHOLD and self.gate.failures > 1
        ):  # the length of longer rests has a test of its own
            opening = opens_at(self.gate, self.policy)
            return Admission.REFUSED if opening is not None and self.now < opening else Admission.ACCEPTED
        return Admission.ACCEPTED

    @precondition(lambda self: self.in_flight is not None)
    @rule(counts=st.booleans())
    def end_run(self, counts: bool) -> None:
        assert self.in_flight is not None
        trigger, admitted_at = self.in_flight
        self.gate = finished(self.gate, self.now, counts=counts)
        self.in_flight = None
        if trigger is not MANUAL and counts:
            self.counted.append(admitted_at)
            self.failed_at = None
        elif trigger is not MANUAL:
            self.failed_at = self.now

    @invariant()
    def one_is_in_flight_at_most(self) -> None:
        assert (self.gate.running is None) == (self.in_flight is None)

    @invariant()
    def the_cap_counts_what_counted_and_what_is_in_flight(self) -> None:
        days = Counter(moment.date() for moment in self.counted)
        if self.in_flight is not None and self.in_flight[0] is not MANUAL:
            days[self.in_flight[1].date()] += 1
        assert used_on(self.gate, self.now.date()) == days[self.now.date()]

    @invariant()
    def the_opening_is_exactly_where_a_threshold_run_is_admitted(self) -> None:
        if self.in_flight is not None:
            return
        opening = opens_at(self.gate, self.policy)
        _, decision = asked(self.gate, THRESHOLD, self.now, self.policy)
        is_open = opening is None or self.now >= opening
        assert is_open == (decision.admission is Admission.ACCEPTED)
        if opening is not None and not is_open:
            just_before = max(self.now, opening - timedelta(microseconds=1))
            assert asked(self.gate, THRESHOLD, just_before, self.policy)[1].admission is Admission.REFUSED
            assert asked(self.gate, THRESHOLD, opening, self.policy)[1].admission is Admission.ACCEPTED


TestGatekeeping = Gatekeeping.TestCase
TestGatekeeping.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def made(
    trigger: ReportTrigger,
    admitted_at: datetime,
    generation: GenerationStatus = GenerationStatus.COMPLETED,
) -> AdmittedRun:
    return AdmittedRun(
        run_id=report_run_uuid(REPORT, trigger, admitted_at),
        evaluation_id=REPORT,
        trigger=trigger,
        admitted_at=admitted_at,
        period_start=admitted_at,
        period_end=admitted_at,
        generation=generation,
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(ReportTrigger)),
            st.sampled_from([GenerationStatus.COMPLETED, GenerationStatus.METRICS_UNAVAILABLE]),
            st.integers(61, 600),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_what_is_remembered_is_what_was_known(
    wanted: list[tuple[ReportTrigger, GenerationStatus, int]], is_running: bool
) -> None:
    """Of what is stored; when a run failed is not, so a new workflow rests from its admission on."""
    gate, now, runs = ReportGate(), NOON, []
    for place, (trigger, generation, minutes) in enumerate(wanted, start=1):
        now += timedelta(minutes=minutes)
        gate, decision = asked(gate, trigger, now)
        if decision.admission is not Admission.ACCEPTED:
            continue
        if is_running and place == len(wanted):
            runs.append(made(trigger, now, GenerationStatus.PENDING))
            break
        runs.append(made(trigger, now, generation))
        gate = finished(gate, now, counts=generation is GenerationStatus.COMPLETED)
    recent = [run for run in runs if run.admitted_at >= now - MEMORY]
    recalled = remembered(recent, now)
    assert recalled.gate.running == gate.running
    assert used_on(recalled.gate, now.date()) == used_on(gate, now.date())
    if gate.accepted_at is not None and gate.accepted_at >= now - MEMORY:
        assert recalled.gate.accepted_at == gate.accepted_at
        assert recalled.reported_until == gate.accepted_at
    if len(recent) == len(runs):
        assert recalled.gate.failures == gate.failures
        assert (recalled.gate.retry_at is None) == (gate.retry_at is None)


def test_a_run_is_not_waited_for_for_ever() -> None:
    runs = [made(SCHEDULED, NOON, GenerationStatus.PENDING)]
    assert remembered(runs, NOON + LONGEST_RUN - timedelta(seconds=1)).gate.running is not None
    assert remembered(runs, NOON + LONGEST_RUN).gate == ReportGate()


@pytest.mark.parametrize("generation", [GenerationStatus.FAILED, GenerationStatus.METRICS_UNAVAILABLE])
def test_a_run_that_is_known_to_have_failed_leaves_a_rest_behind(generation: GenerationStatus) -> None:
    runs = [made(SCHEDULED, NOON, generation)]
    expected = ReportGate(failures=1, retry_at=NOON + FIRST_REST)
    assert remembered(runs, NOON + timedelta(minutes=1)).gate == expected


def test_failures_in_a_row_are_remembered_and_those_before_a_success_are_not() -> None:
    hours = [NOON + timedelta(hours=number) for number in range(6)]
    failed = GenerationStatus.FAILED
    early = [made(THRESHOLD, hours[0], failed), made(THRESHOLD, hours[1])]
    late = [made(THRESHOLD, hours[2], failed), made(MANUAL, hours[3]), made(SCHEDULED, hours[4], failed)]
    gate = remembered([*early, *late], hours[5]).gate
    assert (gate.failures, gate.retry_at) == (2, hours[4] + 2 * FIRST_REST)
    gate = remembered([*late, made(THRESHOLD, hours[5])], hours[5]).gate
    assert (gate.failures, gate.retry_at) == (0, None)


def test_a_run_that_a_later_one_followed_is_over() -> None:
    runs = [made(SCHEDULED, NOON, GenerationStatus.PENDING), made(MANUAL, NOON + timedelta(hours=1))]
    assert remembered(runs, NOON + timedelta(hours=2)).gate == ReportGate()


def test_a_run_of_yesterday_that_goes_on_gives_back_a_place_of_yesterday() -> None:
    late = NOON + timedelta(hours=11)
    runs = [made(THRESHOLD, NOON), made(THRESHOLD, late, GenerationStatus.PENDING)]
    gate = remembered(runs, late + timedelta(hours=3)).gate
    assert (gate.cap_day, gate.cap_used) == (NOON.date(), 2)
    assert used_on(finished(gate, late + timedelta(hours=4), counts=False), NOON.date()) == 1
