"""Evaluations that judge with provider keys, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import uuid4

import pytest

from assay.adapters.sql import BootstrapResult, SqlRegistry
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.contracts.lists import ListQuery
from assay.contracts.provider_keys import (
    KeyRemoval,
    ProviderKey,
    ProviderKeyChange,
)
from assay.errors import FieldError, NotPossible
from assay.ports import Registry
from tests.stores.registry.provider_keys import (
    REFUSED,
    active_key,
    judge,
    judging_with,
    key_of,
    seen,
    store,
)
from tests.stores.registry.support import spec


async def test_an_evaluation_shows_the_name_of_its_key(registry: Registry) -> None:
    key = await store(registry, name="Production")
    evaluation = await judge(registry, key)
    assert evaluation.model_configuration is not None
    assert evaluation.model_configuration.provider_key_name == "Production"

    await registry.provider_keys.change(1, key.id, ProviderKeyChange(name="Renamed"))

    found = (await seen(registry, evaluation)).model_configuration
    assert found is not None
    assert (found.provider_key_id, found.provider_key_name) == (key.id, "Renamed")


async def test_a_key_must_be_of_the_project_and_the_provider(registry: Registry) -> None:
    other = (await registry.access.create_project("Other")).id
    foreign = await store(registry, project=other)
    anthropic = await store(registry, provider=Provider.ANTHROPIC, secret="sk-ant-1")
    evaluation = await registry.evaluations.create(1, spec(), created_by=None)

    for key_id in (uuid4(), foreign.id, anthropic.id):
        model = ModelConfiguration(provider=Provider.OPENAI, model="m", provider_key_id=key_id)
        sent = spec(model_configuration=model)
        with pytest.raises(FieldError) as refused:
            await registry.evaluations.create(1, sent, created_by=None)
        assert refused.value.attr == "model_configuration__provider_key_id"
        with pytest.raises(FieldError) as refused:
            await registry.evaluations.update(1, evaluation.id, lambda _, sent=sent: sent)  # type: ignore[misc]
        assert refused.value.attr == "model_configuration__provider_key_id"
    assert await seen(registry, evaluation) == evaluation


async def test_who_pays_does_not_make_a_version(registry: Registry) -> None:
    key = await store(registry)
    model = ModelConfiguration(provider=key.provider, model="m")
    evaluation = await registry.evaluations.create(1, spec(model_configuration=model), created_by=None)

    changed = await registry.evaluations.update(1, evaluation.id, lambda _: judging_with(key))

    assert changed is not None
    assert (changed.version, key_of(changed)) == (1, key.id)


async def test_deleting_a_key_stops_what_is_active_and_nothing_else(
    blank: SqlRegistry, start: BootstrapResult
) -> None:
    key, other = await store(blank, active=True), await store(blank)
    active, paused, broken = (
        await judge(blank, key, enabled=True),
        await judge(blank, key, enabled=False),
        await judge(blank, key, enabled=True),
    )
    await blank.evaluations.fail(1, broken.id, StatusReason.HOG_ERROR)
    program = await judge(
        blank, key, evaluation_type="hog", evaluation_config={"source": "return true"}, name="Program"
    )
    hidden = await judge(blank, key, deleted=True)
    untouched = await judge(blank, other)

    removal = await blank.provider_keys.delete(1, key.id)
    assert removal is not None
    assert [(brief.id, brief.name, brief.enabled) for brief in removal.stopped] == [
        (active.id, active.name, False)
    ]
    assert await blank.provider_keys.delete(1, key.id) is None

    stopped, still_paused, still_broken = [await seen(blank, each) for each in (active, paused, broken)]
    assert (stopped.status, stopped.status_reason) == (
        EvaluationStatus.ERROR,
        StatusReason.PROVIDER_KEY_DELETED,
    )
    assert stopped.enabled is False
    assert (still_paused.status, still_paused.status_reason) == (EvaluationStatus.PAUSED, None)
    assert still_broken.status_reason is StatusReason.HOG_ERROR
    assert (await seen(blank, program)).status is EvaluationStatus.ACTIVE  # it needs no key
    assert (await seen(blank, hidden)).status_reason is StatusReason.PROVIDER_KEY_DELETED
    for each in (stopped, still_paused, still_broken):
        model = each.model_configuration
        assert model is not None
        assert (model.provider, model.model, model.provider_key_id) == (key.provider, "m", None)
        assert each.version == 1
    assert await seen(blank, untouched) == untouched
    assert await active_key(blank) is None


async def test_a_replacement_takes_everything_over(registry: Registry) -> None:
    key, heir = await store(registry, active=True), await store(registry, name="Heir")
    evaluation = await judge(registry, key)
    hidden = await judge(registry, key, deleted=True)

    assert await registry.provider_keys.delete(1, key.id, replacement_id=heir.id)

    for each in (evaluation, hidden):
        found = await seen(registry, each)
        assert (found.status, key_of(found)) == (EvaluationStatus.ACTIVE, heir.id)
    assert await active_key(registry) == heir.id


async def test_a_replacement_that_is_not_ok_does_not_become_the_active_key(registry: Registry) -> None:
    key, heir = await store(registry, active=True), await store(registry)
    await registry.provider_keys.report(1, heir.id, REFUSED, version=1)

    await registry.provider_keys.delete(1, key.id, replacement_id=heir.id)

    assert await active_key(registry) is None


async def test_what_cannot_replace_a_key(registry: Registry) -> None:
    key = await store(registry)
    evaluation = await judge(registry, key)
    anthropic = await store(registry, provider=Provider.ANTHROPIC, secret="sk-ant-1")
    foreign = await store(registry, project=(await registry.access.create_project("Other")).id)

    for candidate in (uuid4(), key.id, anthropic.id, foreign.id):
        with pytest.raises(NotPossible):
            await registry.provider_keys.delete(1, key.id, replacement_id=candidate)
    assert await seen(registry, evaluation) == evaluation


async def test_deleting_and_attaching_at_once_leaves_no_active_judge_without_a_key(
    registry: Registry, second: Registry
) -> None:
    """Whichever comes first: the key is refused, or the evaluation is told that it lost it."""
    for _ in range(6):
        key = await store(registry)
        evaluation = await registry.evaluations.create(1, spec(enabled=True), created_by=None)

        async def attach(to: Evaluation, key: ProviderKey) -> None:
            with contextlib.suppress(FieldError):
                await second.evaluations.update(1, to.id, lambda _: judging_with(key, enabled=True))

        async def create(key: ProviderKey) -> Evaluation | None:
            try:
                return await judge(second, key)
            except FieldError:
                return None

        _, made, deleted = await asyncio.gather(
            attach(evaluation, key), create(key), registry.provider_keys.delete(1, key.id)
        )

        assert deleted is not None
        for each in filter(None, (evaluation, made)):
            found = await seen(registry, each)
            attached = found.model_configuration is not None
            assert (found.status is EvaluationStatus.ERROR) is attached
            assert not attached or key_of(found) is None


async def test_two_deletions_at_once(registry: Registry, second: Registry) -> None:
    key, heir = await store(registry), await store(registry)
    evaluation = await judge(registry, key)

    done = await asyncio.gather(
        registry.provider_keys.delete(1, key.id, replacement_id=heir.id),
        second.provider_keys.delete(1, heir.id, replacement_id=key.id),
        return_exceptions=True,
    )

    # One goes first; the other then lacks its replacement. The evaluation is on the key that is left.
    assert {type(each) for each in done} == {NotPossible, KeyRemoval}
    _, [left] = await registry.provider_keys.list(1, ListQuery())
    assert key_of(await seen(registry, evaluation)) == left.id


async def test_dependents_and_alternatives(registry: Registry) -> None:
    key, usable, refused = [await store(registry, name=name) for name in ("Key", "Usable", "Refused")]
    await store(registry, provider=Provider.ANTHROPIC, secret="sk-ant-1")
    await registry.provider_keys.report(1, refused.id, REFUSED, version=1)
    using = await judge(registry, key, name="Uses it")
    await judge(registry, key, deleted=True)
    await judge(registry, usable)

    found = await registry.provider_keys.dependents(1, key.id)

    assert found is not None
    assert [(brief.id, brief.name, brief.enabled) for brief in found.evaluations] == [
        (using.id, "Uses it", True)
    ]
    assert [alternative.id for alternative in found.alternatives] == [usable.id]


async def test_a_key_is_given_to_judges_of_its_provider(registry: Registry) -> None:
    key = await store(registry)

    async def evaluation(provider: Provider | None = key.provider, **changes: Any) -> Evaluation:
        model = None if provider is None else ModelConfiguration(provider=provider, model="m")
        sent = spec(model_configuration=model, **changes)
        return await registry.evaluations.create(1, sent, created_by=None)

    paused, broken, active = (
        await evaluation(),
        await evaluation(enabled=True),
        await evaluation(enabled=True),
    )
    await registry.evaluations.fail(1, broken.id, StatusReason.TRIAL_LIMIT_REACHED)
    others = [await evaluation(Provider.GEMINI), await evaluation(None), await evaluation(deleted=True)]
    ids = [each.id for each in (paused, broken, active, *others)] + [uuid4()]
    assert {brief.id for brief in await registry.provider_keys.on_trial(1, key.provider, limit=50)} == {
        paused.id,
        broken.id,
        active.id,
    }

    first = await registry.provider_keys.assign(1, key.id, ids, enable=False)

    assert first is not None
    assert (first.assigned, first.enabled) == (3, 0)
    now = [await seen(registry, each) for each in (paused, broken, active)]
    assert [each.status for each in now] == ["paused", "paused", "active"]
    assert [(key_of(each), each.status_reason, each.version) for each in now] == [(key.id, None, 1)] * 3
    assert [await seen(registry, each) for each in others] == others
    assert await registry.provider_keys.on_trial(1, key.provider, limit=50) == []

    second = await registry.provider_keys.assign(1, key.id, ids, enable=True)

    assert second is not None
    assert (second.assigned, second.enabled) == (3, 2)
    assert {(await seen(registry, each)).status for each in now} == {EvaluationStatus.ACTIVE}
