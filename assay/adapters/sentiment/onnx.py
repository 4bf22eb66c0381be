"""A sentiment model of the operator's, in ONNX: `assay[onnx]`.

It runs in a process that computes, and not in a thread: its weights (500 MB for a RoBERTa) go with the
process when nobody needs them, and neither a crash of native code nor a lack of memory ends the engine.
onnxruntime uses all processors for one batch, so a pool of one process is as fast as any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from itertools import batched, chain
from typing import Final

from assay.adapters.compute import ComputeProcesses
from assay.adapters.sentiment.onnx_files import find_model, fingerprint
from assay.adapters.sentiment.onnx_session import classify_with
from assay.contracts.sentiment import SentimentScores
from assay.domain.together import all_of

_AT_ONCE: Final = 256
"""Texts in a call, which are sorted by length and run by 32."""


class OnnxSentiment:
    """`assay.ports.SentimentModel` on a classifier with three labels.

    Args:
        compute: where it runs; a pool of its own, with one process.
        model: a folder with `model.onnx`, `tokenizer.json` and `config.json`, or the id of a repository on
            the Hugging Face hub that has them, `owner/name` or `owner/name@revision`, which is downloaded
            once.
    """

    backend = "onnx"
    is_third_party = False

    def __init__(self, compute: ComputeProcesses, model: str) -> None:
        self._compute = compute
        self._model = model
        self._found: tuple[str, str] | None = None
        self._finding = asyncio.Lock()

    @cached_property
    def name(self) -> str:
        """See `SentimentModel.name`: the hub's id, or the folder's name and what is in it.

        What is in the folder later is another model, and is not used under this name.

        Raises:
            SetupError: the folder has not all files.
        """
        return fingerprint(self._model)

    def portions(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        """See `SentimentModel.portions`: all together."""
        return [texts]

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        """See `SentimentModel.classify`.

        Raises:
            SetupError: the model is not there, not the one that the name was made of, or none with three
                labels; or onnxruntime is not installed.
            ComputeUnavailable: the process that computed ended.
        """
        async with self._finding:
            # In this process, whose environment has the hub's token and the way to it.
            if self._found is None:
                self._found = await asyncio.to_thread(self._find)
            folder, content = self._found
        calls = (
            self._compute.run(classify_with, folder, content, list(batch))
            for batch in batched(texts, _AT_ONCE)
        )
        return list(chain.from_iterable(await all_of(calls)))

    def _find(self) -> tuple[str, str]:
        """The folder, and the fingerprint of what is to be in it."""
        folder = str(find_model(self._model))
        is_of_hub = self.name == self._model
        return folder, fingerprint(folder) if is_of_hub else self.name
