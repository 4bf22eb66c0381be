"""Documentation that is made from code is as the code is; links and commands in it work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from api_shim.app import RESOURCES
from api_shim.endpoints import PREFIX
from api_shim.openapi import openapi_document
from assay.errors import catalogue
from tests.architecture.api_page import not_served
from tests.architecture.documented_endpoints import ENDPOINTS, Documented
from tests.architecture.generate import DOCS, PAGES, _commands, cli

ROOT = DOCS.parent
PAGES_WRITTEN_BY_HAND = sorted(
    path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if path.name not in PAGES
)


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("name", [name for name, _ in _commands(cli, "assay")])
def test_every_command_has_an_example(name: str) -> None:
    command = dict(_commands(cli, "assay"))[name]
    help_text = command.help or ""
    assert "Example:" in help_text
    assert name in help_text


def test_error_codes_are_unique() -> None:
    codes = [error.code for error in catalogue() if "code" in vars(error)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("page", PAGES_WRITTEN_BY_HAND, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES_WRITTEN_BY_HAND, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    pattern = r"`((?:assay|api_shim|workflows|activities|schedules|tests|docs)/[\w./-]+)`"
    for named in re.findall(pattern, page.read_text()):
        assert (ROOT / named).exists(), named


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES_WRITTEN_BY_HAND:
        for named in re.findall(r"`make ([a-z-]+)", page.read_text()):
            assert named in targets, f"{page.name}: make {named}"


def operation_of(documented: Documented) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = openapi_document(RESOURCES)["paths"]
    operation: dict[str, Any] = paths[f"{PREFIX}{documented.path}/"][documented.method.lower()]
    return operation


@pytest.mark.parametrize(
    "documented",
    [it for it in ENDPOINTS if it not in not_served()],
    ids=lambda it: f"{it.method} {it.path}",
)
def test_documented_endpoints_have_the_documented_scope_and_status(documented: Documented) -> None:
    operation = operation_of(documented)

    assert str(documented.status) in operation["responses"]
    if documented.scope is not None:
        assert operation["security"] == [{"PersonalApiKey": [documented.scope]}]
