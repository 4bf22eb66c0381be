"""Model providers that say what a test wants them to say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess
from assay.domain.provider_keys import azure_endpoint_problem, key_format_problem

OK = KeyCheck(state=KeyState.OK)
REFUSED = KeyCheck(state=KeyState.INVALID, error_message="The key is wrong.", error_field="api_key")


class ScriptedProviders:
    """`assay.ports.ProviderDirectory` without a network: keys that look right are taken.

    Attributes:
        answers: what to say about a secret instead.
        listed: the models of every key.
        checked: what was asked about, oldest first.
        meanwhile: done while a check is under way.
    """

    def __init__(self) -> None:
        self.answers: dict[str, KeyCheck] = {}
        self.listed: list[str] = []
        self.checked: list[ProviderAccess] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    def endpoint_problem(self, url: str) -> str | None:
        return azure_endpoint_problem(url)

    async def check(self, access: ProviderAccess) -> KeyCheck:
        self.checked.append(access)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        if access.azure_endpoint is not None and (problem := azure_endpoint_problem(access.azure_endpoint)):
            return KeyCheck(state=KeyState.INVALID, error_message=problem, error_field="azure_endpoint")
        if problem := key_format_problem(access.provider, access.api_key.get_secret_value()):
            return KeyCheck(state=KeyState.INVALID, error_message=problem, error_field="api_key")
        return self.answers.get(access.api_key.get_secret_value(), OK)

    async def models(self, access: ProviderAccess) -> list[str]:
        self.checked.append(access)
        return self.listed
