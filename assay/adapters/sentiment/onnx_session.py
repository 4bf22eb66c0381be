"""Classifying with an ONNX model; runs in a process that computes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assay.adapters.sentiment.onnx_files import fingerprint, graph_of
from assay.contracts.sentiment import SentimentLabel, SentimentScores
from assay.domain.sentiment.classifier import NEUTRAL
from assay.errors import SetupError

_BATCH: Final = 32
_TOKENS: Final = 512
_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")


def classify_with(folder: str, content: str, texts: Sequence[str]) -> list[SentimentScores]:
    """The scores of texts, in their order; those of blank texts are neutral.

    Args:
        folder: of the model, which is read when this process is first asked for it.
        content: the `fingerprint` of the folder as it was named.

    Raises:
        SetupError: it cannot be read, has other content, is none with three labels, or says what is no
            number; or onnxruntime is not installed.
    """
    model = _model_in(folder, content)
    found = [NEUTRAL] * len(texts)
    # Texts of like length beside each other: a batch is as long as its longest.
    order = sorted((at for at, text in enumerate(texts) if text.strip()), key=lambda at: len(texts[at]))
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        for at, scores in zip(places, model.classify([texts[at] for at in places]), strict=True):
            found[at] = scores
    return found


class _Model:
    """A classifier and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self._places = _label_places(config)
        self._tokenizer = _tokenizer(folder, config)
        try:
            import onnxruntime
        except ImportError as error:
            raise SetupError("Sentiment models in ONNX need the extra `assay[onnx]`.") from error
        self._session = onnxruntime.InferenceSession(graph_of(folder), providers=["CPUExecutionProvider"])
        self._inputs = [given.name for given in self._session.get_inputs()]
        if unknown := set(self._inputs) - set(_INPUTS):
            raise SetupError(f"A sentiment model has the inputs {', '.join(_INPUTS)}, not {min(unknown)}.")
        shape = self._logits(["text"]).shape
        if shape != (1, len(SentimentLabel)):
            raise SetupError(f"A sentiment model has 3 scores for a text; this one answers with {shape}.")

    def classify(self, texts: Sequence[str]) -> list[SentimentScores]:
        """The scores of texts with words.

        Raises:
            SetupError: they are no numbers.
        """
        logits = self._logits(texts)
        if not np.isfinite(logits).all():
            raise SetupError("The sentiment model answers with scores that are no numbers.")
        return [
            SentimentScores(**{label.value: float(row[place]) for label, place in self._places.items()})
            for row in _softmax(logits)
        ]

    def _logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        ids, mask, types = _INPUTS
        known = {
            ids: [one.ids for one in encoded],
            mask: [one.attention_mask for one in encoded],
            types: [one.type_ids for one in encoded],
        }
        given = {name: np.array(known[name], dtype=np.int64) for name in self._inputs}
        [logits, *_] = self._session.run(None, given)
        return np.asarray(logits)


@cache
def _model_in(folder: str, content: str) -> _Model:
    """The model of a folder, read once per process.

    Raises:
        SetupError: see `classify_with`.
    """
    if fingerprint(folder) != content:
        raise SetupError(
            f"The sentiment model in {Path(folder).name} is another one than when this process started: "
            "start all processes again."
        )
    try:
        return _Model(Path(folder))
    except SetupError:
        raise
    except Exception as error:  # each of three libraries has errors of its own
        told = str(error).strip().partition("\n")[0]
        raise SetupError(f"The sentiment model in {Path(folder).name} cannot be read: {told}") from error


def _label_places(config: Mapping[str, Any]) -> dict[SentimentLabel, int]:
    """Where the score of each label is in what the model says.

    Raises:
        SetupError: its labels are not the three.
    """
    names = config.get("id2label") or {}
    places = {str(name).lower(): int(place) for place, name in names.items()}
    if set(places) != {label.value for label in SentimentLabel} or sorted(places.values()) != [0, 1, 2]:
        told = ", ".join(map(str, names.values())) or "none"
        raise SetupError(
            "A sentiment model has the labels positive, neutral and negative in the `id2label` of its "
            f"config.json; this one has {told}."
        )
    return {label: places[label.value] for label in SentimentLabel}


def _tokenizer(folder: Path, config: Mapping[str, Any]) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(_TOKENS)
    pad = config.get("pad_token_id") or 0
    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad) or "[PAD]")
    return tokenizer


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    found = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
