"""Regular expressions of conditions are compiled beside the event loop, and before a row is locked."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
import re2

from assay.adapters.hog.processes import HogProcesses
from assay.contracts.access import Project
from assay.domain.hog.outcomes import CompiledProgram
from tests.api.conftest import Make
from tests.harness.api import ApiWorld


class Compilations:
    """Notes the threads in which RE2 compiles."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: set[int] = set()
        self._compile = re2.compile
        monkeypatch.setattr(re2, "compile", self._noted)

    def _noted(self, *arguments: Any) -> Any:
        self.threads.add(threading.get_ident())
        return self._compile(*arguments)

    def require_none_here(self) -> None:
        """There were some, and none in the thread of the event loop."""
        assert self.threads
        assert threading.get_ident() not in self.threads


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> Compilations:
    return Compilations(monkeypatch)


def searching(pattern: str) -> dict[str, Any]:
    return {
        "id": "a",
        "rollout_percentage": 100,
        "properties": [{"key": "plan", "operator": "regex", "value": pattern}],
    }


class Saved:
    """A Hog evaluation with a condition."""

    def __init__(
        self, world: ApiWorld, project: Project, client: httpx.AsyncClient, item: str, hog: HogProcesses
    ) -> None:
        self.world, self.project, self.client, self.item, self.hog = world, project, client, item, hog

    async def change(self, **fields: Any) -> dict[str, Any]:
        return await _changed(self.client, self.item, fields)

    async def change_source_slowly(self, meanwhile: Callable[[], Awaitable[object]]) -> dict[str, Any]:
        """Change the source; something happens while the compiler is at work."""
        hog = self.hog

        class SlowCompiler:
            async def compile(self, source: str, *, owner: object) -> CompiledProgram:
                await meanwhile()
                return await hog.compile(source, owner=owner)

        async with self.world.client(hog=SlowCompiler()) as slow:
            return await _changed(slow, self.item, {"evaluation_config": {"source": "return false"}})

    async def become_outdated(self, pattern: str) -> None:
        """Store a condition as an older version did."""
        evaluation_id = UUID(self.item.strip("/").rpartition("/")[2])
        update = {"conditions": (searching(pattern),)}
        await self.world.registry.evaluations.update(
            self.project.id, evaluation_id, lambda current: current.model_copy(update=update)
        )


async def _changed(client: httpx.AsyncClient, item: str, fields: dict[str, Any]) -> dict[str, Any]:
    response = await client.patch(item, json=fields)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


@pytest.fixture
async def saved(
    world: ApiWorld, project: Project, client: httpx.AsyncClient, hog: HogProcesses, make: Make
) -> Saved:
    created = await make(
        evaluation_type="hog", evaluation_config={"source": "return true"}, conditions=[searching("^p")]
    )
    return Saved(world, project, client, f"/api/environments/{project.id}/evaluations/{created['id']}/", hog)


def pattern_of(evaluation: dict[str, Any]) -> str:
    """What the program of the condition searches for."""
    [condition] = evaluation["conditions"]
    assert condition["bytecode_error"] is None
    pattern: str = condition["properties"][0]["value"]
    assert pattern in condition["bytecode"][2]
    return pattern


async def test_conditions_that_are_sent(saved: Saved, compilations: Compilations) -> None:
    assert pattern_of(await saved.change(conditions=[searching("^q")])) == "^q"
    compilations.require_none_here()


async def test_conditions_that_are_renewed(saved: Saved, compilations: Compilations) -> None:
    await saved.become_outdated("^old")
    assert pattern_of(await saved.change(name="Other")) == "^old"
    compilations.require_none_here()


async def test_conditions_that_events_are_chosen_by(
    client: httpx.AsyncClient, url: str, compilations: Compilations
) -> None:
    refused = await client.post(f"{url}test_hog/", json={"source": "x", "conditions": [searching("(")]})
    assert refused.status_code == 400
    compilations.require_none_here()


async def test_renewed_ones_do_not_replace_others_that_were_saved_meanwhile(saved: Saved) -> None:
    await saved.become_outdated("^old")
    changed = await saved.change_source_slowly(lambda: saved.change(conditions=[searching("^new")]))
    assert changed["evaluation_config"]["source"] == "return false"
    assert pattern_of(changed) == "^new"


async def test_outdated_ones_that_appear_under_the_lock_are_left_to_the_next_change(
    saved: Saved, compilations: Compilations
) -> None:
    changed = await saved.change_source_slowly(lambda: saved.become_outdated("^old"))
    assert "bytecode" not in changed["conditions"][0]
    assert pattern_of(await saved.change(name="Other")) == "^old"
    compilations.require_none_here()
