"""The language model on the operator's own access, its slow import begun early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.llm import LiteLLM
from assay.runtime.house import House
from assay.runtime.settings import prepare_environment_for_litellm


@asynccontextmanager
async def house_model(house: House) -> AsyncIterator[tuple[LiteLLM, asyncio.Task[None] | None]]:
    """The model for the length of the block.

    litellm takes three seconds to import. Where there is access to a model it is imported beside the rest of
    the start, so that the first verdict does not wait for it.

    Yields:
        The model, and the task that imports litellm; None where no provider could be asked anyway.
    """
    prepare_environment_for_litellm()
    model = LiteLLM(house)
    warming = asyncio.create_task(asyncio.to_thread(model.warm_up)) if house else None
    try:
        yield model, warming
    finally:
        if warming is not None:
            await asyncio.wait([warming])
