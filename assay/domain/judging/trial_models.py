"""Which models a project may judge with on the operator's own key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assay.contracts.evaluations import Provider

TrialModels = Mapping[Provider, tuple[str, ...]]
"""Names of models per provider, in the order in which they are offered. A provider that is missing has no
list: what its key may be used for is then for the operator and the provider to decide."""

TRIAL_MODELS: TrialModels = MappingProxyType(
    {
        Provider.OPENAI: (
            "gpt-5-mini",
            "gpt-5-nano",
            "gpt-5",
            "gpt-4.1",
            "gpt-4.1-mini",
            "gpt-4.1-nano",
            "gpt-4o",
            "gpt-4o-mini",
            "o4-mini",
            "o3",
        ),
        Provider.ANTHROPIC: ("claude-haiku-4-5", "claude-sonnet-4-5"),
        Provider.GEMINI: ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro"),
    }
)
"""Models with structured output whose price per verdict an operator can bear."""


def is_trial_model(provider: Provider, model: str, allowed: TrialModels) -> bool:
    """Whether the operator's key may be used for a model."""
    return provider not in allowed or model in allowed[provider]
