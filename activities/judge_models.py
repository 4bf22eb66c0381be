"""Which model judges, and on whose key: the project's own, or the operator's as a trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from activities.notices import evaluation_stopped
from assay.contracts.evaluations import ModelConfiguration, Provider, StatusReason
from assay.contracts.provider_keys import KeyCheck, KeyState, OpenedKey, ProviderAccess, ProviderKey
from assay.domain.judging import DEFAULT_MODELS, TRIAL_MODELS, is_trial_model
from assay.domain.provider_keys import is_usable
from assay.errors import ProviderAuthenticationFailed, QuotaExceeded, StoreUnavailable, WorkError
from assay.ports import LanguageModel, Registry

log = structlog.get_logger(__name__)

KEY_NOT_OK = "provider_key_not_ok"
"""Why nobody was asked: the key that is configured was refused before, or never checked."""

_STATE_AFTER = {
    ProviderAuthenticationFailed: KeyState.INVALID,
    QuotaExceeded: KeyState.ERROR,
}
"""What a failed call says about the key it was made with. Rate limits, outages and forbidden
requests (403: one model, one text) say nothing."""

KEY_FAULTS = tuple(_STATE_AFTER)
"""The failures that are the key's."""


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """A model that can be asked.

    Attributes:
        own_key: the project's key; None: the operator's, which counts as a trial.
    """

    provider: Provider
    model: str
    own_key: OpenedKey | None = field(default=None, repr=False)

    @property
    def access(self) -> ProviderAccess | None:
        """What to ask with; None: the operator's access."""
        return None if self.own_key is None else self.own_key.access


@dataclass(frozen=True, slots=True)
class NoModel:
    """There is nobody to ask.

    Attributes:
        reason: word that the run shows.
        stops: set when the evaluation cannot go on as it is configured.
    """

    reason: str
    stops: StatusReason | None = None

    @classmethod
    def stopping(cls, reason: StatusReason) -> NoModel:
        """Nobody to ask, and there will be nobody until the configuration changes."""
        return cls(reason.value, reason)


class JudgeModels:
    """Finds the model for a judge. Keys are decrypted here, inside an activity, and stay in memory."""

    def __init__(self, registry: Registry, model: LanguageModel) -> None:
        self._keys = registry.provider_keys
        self._config = registry.evaluation_config
        self._model = model

    async def choose(self, project_id: int, configured: ModelConfiguration | None) -> JudgeModel | NoModel:
        """The model to ask.

        The configured key; else the project's active one, if it is for the configured provider; else the
        operator's access, for models that a trial may use. Without a configuration, the default model of
        the active key's provider, or of the first provider that the operator has access to.

        Raises:
            ProviderKeyUnreadable: the key cannot be decrypted here.
        """
        if configured is not None and configured.provider_key_id is not None:
            key = await self._keys.open(project_id, configured.provider_key_id)
            if key is None:  # deleted this very moment
                return NoModel.stopping(StatusReason.PROVIDER_KEY_DELETED)
            if not is_usable(key.key, datetime.now(UTC)):
                refused = key.key.state is KeyState.INVALID  # and the evaluation was enabled all the same
                return NoModel(KEY_NOT_OK, StatusReason.PROVIDER_KEY_INVALID if refused else None)
            return await self._on_key(key, configured)
        active = await self._config.open_active_key(project_id)
        if active is not None and (configured is None or configured.provider is active.key.provider):
            return await self._on_key(active, configured)
        return self._on_trial(configured)

    async def choose_for_all(self, project_id: int, provider: Provider, model: str) -> JudgeModel | None:
        """A model that the operator has chosen for all projects; whether a trial may use it does not count.

        On the active key of the project; on the operator's access only for a project that has chosen no key.
        None: the key is for another provider or not usable now, or the operator has no access.

        Raises:
            ProviderKeyUnreadable: the key cannot be decrypted here.
        """
        active = await self.active_key(project_id)
        if active is None:
            return JudgeModel(provider, model) if self._model.offers(provider) else None
        key = await self._config.open_active_key(project_id)
        if key is None or key.key.provider is not provider:  # it may be another by now
            return None
        return await self._on_key(key, ModelConfiguration(provider=provider, model=model))

    async def active_key(self, project_id: int) -> ProviderKey | None:
        """The key that a project has chosen, usable or not."""
        return (await self._config.get(project_id)).active_provider_key

    async def blame(self, chosen: JudgeModel, fault: WorkError) -> bool:
        """Record that a provider refuses the key, if it is a project's own, and tell what that stopped.

        Args:
            fault: one of `KEY_FAULTS`.

        Returns:
            Whether the failure is told of the key as it is stored now; if not, it is worth another try.
        """
        if chosen.own_key is None:
            return False
        key = chosen.own_key.key
        state = next(state for kind, state in _STATE_AFTER.items() if isinstance(fault, kind))
        check = KeyCheck(state=state, error_message=fault.detail)
        report = await self._keys.report(key.project_id, key.id, check, version=key.version)
        for stopped in report.stopped:
            evaluation_stopped(key.project_id, stopped, StatusReason.PROVIDER_KEY_INVALID)
        return report.told

    async def absolve(self, chosen: JudgeModel) -> None:
        """Record that a project's key in the state `error` works again, after a call that succeeded with it.

        A store that is away is no reason to lose the answer: the next call with the key records it.
        """
        if chosen.own_key is None or chosen.own_key.key.state is not KeyState.ERROR:
            return
        key = chosen.own_key.key
        try:
            await self._keys.report(key.project_id, key.id, KeyCheck(state=KeyState.OK), version=key.version)
        except StoreUnavailable:
            log.warning("provider key not absolved", provider_key_id=str(key.id))

    async def _on_key(self, key: OpenedKey, configured: ModelConfiguration | None) -> JudgeModel:
        await self._keys.record_use(key.key)
        provider = key.key.provider
        return JudgeModel(provider, configured.model if configured else DEFAULT_MODELS[provider], key)

    def _on_trial(self, configured: ModelConfiguration | None) -> JudgeModel | NoModel:
        offered = [provider for provider in DEFAULT_MODELS if self._model.offers(provider)]
        if configured is None:
            if not offered:
                return NoModel.stopping(StatusReason.PROVIDER_KEY_REQUIRED)
            return JudgeModel(offered[0], DEFAULT_MODELS[offered[0]])
        if configured.provider not in offered:
            return NoModel.stopping(StatusReason.PROVIDER_KEY_REQUIRED)
        # An operator who names an address of their own has a gateway there, which knows what it serves.
        listed = is_trial_model(configured.provider, configured.model, TRIAL_MODELS)
        if self._model.is_public(configured.provider) and not listed:
            return NoModel.stopping(StatusReason.MODEL_NOT_ALLOWED)
        return JudgeModel(configured.provider, configured.model)
