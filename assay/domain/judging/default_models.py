"""Which model judges when an evaluation names none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assay.contracts.evaluations import Provider

DEFAULT_MODELS: Mapping[Provider, str] = MappingProxyType(
    {
        Provider.OPENAI: "gpt-5-mini",
        Provider.ANTHROPIC: "claude-haiku-4-5",
        Provider.GEMINI: "gemini-2.5-flash",
        Provider.OPENROUTER: "openai/gpt-5-mini",
        Provider.FIREWORKS: "accounts/fireworks/models/gpt-oss-20b",
        # a deployment's name is the customer's choice; most are named like their model
        Provider.AZURE_OPENAI: "gpt-5-mini",
        Provider.TOGETHER_AI: "openai/gpt-oss-120b",
    }
)
"""A small, cheap model with structured output per provider, in the order in which providers are preferred."""
