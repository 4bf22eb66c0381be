"""Between the error catalogue and Temporal failures."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from assay.errors import CircuitOpen, RateLimited, RunAhead, SetupError, UserFault, WorkError, catalogue
from assay.temporal.failures import (
    MAX_MESSAGE_CHARACTERS,
    failure_code,
    failure_message,
    to_application_error,
)
from assay.temporal.heartbeat import heartbeating
from assay.temporal.retry import JUDGE_BATCH

WORK_ERRORS = [error for error in catalogue() if issubclass(error, WorkError)]


@pytest.mark.parametrize("error", WORK_ERRORS, ids=lambda error: error.code)
def test_every_work_error_keeps_its_code_and_its_retryability(error: type[WorkError]) -> None:
    mapped = to_application_error(error("what happened"))
    assert (mapped.type, mapped.message) == (error.code, "what happened")
    assert mapped.non_retryable is not error.retryable
    benign = mapped.category is ApplicationErrorCategory.BENIGN
    assert benign is issubclass(error, UserFault | RunAhead)


def test_what_is_wrong_with_the_process_is_not_tried_again() -> None:
    mapped = to_application_error(SetupError("what to change"), attempt=3)
    assert (mapped.type, mapped.message, mapped.non_retryable) == ("setup_error", "what to change", True)
    assert mapped.category is ApplicationErrorCategory.UNSPECIFIED


def test_a_wait_becomes_the_next_retry_delay() -> None:
    assert to_application_error(RateLimited("x", retry_after=2.5)).next_retry_delay == timedelta(seconds=2.5)
    assert to_application_error(RateLimited("x")).next_retry_delay is None


def test_a_provider_in_a_hurry_does_not_burn_the_attempts() -> None:
    for retry_after, attempt in ((0.0, 1), (-1.0, 1), (1.5, 1), (7.0, 3)):
        error = RateLimited("x", retry_after=retry_after)
        assert to_application_error(error, attempt=attempt).next_retry_delay is None
    late = to_application_error(RateLimited("x", retry_after=9), attempt=3)
    assert late.next_retry_delay == timedelta(seconds=9)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [(None, None), (0.0, 2), (7.5, 7.5), (300.0, 300)], ids=str
)
@pytest.mark.parametrize("attempt", [1, 3, 5_000])
def test_without_a_limit_of_attempts_the_error_sets_the_pace(
    retry_after: float | None, seconds: float | None, attempt: int
) -> None:
    error = CircuitOpen("x", retry_after=retry_after)
    delay = to_application_error(error, attempt=attempt, policy=JUDGE_BATCH.retry).next_retry_delay
    assert delay == (None if seconds is None else timedelta(seconds=seconds))


def test_a_late_attempt_waits_no_longer_than_the_policy_says() -> None:
    assert to_application_error(RateLimited("x", retry_after=59), attempt=5_000).next_retry_delay is None
    late = to_application_error(RateLimited("x", retry_after=61), attempt=5_000)
    assert late.next_retry_delay == timedelta(seconds=61)


def test_a_long_message_cannot_break_the_payload_limit() -> None:
    assert len(to_application_error(RateLimited("x" * 3_000_000)).message) == MAX_MESSAGE_CHARACTERS


async def test_an_error_is_found_below_its_wrappers() -> None:
    wrapped = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="judge-target",
        activity_id="1",
        retry_state=None,
    )
    wrapped.__cause__ = to_application_error(RateLimited("slow down"))
    assert (failure_code(wrapped), failure_message(wrapped)) == ("rate_limit", "slow down")
    assert failure_code(ValueError("x")) == "ValueError"


async def test_what_caused_an_error_does_not_enter_a_history() -> None:
    """A driver's own words may hold a key or a prompt; the interceptor raises without them."""
    failure = Failure()
    error = to_application_error(RateLimited("slow down"))
    try:
        try:
            raise RuntimeError("sk-secret")
        except RuntimeError:
            raise error from None
    except ApplicationError as raised:
        converter = pydantic_data_converter
        converter.failure_converter.to_failure(raised, converter.payload_converter, failure)
    assert "sk-secret" not in str(failure)


async def test_a_heartbeat_beats_until_its_block_ends() -> None:

    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_timeout=timedelta(seconds=0.06))
    beats: list[object] = []
    environment.on_heartbeat = lambda *details: beats.append(details)

    async def work() -> int:
        async with heartbeating("page", 3):
            await asyncio.sleep(0.15)
        seen = len(beats)
        await asyncio.sleep(0.1)
        return seen

    seen = await environment.run(work)
    assert seen >= 3
    assert len(beats) == seen
    assert set(beats) == {("page", 3)}
