"""Embeddings that work at once, without a download: averages of fixed vectors of word pieces.

The vectors and the tokenizer are WordLlama's (MIT), which its package holds; its own loader looks for the
tokenizer in another folder and wants to download it, so both files are read here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from assay.contracts.embeddings import KeepVectors, Vectors
from assay.errors import SetupError

_WEIGHTS: Final = "wordllama/weights/l2_supercat_256.safetensors"
_TOKENIZER: Final = "wordllama/tokenizers/l2_supercat_tokenizer_config.json"

_MAX_CHARACTERS: Final = 20_000
"""Of one text; what follows would move an average of some five thousand word pieces no more."""

_AT_ONCE: Final = 512
"""Texts whose word pieces are in memory together."""


class StaticEmbeddings:
    """`assay.ports.EmbeddingModel` with 256 dimensions; the files are read when it is first used."""

    name = "wordllama-l2-supercat-256"
    is_third_party = False

    def __init__(self) -> None:
        self._loading = Lock()

    async def embed(self, project_id: int, texts: Mapping[str, str], keep: KeepVectors) -> None:
        """Make the vectors of texts, which are the same for all projects; see `vectors`."""
        if texts:
            made = await asyncio.to_thread(self.vectors, list(texts.values()))
            await keep(dict(zip(texts, made, strict=True)))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, in their order; blocks, and is safe to call from any thread.

        Raises:
            SetupError: the model's files are not installed.
        """
        with self._loading:
            tokenizer, weights = self._model
        found = np.zeros((len(texts), weights.shape[1]), dtype=np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            batch = [_encodable(text) for text in texts[start : start + _AT_ONCE]]
            for offset, encoded in enumerate(tokenizer.encode_batch_fast(batch, add_special_tokens=False)):
                if encoded.ids:
                    found[start + offset] = weights[encoded.ids].mean(axis=0, dtype=np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.divide(found, lengths, out=found, where=lengths > 0)

    @cached_property
    def _model(self) -> tuple[Any, NDArray[np.float16]]:
        tokenizer = Tokenizer.from_file(str(_packaged(_TOKENIZER)))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        [weights] = load_file(_packaged(_WEIGHTS)).values()
        return tokenizer, weights


def _encodable(text: str) -> str:
    """The beginning of a text; lone surrogates, which the tokenizer cannot take, become question marks."""
    return text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()


def _packaged(name: str) -> Path:
    """A file of the installed package, which is not imported.

    Raises:
        SetupError: it is not there.
    """
    try:
        path = Path(str(distribution("wordllama").locate_file(name)))
    except PackageNotFoundError:
        path = Path(name)
    if not path.is_file():
        raise SetupError(f"The embedding model is not installed completely: {path.name} is missing.")
    return path
