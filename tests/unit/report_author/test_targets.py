"""Whom a run goes to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_runs import DeliveryStatus
from assay.domain.report_targets import MAX_RECIPIENTS, addressees, delivery_status, told_errors


def test_every_address_is_a_recipient_of_its_own_and_once() -> None:
    found = addressees(
        [
            {"type": "email", "value": "a@example.com, b@example.com,, a@example.com"},
            {"type": "slack", "integration_id": "3", "channel": "C012|#quality"},
        ]
    )
    assert [recipient.key for recipient in found.recipients] == [
        "email:a@example.com",
        "email:b@example.com",
        "slack:3:C012",
    ]
    assert found.problems == ()


@pytest.mark.parametrize(
    "target",
    [{"type": "email", "value": " , "}, {"type": "slack", "channel": "C1"}, {"type": "pigeon"}, {}],
    ids=["no address", "no integration", "kind", "nothing"],
)
def test_a_target_that_names_nobody_is_told_of(target: dict[str, Any]) -> None:
    found = addressees([target])
    assert (found.recipients, len(found.problems)) == ((), 1)


def test_there_is_an_end_to_recipients() -> None:
    many = ", ".join(f"{number}@example.com" for number in range(MAX_RECIPIENTS + 7))
    found = addressees([{"type": "email", "value": many}])
    assert len(found.recipients) == MAX_RECIPIENTS
    assert "7 got nothing" in found.problems[0]


@given(st.integers(0, 9), st.integers(0, 9))
def test_the_status_says_whether_nobody_some_or_all_have_it(served: int, failed: int) -> None:
    status = delivery_status(served + failed, failed)
    expected = {
        (False, False): DeliveryStatus.PENDING,
        (True, False): DeliveryStatus.DELIVERED,
        (False, True): DeliveryStatus.FAILED,
        (True, True): DeliveryStatus.PARTIAL_FAILURE,
    }
    assert status is expected[served > 0, failed > 0]


@given(st.integers(0, 400))
def test_few_errors_are_told_and_all_are_counted(count: int) -> None:
    errors = [f"no {number}" for number in range(count)]
    told = told_errors(errors)
    assert list(told[:50]) == errors[:50]
    assert list(told[50:]) == ([f"… and {count - 50} more"] if count > 50 else [])
