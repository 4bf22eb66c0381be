"""Which sentiment model the settings name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest

from activities.model_answers import ModelAnswers
from activities.sentiment_llm import LlmSentiment
from assay.adapters.sentiment import LexiconSentiment, OnnxSentiment
from assay.errors import SetupError
from assay.runtime.sentiment import sentiment_model, sentiment_source
from assay.runtime.settings import Settings, load_settings, numeric_threads
from tests.adapters.sentiment.onnx_models import make_model

NOBODY = cast(ModelAnswers, None)
"""Who is asked when nobody has to be."""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):  # noqa: TID251  (what the developer has set must not matter)
        if name.startswith("ASSAY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings_with(monkeypatch: pytest.MonkeyPatch, backend: str | None, model: str | None) -> Settings:
    for name, value in (("BACKEND", backend), ("MODEL", model)):
        if value is not None:
            monkeypatch.setenv(f"ASSAY_SENTIMENT_{name}", value)
    return load_settings()


@pytest.mark.parametrize(
    ("backend", "model", "kind"),
    [
        (None, None, LexiconSentiment),
        ("lexicon", "", LexiconSentiment),
        ("onnx", "somebody/something", OnnxSentiment),
        ("onnx", "model", OnnxSentiment),
        ("llm", None, LlmSentiment),
        ("llm", "gpt-4.1", LlmSentiment),
    ],
)
async def test_the_settings_name_a_model_and_all_processes_agree_on_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str | None, model: str | None, kind: type
) -> None:
    make_model(tmp_path / "model")
    settings = settings_with(monkeypatch, backend, model)
    source = sentiment_source(settings)
    async with sentiment_model(settings, NOBODY) as found:
        assert isinstance(found, kind)
        assert (source.backend, source.model, source.is_third_party) == (
            found.backend,
            found.name,
            found.is_third_party,
        )


async def test_the_default_works_at_once() -> None:
    async with sentiment_model(load_settings(), NOBODY) as model:
        [found] = await model.classify(1, ["I love it!"])
    assert found.positive > 0.8


async def test_models_that_may_answer_otherwise_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {sentiment_source(settings_with(monkeypatch, "llm", model)).model for model in (None, "a", "b")}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("backend", "model", "told"),
    [
        ("vader", None, "ASSAY_SENTIMENT_BACKEND is not valid"),
        ("onnx", None, "ASSAY_SENTIMENT_MODEL is not valid: .*must be set"),
        (None, "some/model", "ASSAY_SENTIMENT_MODEL is not valid: .*goes with"),
    ],
    ids=["backend", "no model", "model of none"],
)
def test_what_does_not_fit_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, backend: str | None, model: str | None, told: str
) -> None:
    with pytest.raises(SetupError, match=told):
        settings_with(monkeypatch, backend, model)


def test_a_folder_that_is_not_complete_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (make_model(tmp_path / "model") / "config.json").unlink()
    with pytest.raises(SetupError, match=r"config\.json"):
        sentiment_source(settings_with(monkeypatch, "onnx", "model"))


def test_computing_processes_know_how_many_threads_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("MKL_NUM_THREADS", "")
    found = numeric_threads()
    assert found["OMP_NUM_THREADS"] == "2"
    assert "MKL_NUM_THREADS" not in found
