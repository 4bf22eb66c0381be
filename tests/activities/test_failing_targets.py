"""Whether a target is held responsible for its failures."""

from __future__ import annotations

from uuid import UUID

from activities.failing_targets import HOPELESS, FailingTargets
from activities.model_gate import GateKey
from assay.contracts.evaluations import Provider

KEY = GateKey(Provider.OPENAI)
TARGET = UUID(int=1)


def test_failures_count_while_others_are_answered() -> None:
    failing = FailingTargets()
    for answers in range(HOPELESS):
        assert failing.is_repeated(TARGET) == (answers >= 2)
        assert not failing.is_hopeless(TARGET)
        failing.failed(TARGET, KEY, answers)
    assert failing.is_hopeless(TARGET)
    failing.forget(TARGET)
    assert not failing.is_repeated(TARGET)


def test_an_outage_is_one_failure() -> None:
    failing = FailingTargets()
    for _ in range(3 * HOPELESS):
        failing.failed(TARGET, KEY, 7)
    failing.failed(TARGET, KEY, 0)  # the key was forgotten meanwhile
    assert not failing.is_repeated(TARGET)


def test_another_key_is_another_story() -> None:
    failing = FailingTargets()
    for answers in range(HOPELESS):
        failing.failed(TARGET, GateKey(Provider.OPENAI, (UUID(int=9), answers)), answers)
    assert not failing.is_repeated(TARGET)


def test_a_defect_is_borne_three_times() -> None:
    failing = FailingTargets()
    assert [failing.is_defective(TARGET) for _ in range(4)] == [False, False, True, False]


def test_only_the_latest_are_remembered() -> None:
    failing = FailingTargets(remembered=2)
    for number in (1, 2, 1, 3, 1):
        failing.failed(UUID(int=number), KEY, number)
        failing.failed(UUID(int=number), KEY, number + 10)
        failing.is_defective(UUID(int=number))
    assert [failing.is_repeated(UUID(int=number)) for number in (1, 2, 3)] == [True, False, True]
    assert failing.is_defective(UUID(int=2)) is False
