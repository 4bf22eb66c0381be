"""`assay hog check` and `assay hog run`, as people call them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.engine import environment
from tests.unit.hog.page.reading import LANGUAGE, Worked, worked_evaluations


def assay_hog(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command, in a folder, without a server."""
    return subprocess.run(
        [sys.executable, "-m", "assay", "hog", *arguments],
        cwd=folder,
        env=environment(folder / "data"),
        input=stdin,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def without_times(text: str) -> list[str]:
    return re.sub(r"\d+\.\d m?s", "T", text).splitlines()


def test_a_program_runs_on_the_sample_event(tmp_path: Path) -> None:
    (tmp_path / "short.hog").write_text(
        "print('characters:', length(output))\nprint(properties.$ai_model)\nreturn length(output) < 500\n"
    )
    done = assay_hog(tmp_path, "run", "short.hog")
    assert done.returncode == 0
    assert "sample event" in done.stderr
    assert without_times(done.stdout) == [
        "verdict    pass",
        "reasoning  characters: 127",
        "           gpt-5-mini",
        "time       T",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["short.hog"], "it needs no data folder"


def test_check_shows_warnings_where_editors_find_them(tmp_path: Path) -> None:
    (tmp_path / "odd.hog").write_text("let verdict := true\nverdict = 1\nreturn verdict\n")
    done = assay_hog(tmp_path, "check", "odd.hog")
    assert (done.returncode, done.stdout) == (0, "OK: odd.hog compiles, 1 warning.\n")
    assert done.stderr.splitlines() == [
        "odd.hog:2:1: warning: this compares, and the result is dropped; `:=` assigns",
        "  verdict = 1",
        "  ^",
    ]


def test_what_does_not_compile_is_explained(tmp_path: Path) -> None:
    (tmp_path / "bad.hog").write_text("let ok := true\nreturn ok && length(output) > 0\n")
    explained = [
        "bad.hog:2:11: Unexpected character '&' (U+0026).",
        "  return ok && length(output) > 0",
        "            ^",
        "hint: write `and`",
    ]
    for command in ("check", "run"):
        done = assay_hog(tmp_path, command, "bad.hog")
        assert (done.returncode, done.stdout, done.stderr.splitlines()) == (1, "", explained)


def test_a_source_that_the_parser_chokes_on_costs_seconds_and_no_more(tmp_path: Path) -> None:
    done = assay_hog(tmp_path, "check", "-", stdin=f"return {'1+' * 5000}1")
    assert done.returncode == 1
    assert done.stderr.startswith("<stdin>: The source takes too long to read.\nhint: ")


def test_a_fault_shows_its_place_its_consequence_and_what_was_printed(tmp_path: Path) -> None:
    (tmp_path / "sum.hog").write_text("print('before')\nreturn properties.n + 'x' = 3\n")
    (tmp_path / "event.json").write_text('{"n": 1}')
    done = assay_hog(tmp_path, "run", "sum.hog", "--event", "event.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert without_times(done.stdout) == [
        "sum.hog:2:8: Runtime error: cannot add integer and string: concat and || join texts.",
        "  return properties.n + 'x' = 3",
        "         ^",
        "verdict    none (hog_input_error: the event would be skipped, and the evaluation go on)",
        "reasoning  before",
        "time       T",
    ]


PROGRAM = "if (properties.n = 9) { throw Error('nine') }\nprint('n is', properties.n)\nprint('more')\nreturn properties.n\n"


def test_several_events_have_a_row_each_and_a_summary(tmp_path: Path) -> None:
    (tmp_path / "n.hog").write_text(PROGRAM)
    events = [{"n": True}, {"event": "$ai_generation", "properties": {"n": False}}, {"n": None}, {"n": 9}]
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    done = assay_hog(tmp_path, "run", "n.hog", "--event", "events.jsonl", "--allow-na")
    assert done.returncode == 1
    assert [re.sub(" +", " ", line) for line in without_times(done.stdout)] == [
        "1 pass T n is true",
        " more",
        "2 fail T n is false",
        " more",
        "3 n/a T n is null",
        " more",
        "4 error T n.hog:1:25: Runtime error: Error('nine') was thrown and not caught.",
        "4 events: 1 pass, 1 fail, 1 n/a, 1 error",
    ]
    first, second, *_ = done.stdout.splitlines()
    assert first.index("n is") == second.index("more")


def test_a_row_with_a_fault_tells_what_was_printed_before(tmp_path: Path) -> None:
    (tmp_path / "n.hog").write_text("print('before')\nreturn properties.n + 1 > 0\n")
    done = assay_hog(tmp_path, "run", "n.hog", "--event", "-", stdin='[{"n": "x"}, {"n": 1}]')
    assert [re.sub(" +", " ", line) for line in without_times(done.stdout)] == [
        "1 error T n.hog:2:8: Runtime error: cannot add string and integer: concat and || join texts.",
        " before",
        "2 pass T before",
        "2 events: 1 pass, 0 fail, 0 n/a, 1 error",
    ]


@pytest.mark.parametrize(
    "worked",
    [worked for worked in worked_evaluations(LANGUAGE) if "\n      " in worked.results],
    ids=lambda worked: worked.title.partition(".")[0],
)
def test_worked_evaluations_that_print_several_lines_show_what_the_page_says(
    tmp_path: Path, worked: Worked
) -> None:
    (tmp_path / "it.hog").write_text(worked.source)
    (tmp_path / "events.jsonl").write_text(worked.events)
    done = assay_hog(tmp_path, "run", "it.hog", "--event", "events.jsonl")
    verdict, reasoning = slice(3, 7), slice(20, None)  # between them is the time, before them the number
    *rows, _summary = done.stdout.splitlines()
    shown = [f"{row[verdict]}  {row[reasoning]}".rstrip() for row in rows]
    assert (done.returncode, done.stderr, shown) == (0, "", worked.results.splitlines())


def test_a_verdict_of_any_kind_is_a_success(tmp_path: Path) -> None:
    (tmp_path / "n.hog").write_text(PROGRAM)
    done = assay_hog(
        tmp_path, "run", "n.hog", "--allow-na", "--event", "-", stdin='[{"n": false}, {"n": null}]'
    )
    assert done.returncode == 0
    assert done.stdout.endswith("2 events: 0 pass, 1 fail, 1 n/a, 0 error\n")


def test_what_a_program_prints_cannot_control_the_terminal(tmp_path: Path) -> None:
    source = "print('\x1b[2J\x9b2J\u202ereversed', properties.s) return true"
    (tmp_path / "event.json").write_text(json.dumps({"s": "\x07\t\r"}))
    done = assay_hog(tmp_path, "run", "-", "--event", "event.json", stdin=source)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == "reasoning  ␛[2J\ufffd2J\ufffdreversed ␇\t␍"


def test_files_that_hold_something_else_are_a_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "ok.hog").write_text("return true")
    (tmp_path / "broken.json").write_text('{"$ai_output": "x"')
    (tmp_path / "latin.hog").write_bytes("return 'ä'".encode("latin-1"))
    (tmp_path / "large.hog").write_bytes(b" " * (1024 * 1024 + 1))
    for arguments, problem in (
        (("run", "ok.hog", "--event", "broken.json"), "broken.json: It is not JSON: expecting ',' delimiter"),
        (("run", "-", "--event", "-"), "Only one of FILE and --event"),
        (("check", "latin.hog"), "latin.hog: It is not UTF-8: see byte 8."),
        (("check", "large.hog"), "large.hog: It is no program: those have up to 16,384 bytes."),
    ):
        done = assay_hog(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert problem in done.stderr
