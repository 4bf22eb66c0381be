from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.runtime.cli import cli


@pytest.mark.parametrize("command", [["org", "consent", "--ai", "off"], ["keys", "list"]], ids=" ".join)
def test_a_command_in_another_folder_makes_nothing_there(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("ASSAY_DATABASE_URL", raising=False)

    done = CliRunner().invoke(cli, command)

    assert done.exit_code == 1
    assert f"There is no registry in {tmp_path / 'elsewhere'}" in done.output
    assert not (tmp_path / "elsewhere").exists()
