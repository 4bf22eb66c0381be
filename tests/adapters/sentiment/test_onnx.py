"""Sentiment models in ONNX, on small ones that are made here."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from assay.adapters.compute import ComputeProcesses
from assay.adapters.sentiment import OnnxSentiment, fingerprint
from assay.adapters.sentiment.onnx_session import classify_with
from assay.errors import SetupError
from tests.adapters.sentiment.onnx_models import LABELS, WEIGHTS, make_model

PROJECT = 1


@pytest.fixture
async def compute() -> AsyncIterator[ComputeProcesses]:
    found = ComputeProcesses(processes=1)
    yield found
    await found.close()


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is downloaded, whatever this machine has or reaches."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def softmax(*logits: float) -> list[float]:
    total = sum(map(math.exp, logits))
    return [math.exp(one) / total for one in logits]


async def test_scores_are_the_softmax_of_the_labels(compute: ComputeProcesses, tmp_path: Path) -> None:
    model = OnnxSentiment(compute, str(make_model(tmp_path / "model")))
    [found] = await model.classify(PROJECT, ["good bad good"])
    assert [found.negative, found.neutral, found.positive] == pytest.approx(softmax(3, 0, 6))


async def test_many_texts_of_any_length_come_back_in_order(compute: ComputeProcesses, tmp_path: Path) -> None:
    model = OnnxSentiment(compute, str(make_model(tmp_path / "model")))
    texts = [" ".join([("good", "bad")[at % 2]] * (1 + at * 7 % 40)) for at in range(600)]
    texts[100] = " "
    found = await model.classify(PROJECT, texts)
    assert len(found) == len(texts)
    for at, one in enumerate(found):
        if at == 100:
            assert one.neutral == 1
        else:
            assert (one.positive > one.negative) is (at % 2 == 0)
    # Padding is masked: beside longer texts a text scores as it does alone.
    alone = await model.classify(PROJECT, [texts[0]])
    assert found[0].positive == pytest.approx(alone[0].positive)


async def test_of_a_long_text_512_tokens_count(compute: ComputeProcesses, tmp_path: Path) -> None:
    small = {token: [value / 100 for value in row] for token, row in WEIGHTS.items()}
    model = OnnxSentiment(compute, str(make_model(tmp_path / "model", weights=small)))
    [long, exact] = await model.classify(PROJECT, ["good " * 5000, "good " * 512])
    assert long == exact


def test_a_model_gets_the_inputs_that_it_knows(tmp_path: Path) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    folder = make_model(tmp_path / "model", inputs=inputs)
    assert (
        classify_with(str(folder), fingerprint(str(folder)), ["good", "a \ud800 surrogate"])[0].positive > 0.9
    )


def test_the_graph_may_be_where_the_hub_has_it(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model", graph_at="onnx/model.onnx")
    assert classify_with(str(folder), fingerprint(str(folder)), ["bad"])[0].negative > 0.9


async def test_a_model_is_read_once_in_a_process(compute: ComputeProcesses, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    model = OnnxSentiment(compute, str(folder))
    before = await model.classify(PROJECT, ["good"])
    (folder / "model.onnx").unlink()
    assert await model.classify(PROJECT, ["good"]) == before
    [pid] = compute.pids
    os.kill(pid, signal.SIGKILL)
    await asyncio.wait_for(next(iter(compute._children)).gone(), 40)
    with pytest.raises(SetupError, match=r"no model\.onnx"):
        await model.classify(PROJECT, ["good"])


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
async def test_a_missing_file_is_named(compute: ComputeProcesses, tmp_path: Path, name: str) -> None:
    folder = make_model(tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(SetupError, match=rf"has no {name}.*optimum-cli"):
        await OnnxSentiment(compute, str(folder)).classify(PROJECT, ["good"])
    assert compute.pids == []


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
async def test_a_file_that_is_no_model_is_a_fault_of_the_setup(
    compute: ComputeProcesses, tmp_path: Path, name: str
) -> None:
    folder = make_model(tmp_path / "model")
    (folder / name).write_text("something else")
    with pytest.raises(SetupError, match="in model cannot be read: "):
        await OnnxSentiment(compute, str(folder)).classify(PROJECT, ["good"])


@pytest.mark.parametrize(
    "labels",
    [{"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, {**LABELS, "3": "angry"}, {}],
    ids=["unnamed", "four", "none"],
)
def test_other_labels_are_refused_with_their_names(tmp_path: Path, labels: dict[str, str]) -> None:
    folder = make_model(tmp_path / "model", labels=labels)
    told = ", ".join(labels.values()) or "none"
    with pytest.raises(SetupError, match=f"positive, neutral and negative .* this one has {told}"):
        classify_with(str(folder), fingerprint(str(folder)), ["good"])


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("/no/such/folder", "neither a folder nor"),
        ("words that name nothing", "neither a folder nor"),
        ("cardiffnlp/twitter-roberta-base-sentiment-latest", "cannot be downloaded: "),
        ("somebody/something@main", "cannot be downloaded: "),
    ],
)
async def test_what_cannot_be_had_is_a_fault_of_the_setup(
    compute: ComputeProcesses, model: str, told: str
) -> None:
    with pytest.raises(SetupError, match=told):
        await OnnxSentiment(compute, model).classify(PROJECT, ["good"])


async def test_what_was_downloaded_before_works_offline(compute: ComputeProcesses, tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--somebody--something"
    make_model(repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    model = OnnxSentiment(compute, "somebody/something")
    assert model.name == "somebody/something"
    [found] = await model.classify(PROJECT, ["good"])
    assert found.positive > 0.9


def test_the_name_of_a_folder_follows_its_content(tmp_path: Path) -> None:
    first = fingerprint(str(make_model(tmp_path / "a" / "model")))
    assert first.startswith("model-")
    assert fingerprint(str(make_model(tmp_path / "b" / "model"))) == first
    other = make_model(tmp_path / "c" / "model", weights={**WEIGHTS, "good": (0.0, 0.0, 4.0)})
    assert fingerprint(str(other)) != first
    config = tmp_path / "a" / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "pad_token_id": 1}))
    assert fingerprint(str(config.parent)) != first


async def test_another_model_is_not_used_under_the_name_of_the_first(
    compute: ComputeProcesses, tmp_path: Path
) -> None:
    folder = make_model(tmp_path / "model")
    model = OnnxSentiment(compute, str(folder))
    name = model.name
    make_model(folder, weights={**WEIGHTS, "good": (3.0, 0.0, 0.0)})
    assert model.name == name
    with pytest.raises(SetupError, match=r"model in model is another one .* start all processes again"):
        await model.classify(PROJECT, ["good"])
    assert OnnxSentiment(compute, str(folder)).name != name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": ("input_ids", "attention_mask", "position_ids")}, "not position_ids"),
        ({"weights": {token: (*row, 9.0) for token, row in WEIGHTS.items()}}, r"answers with \(1, 4\)"),
        ({"weights": {**WEIGHTS, "good": (math.nan,) * 3}}, "no numbers"),
        ({"weights": {**WEIGHTS, "good": (0.0, 0.0, math.inf)}}, "no numbers"),
    ],
    ids=["input", "width", "nan", "infinite"],
)
def test_a_model_of_another_kind_is_a_fault_of_the_setup(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    folder = make_model(tmp_path / "model", **changes)
    with pytest.raises(SetupError, match=told):
        classify_with(str(folder), fingerprint(str(folder)), ["good"])
