"""`assay bench sentiment`: the default sentiment model by itself, and in an engine.

model    texts per second, and how often it is right, against plain VADER
load     10,000 messages at once: how quickly the engine answers others, against the engine at rest
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from assay.contracts.sentiment import SentimentLabel
from assay.domain.sentiment.classifier import classify
from assay.domain.sentiment.measures import accuracy, calibration_error, macro_recall
from assay.domain.sentiment.words import english
from assay.runtime.bench import sentiment_load
from assay.runtime.bench.measure import percentile

_ROUNDS: Final = 5
_WORDS_A_TEXT: Final = 100
_PLAIN: Final = """
    the a of and to in is for that with on this it I my you can we have was how what when order card invoice
    table report function list file error page account customer message model answer question number data
"""
_FEELING: Final = "good great thanks love bad wrong not never broken terrible very but useless perfect"
_FEELING_SHARE: Final = 0.08

_LABELS: Final = tuple(label.value for label in SentimentLabel)
_VADER_THRESHOLD: Final = 0.05
"""Of the compound score: VADER's own advice."""


CASES: Final = ("model", "load")


def run(cases: Sequence[str], folders: Sequence[Path], *, texts: int, requests: int) -> dict[str, Any]:
    """Measure some cases, one after the other.

    Args:
        cases: of `CASES`; none: all of them.
        folders: of labelled texts, see `assay bench sentiment --help`.
        texts: for the speed of the model.
        requests: at once, each about 1,000 messages.
    """
    found: dict[str, Any] = {}
    if "model" in cases or not cases:
        found |= _model(folders, texts)
    if "load" in cases or not cases:
        found["load"] = sentiment_load.run(requests)
    return found


def _model(folders: Sequence[Path], texts: int) -> dict[str, Any]:
    """Classify made texts of 100 words in this process, on one core, then labelled texts.

    Returns:
        Texts per second of processor time (p50 of five rounds) of the classifier and of VADER, and their
        ratio; for each folder the macro-recall, the accuracy and the expected calibration error, and how well
        VADER does.
    """
    known = {folder.name: labelled(folder) for folder in folders}
    vader = _vader()
    english()
    chance = random.Random(7)
    made = [_text(chance) for _ in range(texts)]
    ours = _rate(lambda: classify(made), texts)
    theirs = _rate(lambda: [vader(text) for text in made], texts)
    return {
        "texts": texts,
        "texts_per_second_and_core": {"lexicon": round(ours), "vader": round(theirs)},
        "ratio_to_vader": round(ours / theirs, 2),
        "quality": {name: _quality(*found, vader) for name, found in known.items()},
    }


def _vader() -> Callable[[str], float]:
    from vader import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda text: analyzer.polarity_scores(text)["compound"]


def _text(chance: random.Random) -> str:
    kinds = (_FEELING.split(), _PLAIN.split())
    return " ".join(chance.choice(kinds[chance.random() >= _FEELING_SHARE]) for _ in range(_WORDS_A_TEXT))


def _rate(work: Callable[[], object], texts: int) -> float:
    rates = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        rates.append(texts / (time.process_time() - began))
    return percentile(rates, 50)


def _quality(texts: Sequence[str], labels: Sequence[int], vader: Callable[[str], float]) -> dict[str, Any]:
    scores = [[getattr(found, label) for label in _LABELS] for found in classify(texts)]
    found = [row.index(max(row)) for row in scores]
    plain = [_plain_label(vader(text)) for text in texts]
    return {
        "texts": len(texts),
        "macro_recall": round(macro_recall(found, labels), 4),
        "accuracy": round(accuracy(found, labels), 4),
        "expected_calibration_error": round(calibration_error(scores, labels), 4),
        "vader_macro_recall": round(macro_recall(plain, labels), 4),
        "vader_accuracy": round(accuracy(plain, labels), 4),
    }


def labelled(folder: Path) -> tuple[list[str], list[int]]:
    """The texts of a folder and the places of their labels in `SentimentLabel`.

    Raises:
        click.ClickException: the folder does not hold what it should.
    """
    try:
        mapping = dict(
            line.split("\t") for line in (folder / "mapping.txt").read_text("utf-8").splitlines() if line
        )
        labels = [
            _LABELS.index(mapping[number])
            for number in (folder / "val_labels.txt").read_text("utf-8").split()
        ]
        texts = (folder / "val_text.txt").read_text("utf-8").removesuffix("\n").split("\n")
    except (OSError, ValueError, KeyError) as error:
        raise click.ClickException(f"{folder} does not hold labelled texts: {error}") from error
    if not labels or len(texts) != len(labels):
        raise click.ClickException(f"{folder} has {len(texts)} texts and {len(labels)} labels.")
    return texts, labels


def _plain_label(compound: float) -> int:
    if abs(compound) < _VADER_THRESHOLD:
        return _LABELS.index(SentimentLabel.NEUTRAL)
    return _LABELS.index(SentimentLabel.POSITIVE if compound > 0 else SentimentLabel.NEGATIVE)
