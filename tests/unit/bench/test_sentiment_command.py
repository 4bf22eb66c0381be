"""`assay bench sentiment`, as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.runtime.cli import cli

TEXTS = [
    "I love this",
    "it is on the table",
    "this is terrible",
    "a great day",
    "the train left",
    "I hate it",
]
LABELS = [2, 1, 0, 2, 1, 0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mapping.txt").write_text("0\tnegative\n1\tneutral\n2\tpositive\n")
    (tmp_path / "val_text.txt").write_text("\n".join(TEXTS) + "\n")
    (tmp_path / "val_labels.txt").write_text("\n".join(map(str, LABELS)) + "\n")
    return tmp_path


def test_it_measures_speed_and_quality(folder: Path) -> None:
    done = CliRunner().invoke(cli, ["bench", "sentiment", "--case", "model", str(folder), "--texts", "100"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    rates = found["texts_per_second_and_core"]
    assert found["ratio_to_vader"] == pytest.approx(rates["lexicon"] / rates["vader"], abs=0.01)
    quality = found["quality"][folder.name]
    assert quality["texts"] == len(TEXTS)
    assert quality["macro_recall"] == quality["vader_macro_recall"] == quality["accuracy"] == 1
    assert 0 < quality["expected_calibration_error"] < 0.5


def test_without_a_folder_it_measures_speed() -> None:
    done = CliRunner().invoke(cli, ["bench", "sentiment", "--case", "model", "--texts", "100"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["quality"] == {}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("val_labels.txt", "2\n1\n", "6 texts and 2 labels"),
        ("val_labels.txt", "", "6 texts and 0 labels"),
        ("val_labels.txt", "7\n" * 6, "does not hold labelled texts"),
        ("mapping.txt", "0 negative", "does not hold labelled texts"),
        ("val_text.txt", None, "does not hold labelled texts"),
    ],
    ids=["too few", "none", "unknown", "mapping", "missing"],
)
def test_what_cannot_be_measured_is_refused(
    folder: Path, name: str, content: str | None, complaint: str
) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    done = CliRunner().invoke(cli, ["bench", "sentiment", "--case", "model", str(folder), "--texts", "100"])
    assert done.exit_code == 1
    assert complaint in " ".join(done.stderr.split())


def test_it_loads_an_engine_and_asks_it_other_things() -> None:
    done = CliRunner().invoke(cli, ["bench", "sentiment", "--case", "load", "--requests", "1"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert "quality" not in found
    load = found["load"]
    assert load["messages"] == 1_000
    for part in ("at_rest", "new_messages", "known_messages"):
        for route in ("healthz", "list"):
            times = load[part][route]
            assert 0 < times["p50_ms"] <= times["p99_ms"] <= times["worst_ms"]
