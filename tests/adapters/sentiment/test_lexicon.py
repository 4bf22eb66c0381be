"""The lexicon model, in its processes."""

from __future__ import annotations

import asyncio

import pytest

from assay.adapters.compute import ComputeProcesses
from assay.adapters.sentiment import LexiconSentiment
from assay.domain.sentiment.classifier import classify
from assay.errors import ComputeUnavailable


async def test_texts_come_back_in_order_as_they_are_classified_here() -> None:
    compute = ComputeProcesses(processes=2)
    texts = [f"{'good' if at % 3 else 'terrible'} {at} \ud800" for at in range(2500)]
    try:
        model = LexiconSentiment(compute)
        assert (model.backend, model.is_third_party) == ("lexicon", False)
        assert await model.classify(1, texts) == classify(texts)
        assert await model.classify(1, []) == []
        assert len(compute.pids) == 2
    finally:
        await compute.close()


async def test_the_loop_stays_free_meanwhile() -> None:
    compute = ComputeProcesses(processes=1)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    try:
        await LexiconSentiment(compute).classify(1, ["a good day"] * 5000)
    finally:
        counting.cancel()
        await compute.close()
    assert turns > 100


async def test_a_pool_that_is_closed_says_so_once() -> None:
    compute = ComputeProcesses(processes=2)
    call = asyncio.create_task(LexiconSentiment(compute).classify(1, ["a good day"] * 20_000))
    await asyncio.sleep(0.05)
    await compute.close()
    with pytest.raises(ComputeUnavailable):
        await call
