"""`assay bench text`, as people call it."""

from __future__ import annotations

import json

from click.testing import CliRunner

from assay.runtime.cli import cli


def test_traces_are_measured_against_json() -> None:
    result = CliRunner().invoke(cli, ["bench", "text", "--megabytes", "1"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["bench"] == "text"
    for trace in ("usual", "large"):
        measured = found[trace]
        assert set(measured["cases"]) == {"json.dumps", "defaults", "sampled", "for a model", "collapsed"}
        assert measured["ratio_defaults_to_json_dumps"] > 0
    assert found["usual"]["cases"]["sampled"]["characters"] <= 2_000_000
