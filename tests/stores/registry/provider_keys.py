"""Provider keys for tests of the registry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import SecretStr

from assay.contracts.evaluations import Evaluation, EvaluationSpec, ModelConfiguration, Provider
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess, ProviderKey
from assay.ports import Registry
from tests.stores.registry.support import spec

SECRET = "sk-proj-a-secret-that-must-not-be-seen"
NEW_SECRET = "sk-proj-another-one-altogether"

REFUSED = KeyCheck(state=KeyState.INVALID, error_message="Incorrect API key.", error_field="api_key")
"""What a provider says of a key that it does not take."""


def access(provider: Provider = Provider.OPENAI, secret: str = SECRET, **azure: str) -> ProviderAccess:
    return ProviderAccess(provider=provider, api_key=SecretStr(secret), **azure)


async def store(
    registry: Registry, *, project: int = 1, name: str = "Key", active: bool = False, **fields: Any
) -> ProviderKey:
    return await registry.provider_keys.create(
        project, name, access(**fields), created_by=None, set_as_active=active
    )


async def secret_of(registry: Registry, key: ProviderKey) -> str:
    opened = await registry.provider_keys.open(key.project_id, key.id)
    assert opened is not None
    return opened.access.api_key.get_secret_value()


async def active_key(registry: Registry, project: int = 1) -> UUID | None:
    active = (await registry.evaluation_config.get(project)).active_provider_key
    return None if active is None else active.id


def judging_with(key: ProviderKey, **changes: Any) -> EvaluationSpec:
    model = ModelConfiguration(provider=key.provider, model="m", provider_key_id=key.id)
    return spec(model_configuration=model, **changes)


async def judge(registry: Registry, key: ProviderKey, *, enabled: bool = True, **changes: Any) -> Evaluation:
    sent = judging_with(key, enabled=enabled, **changes)
    return await registry.evaluations.create(key.project_id, sent, created_by=None)


async def seen(registry: Registry, evaluation: Evaluation) -> Evaluation:
    found = await registry.evaluations.get(evaluation.project_id, evaluation.id, include_deleted=True)
    assert found is not None
    return found


def key_of(evaluation: Evaluation) -> UUID | None:
    assert evaluation.model_configuration is not None
    return evaluation.model_configuration.provider_key_id
