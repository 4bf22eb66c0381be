from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from temporalio.exceptions import ApplicationError

from assay.errors import ProviderUnavailable
from assay.runtime.logs import configure_logs


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def logged(capsys: pytest.CaptureFixture[str], error: Exception) -> dict[str, str]:
    configure_logs()
    try:
        raise error
    except Exception:
        logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=True)
    line: dict[str, str] = json.loads(capsys.readouterr().err)
    return line


def test_an_expected_failure_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = logged(capsys, ApplicationError("openai answered 500: boom", type=ProviderUnavailable.code))

    assert line["event"] == "Completing activity as failed: provider_unavailable: openai answered 500: boom"
    assert "exception" not in line


@pytest.mark.parametrize("error", [ApplicationError("?", type="KeyError"), KeyError("?")])
def test_a_defect_keeps_its_traceback(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    line = logged(capsys, error)

    assert "test_logs.py" in line["exception"]
