"""Keys that their provider refuses, and the evaluations that stop with them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from assay.adapters.sql import BootstrapResult, SqlRegistry, provider_key_use
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.provider_keys import EvaluationBrief, KeyCheck, KeyReport, KeyState, ProviderKey
from assay.ports import Registry
from tests.stores.registry.provider_keys import REFUSED, judge, judging_with, seen, store
from tests.stores.registry.support import spec

OK = KeyCheck(state=KeyState.OK)
OUT_OF_CREDIT = KeyCheck(state=KeyState.ERROR, error_message="No credit.")


async def unpinned(registry: Registry, provider: Provider | None, project: int = 1) -> Evaluation:
    """An active judge without a key of its own."""
    model = None if provider is None else ModelConfiguration(provider=provider, model="m")
    sent = spec(enabled=True, model_configuration=model, name=f"Of {provider}")
    return await registry.evaluations.create(project, sent, created_by=None)


async def statuses(registry: Registry, *evaluations: Evaluation) -> list[str]:
    found = [await seen(registry, each) for each in evaluations]
    return [each.status_reason or each.status for each in found]


def brief(evaluation: Evaluation) -> EvaluationBrief:
    return EvaluationBrief(id=evaluation.id, name=evaluation.name, enabled=False)


async def state_of(registry: Registry, key: ProviderKey) -> KeyState:
    found = await registry.provider_keys.get(key.project_id, key.id)
    assert found is not None
    return found.state


async def test_a_refused_key_stops_the_judges_that_name_it(registry: Registry) -> None:
    key, other = await store(registry), await store(registry)
    named, second = await judge(registry, key, name="One"), await judge(registry, key, name="Two")
    paused, hidden = await judge(registry, key, enabled=False), await judge(registry, key, deleted=True)
    program = await judge(registry, key, evaluation_type="hog", evaluation_config={"source": "return true"})
    untouched = [await judge(registry, other), await unpinned(registry, key.provider), program]

    report = await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    assert report == KeyReport(told=True, stopped=(brief(named), brief(second)))
    assert await state_of(registry, key) is KeyState.INVALID
    assert await statuses(registry, named, second, hidden) == [StatusReason.PROVIDER_KEY_INVALID] * 3
    assert await statuses(registry, paused) == [EvaluationStatus.PAUSED]
    assert [await seen(registry, each) for each in untouched] == untouched
    for each in (named, second):
        now = await seen(registry, each)
        assert (now.enabled, now.active_since, now.version) == (False, None, each.version)
        assert now.updated_at > each.updated_at


async def test_the_active_key_also_stops_those_that_fall_back_on_it(registry: Registry) -> None:
    key, own = await store(registry, active=True), await store(registry)
    other = (await registry.access.create_project("Other")).id
    falling = [await unpinned(registry, key.provider), await unpinned(registry, None)]
    others = [
        await unpinned(registry, Provider.GEMINI),
        await judge(registry, own),
        await unpinned(registry, key.provider, other),
        await unpinned(registry, None, other),
    ]

    report = await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    assert report.stopped == tuple(map(brief, falling))
    assert await statuses(registry, *falling) == [StatusReason.PROVIDER_KEY_INVALID] * 2
    assert [await seen(registry, each) for each in others] == others


async def test_of_many_who_meet_the_refusal_one_stops_the_evaluation(
    registry: Registry, second: Registry
) -> None:
    key = await store(registry)
    named = await judge(registry, key)

    reports = await asyncio.gather(
        *(
            each.provider_keys.report(1, key.id, REFUSED, version=1)
            for _ in range(5)
            for each in (registry, second)
        )
    )

    assert [report.told for report in reports] == [True] * 10
    assert [report.stopped for report in reports if report.stopped] == [(brief(named),)]


async def test_a_second_report_changes_nothing(registry: Registry) -> None:
    key = await store(registry)
    await registry.provider_keys.report(1, key.id, REFUSED, version=1)
    marked = await registry.provider_keys.get(1, key.id)
    enabled = await judge(registry, key)

    again = await registry.provider_keys.report(1, key.id, REFUSED, version=1)

    assert again == KeyReport(told=True)
    assert await seen(registry, enabled) == enabled
    assert await registry.provider_keys.get(1, key.id) == marked
    for check in (OK, OUT_OF_CREDIT):
        assert await registry.provider_keys.report(1, key.id, check, version=1) == KeyReport(told=False)


async def test_a_report_of_an_older_version_stops_nothing(registry: Registry) -> None:
    key = await store(registry)
    named = await judge(registry, key)
    await registry.provider_keys.recheck(1, key.id, OK, version=1)

    assert await registry.provider_keys.report(1, key.id, REFUSED, version=1) == KeyReport(told=False)

    assert await state_of(registry, key) is KeyState.OK
    assert await seen(registry, named) == named


async def test_an_empty_account_stops_nothing(registry: Registry) -> None:
    key = await store(registry, active=True)
    judges = [await judge(registry, key), await unpinned(registry, None)]

    report = await registry.provider_keys.report(1, key.id, OUT_OF_CREDIT, version=1)

    assert report == KeyReport(told=True)
    assert [await seen(registry, each) for each in judges] == judges


async def test_a_check_that_was_asked_for_stops_as_well_but_once(registry: Registry) -> None:
    key = await store(registry, active=True)
    named, falling = await judge(registry, key), await unpinned(registry, None)

    checked = await registry.provider_keys.recheck(1, key.id, REFUSED, version=1)

    assert checked is not None
    assert (checked.key.state, checked.key.version) == (KeyState.INVALID, 2)
    assert checked.stopped == (brief(named), brief(falling))

    # Enabled all the same, it judges on the operator's key: another look at the project's changes nothing.
    again = await registry.evaluations.update(
        1, falling.id, lambda current: current.model_copy(update={"enabled": True})
    )
    checked = await registry.provider_keys.recheck(1, key.id, REFUSED, version=2)
    assert checked is not None
    assert checked.stopped == ()
    assert await seen(registry, falling) == again


async def test_the_key_and_its_evaluations_change_together_or_not_at_all(
    blank: SqlRegistry, start: BootstrapResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await store(blank)
    named = await judge(blank, key)

    async def power_cut(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(provider_key_use, "stop", power_cut)
        with pytest.raises(RuntimeError):
            await blank.provider_keys.report(1, key.id, REFUSED, version=1)

    assert await state_of(blank, key) is KeyState.OK
    assert await seen(blank, named) == named
    assert (await blank.provider_keys.report(1, key.id, REFUSED, version=1)).stopped == (brief(named),)


async def test_enabling_and_a_refusal_at_once_leave_no_judge_that_nobody_told_about(
    registry: Registry, second: Registry
) -> None:
    """Whichever comes first: it is stopped and told about, or it was enabled with a key known to be refused."""
    for _ in range(6):
        key = await store(registry)
        named = await judge(registry, key, enabled=False)

        enabled, report = await asyncio.gather(
            second.evaluations.update(1, named.id, lambda _, key=key: judging_with(key, enabled=True)),  # type: ignore[misc]
            registry.provider_keys.report(1, key.id, REFUSED, version=1),
        )

        assert enabled is not None
        stopped = (await seen(registry, named)).status_reason is StatusReason.PROVIDER_KEY_INVALID
        assert report.stopped == ((brief(named),) if stopped else ())
        assert stopped or await seen(registry, named) == enabled
