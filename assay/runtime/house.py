"""The operator's own ("house") model access, from the settings."""

from __future__ import annotations

from collections.abc import Mapping

from assay.adapters.llm import HouseAccess
from assay.contracts.evaluations import Provider
from assay.runtime.settings import HouseSettings

House = Mapping[Provider, HouseAccess]
"""Access per provider."""


def house_access(settings: HouseSettings) -> House:
    """Access per provider that has a key in the environment."""
    access: dict[Provider, HouseAccess] = {}
    for provider in Provider:
        key = getattr(settings, f"{provider}_api_key")
        if key is not None:
            access[provider] = HouseAccess(
                api_key=key,
                base_url=getattr(settings, f"{provider}_base_url"),
                api_version=getattr(settings, f"{provider}_api_version", None),
            )
    return access


def base_urls(settings: HouseSettings) -> Mapping[Provider, str]:
    """The operator's own addresses of providers; each serves projects' keys too, house key or not."""
    found = {provider: getattr(settings, f"{provider}_base_url") for provider in Provider}
    return {provider: url for provider, url in found.items() if url is not None}
