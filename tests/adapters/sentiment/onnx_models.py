"""Small sentiment models in ONNX, made where they are needed: a bag of words with a weight for each label."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

LABELS = {"0": "negative", "1": "neutral", "2": "Positive"}
WEIGHTS: Mapping[str, Sequence[float]] = {
    "[PAD]": (50.0, 0.0, 0.0),  # shows where padding is not masked
    "[UNK]": (0.0, 0.5, 0.0),
    "good": (0.0, 0.0, 3.0),
    "bad": (3.0, 0.0, 0.0),
}
"""What each token adds to the logits of the labels."""


def make_model(
    folder: Path,
    *,
    labels: Mapping[str, str] = LABELS,
    weights: Mapping[str, Sequence[float]] = WEIGHTS,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    graph_at: str = "model.onnx",
) -> Path:
    """Write a model's three files into a folder."""
    (folder / graph_at).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(_graph(weights, inputs), folder / graph_at)
    tokenizer = Tokenizer(WordLevel({token: at for at, token in enumerate(weights)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"id2label": dict(labels), "pad_token_id": 0}))
    return folder


def _graph(weights: Mapping[str, Sequence[float]], inputs: Sequence[str]) -> onnx.ModelProto:
    """The logits: the weights of the tokens that the mask lets through, added up."""
    table = numpy_helper.from_array(np.array(list(weights.values()), dtype=np.float32), "table")
    axis = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
    last = numpy_helper.from_array(np.array([2], dtype=np.int64), "last")
    shape = ["texts", "tokens"]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["found"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["found", "wide"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "axis"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "bag of words",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs],
        [
            helper.make_tensor_value_info(
                "logits", TensorProto.FLOAT, ["texts", len(next(iter(weights.values())))]
            )
        ],
        [table, axis, last],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
