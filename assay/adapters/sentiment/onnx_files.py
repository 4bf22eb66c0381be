"""The files of a sentiment model in ONNX: in a folder, or on the Hugging Face hub."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from assay.errors import SetupError

_MODEL_FILES: Final = ("model.onnx", "onnx/model.onnx")
"""Where exporters put the graph, best first."""
_TOKENIZER: Final = "tokenizer.json"
_CONFIG: Final = "config.json"

_HUB_ID: Final = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?", re.ASCII)
_WANTED: Final = [*(f"{name}*" for name in _MODEL_FILES), _TOKENIZER, _CONFIG]
"""With the weights beside a graph that is too large to hold them (`model.onnx_data`)."""

_ENDS: Final = 2**20
"""Bytes at both ends of the weights that tell one model from another."""

_HOW_TO_EXPORT: Final = "Export the model to ONNX (`optimum-cli export onnx`) and name its folder."


def find_model(model: str) -> Path:
    """The folder of a model; what is on the hub is downloaded unless it was before.

    Args:
        model: see `OnnxSentiment`.

    Raises:
        SetupError: it is not there; says what is missing, and what to do.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _downloaded(model)
    for name in (_TOKENIZER, _CONFIG):
        if not (folder / name).is_file():
            raise SetupError(f"The sentiment model {model} has no {name}. {_HOW_TO_EXPORT}")
    graph_of(folder, model)
    return folder


def graph_of(folder: Path, model: str | None = None) -> Path:
    """The ONNX file of a folder.

    Args:
        model: what the folder is called in complaints.

    Raises:
        SetupError: it has none.
    """
    for name in _MODEL_FILES:
        if (folder / name).is_file():
            return folder / name
    raise SetupError(f"The sentiment model {model or folder.name} has no model.onnx. {_HOW_TO_EXPORT}")


def fingerprint(model: str) -> str:
    """A name for a model that is the same wherever its files are the same.

    Raises:
        SetupError: the folder has not all files.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return model
    find_model(model)
    graph = graph_of(folder)
    found = hashlib.sha256()
    for path in (folder / _CONFIG, folder / _TOKENIZER, *sorted(graph.parent.glob(f"{graph.name}*"))):
        found.update(f"{path.name}:{path.stat().st_size}:".encode())
        found.update(_ends_of(path))
    return f"{folder.resolve().name}-{found.hexdigest()[:12]}"


def _ends_of(path: Path) -> bytes:
    with path.open("rb") as file:
        beginning = file.read(_ENDS)
        file.seek(max(file.tell(), path.stat().st_size - _ENDS))
        return beginning + file.read()


def _downloaded(model: str) -> Path:
    """The copy of a hub's repository on this machine.

    Raises:
        SetupError: there is none, and none can be made.
    """
    named = _HUB_ID.fullmatch(model)
    if named is None:
        raise SetupError(f"The sentiment model {model} is neither a folder nor the id of one on the hub.")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise SetupError("Sentiment models of the hub need the extra `assay[onnx]`.") from error

    def copy(*, local_files_only: bool) -> Path:
        return Path(
            snapshot_download(
                named["id"],
                revision=named["revision"],
                allow_patterns=_WANTED,
                local_files_only=local_files_only,
            )
        )

    try:
        folder = copy(local_files_only=True)
        graph_of(folder)  # another program may have downloaded other files of it
    except (OSError, ValueError, SetupError):
        try:
            folder = copy(local_files_only=False)
        except (OSError, ValueError) as error:
            why = str(error).strip().partition("\n")[0]
            raise SetupError(f"The sentiment model {model} cannot be downloaded: {why}") from error
    return folder
