"""Hog evaluations are compiled when they are saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from assay.adapters.hog.processes import HogProcesses
from assay.contracts.access import Project
from assay.contracts.evaluations import Evaluation, EvaluationSpec, EvaluationType, OutputType
from assay.domain.hog.limits import MAX_SOURCE_BYTES, Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.domain.hog.program import is_current
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, judge

BROKEN = "let x := 1\nreturn (x +\n"
OUTDATED = ["assay-hog", 0, "[]"]


def hog_config(source: str, **more: Any) -> dict[str, Any]:
    return {"evaluation_type": "hog", "evaluation_config": {"source": source, **more}}


async def make_hog(make: Make, source: str = "return true", **fields: Any) -> dict[str, Any]:
    return await make(**hog_config(source), **fields)


async def stored_by_an_older_version(
    world: ApiWorld, project: Project, source: str, bytecode: list[Any] | None
) -> Evaluation:
    config: dict[str, Any] = {"source": source}
    if bytecode is not None:
        config["bytecode"] = bytecode
    spec = EvaluationSpec(
        name="Old",
        evaluation_type=EvaluationType.HOG,
        evaluation_config=config,
        output_type=OutputType.BOOLEAN,
        output_config={"allows_na": False},
    )
    return await world.registry.evaluations.create(project.id, spec, created_by=None)


async def version_of(world: ApiWorld, project: Project, evaluation_id: Any) -> int:
    stored = await world.registry.evaluations.get(project.id, UUID(str(evaluation_id)))
    assert stored is not None
    return stored.version


async def result_of(hog: HogProcesses, config: dict[str, Any], output: str) -> HogOutcome:
    target = HogTarget("e", "$ai_generation", "u", "2026-11-21T10:00:00Z", {"$ai_output": output})
    program = CompiledProgram(config["bytecode"])
    [outcome] = await hog.evaluate(program, [target], owner="test", allows_na=False, limits=Limits())
    assert isinstance(outcome, HogOutcome)
    return outcome


async def test_the_program_is_stored_beside_the_source_as_it_was_sent(
    client: httpx.AsyncClient, url: str, make: Make, hog: HogProcesses
) -> None:
    source = "\nprint(output)\nreturn output == 'yes'\n"
    created = await make_hog(make, source)
    config = created["evaluation_config"]
    assert list(config) == ["source", "bytecode"]
    assert config["source"] == source
    assert await result_of(hog, config, "yes") == HogOutcome(True, "yes")
    read = (await client.get(f"{url}{created['id']}/")).json()
    assert read["evaluation_config"] == config
    [listed] = (await client.get(url)).json()["results"]
    assert listed["evaluation_config"] == config


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_changed_source_is_compiled_and_what_a_client_echoes_is_overwritten(
    client: httpx.AsyncClient, url: str, make: Make, hog: HogProcesses, method: str
) -> None:
    created = await make_hog(make, "return true")
    echo = created["evaluation_config"] | {"source": "return false"}
    body = judge(**hog_config(**echo)) if method == "PUT" else {"evaluation_config": echo}
    changed = await client.request(method, f"{url}{created['id']}/", json=body)
    assert changed.status_code == 200
    config = changed.json()["evaluation_config"]
    assert (config["source"], config["bytecode"] != echo["bytecode"]) == ("return false", True)
    assert (await result_of(hog, config, "")).verdict is False


@pytest.mark.parametrize("bytecode", [["_H", 1, 33], [], None, "x", {"a": 1}, ["assay-hog", 1, "[]"]])
async def test_sent_bytecode_is_never_stored(
    client: httpx.AsyncClient, url: str, make: Make, bytecode: Any
) -> None:
    plain = await make_hog(make)
    forged = await make(**hog_config("return true", bytecode=bytecode))
    assert forged["evaluation_config"] == plain["evaluation_config"]
    response = await client.patch(
        f"{url}{plain['id']}/", json={"evaluation_config": {"source": "return true", "bytecode": bytecode}}
    )
    assert response.json()["evaluation_config"] == plain["evaluation_config"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (BROKEN, ["line 3, column 1", "^"]),
        ("return 1 +", ["line 1, column "]),
        ("break", ["line 1, column 1", "break"]),
        ("return nosuchfunction(1)", ["nosuchfunction"]),
        ("x" * (MAX_SOURCE_BYTES + 1), ["bytes"]),
        ("return " + "(" * 5_000, ["nested"]),
        ("return " + "[" * 100_000, ["nested", "bytes"]),
    ],
    ids=["broken", "unfinished", "break", "unknown function", "too long", "too deep", "long and deep"],
)
async def test_a_source_that_does_not_compile_is_refused_with_its_place(
    client: httpx.AsyncClient, url: str, make: Make, source: str, said: list[str]
) -> None:
    item = f"{url}{(await make_hog(make))['id']}/"
    before = (await client.get(item)).json()
    for response in (
        await client.post(url, json=judge(**hog_config(source))),
        await client.put(item, json=judge(**hog_config(source))),
        await client.patch(item, json={"evaluation_config": {"source": source}}),
    ):
        body = response.json()
        assert response.status_code == 400
        assert (body["type"], body["code"]) == ("validation_error", "invalid_input")
        assert body["attr"] == "evaluation_config"
        assert any(part in body["detail"] for part in said)
    assert (await client.get(item)).json() == before


async def test_the_excerpt_points_at_the_place(client: httpx.AsyncClient, url: str) -> None:
    response = await client.post(url, json=judge(**hog_config("let ok := 1\nlet bad := )")))
    first, line, caret, *_ = response.json()["detail"].split("\n")
    assert first.startswith("line 2, column ")
    assert line.strip() == "let bad := )"
    assert caret.index("^") == line.index(")")


async def test_rules_of_the_config_come_before_the_compiler(client: httpx.AsyncClient, url: str) -> None:
    body = judge(**hog_config(BROKEN), output_config={"allows_na": "maybe"})
    response = await client.post(url, json=body)
    assert (response.status_code, response.json()["attr"]) == (400, "config")


@pytest.mark.parametrize(
    "text",
    [
        "return output == 'a\\0b'",
        "return 123456789012345678901234567890 > 1",
        "let f := " + "x -> " * 60 + "1",
    ],
)
async def test_programs_that_json_could_not_carry_as_they_are(make: Make, text: str) -> None:
    assert is_current((await make_hog(make, text))["evaluation_config"]["bytecode"])


async def test_an_object_can_be_sent_back_as_it_was_read(
    client: httpx.AsyncClient, url: str, make: Make, world: ApiWorld, project: Project
) -> None:
    """Also one whose program nests deeper than bodies may."""
    created = await make_hog(make, "let f := " + "x -> " * 60 + "1")
    sent_back = await client.put(f"{url}{created['id']}/", json=created)
    assert sent_back.status_code == 200
    assert sent_back.json()["evaluation_config"] == created["evaluation_config"]
    assert await version_of(world, project, created["id"]) == 1


async def test_a_change_that_is_not_of_the_source_needs_no_compiler(
    client: httpx.AsyncClient, world: ApiWorld, project: Project, url: str, make: Make
) -> None:
    created = await make_hog(make)
    async with world.client() as without_hog:
        renamed = await without_hog.patch(f"{url}{created['id']}/", json={"name": "Other", "enabled": True})
        await make()
    assert renamed.status_code == 200
    assert renamed.json()["evaluation_config"] == created["evaluation_config"]
    assert await version_of(world, project, created["id"]) == 1


@pytest.mark.parametrize("bytecode", [None, OUTDATED, ["_H", 1]])
async def test_what_an_older_version_compiled_is_renewed_by_the_next_change(
    client: httpx.AsyncClient, world: ApiWorld, project: Project, url: str, bytecode: list[Any] | None
) -> None:
    old = await stored_by_an_older_version(world, project, "return true", bytecode)
    renamed = await client.patch(f"{url}{old.id}/", json={"name": "New"})
    assert is_current(renamed.json()["evaluation_config"]["bytecode"])
    assert await version_of(world, project, old.id) == 1


@pytest.mark.parametrize("bytecode", [None, OUTDATED])
async def test_a_source_that_stopped_compiling_hinders_no_other_change(
    client: httpx.AsyncClient, world: ApiWorld, project: Project, url: str, bytecode: list[Any] | None
) -> None:
    old = await stored_by_an_older_version(world, project, BROKEN, bytecode)
    renamed = await client.patch(f"{url}{old.id}/", json={"name": "New"})
    assert renamed.status_code == 200
    assert renamed.json()["name"] == "New"
    assert renamed.json()["evaluation_config"] == old.evaluation_config
    again = await client.patch(f"{url}{old.id}/", json={"evaluation_config": {"source": BROKEN}})
    assert (again.status_code, again.json()["attr"]) == (400, "evaluation_config")


async def test_without_processes_nothing_new_is_stored_but_a_rename_is(
    client: httpx.AsyncClient, world: ApiWorld, project: Project, url: str
) -> None:
    old = await stored_by_an_older_version(world, project, "return true", OUTDATED)
    closed = HogProcesses(processes=1, memory_mb=256)
    await closed.close()
    async with world.client(hog=closed) as client_without:
        refused = await client_without.post(url, json=judge(**hog_config("return 7 == 7")))
        renamed = await client_without.patch(f"{url}{old.id}/", json={"name": "New"})
    assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
    assert (renamed.status_code, renamed.json()["evaluation_config"]["bytecode"]) == (200, OUTDATED)
    assert (await client.get(url)).json()["count"] == 1


async def test_a_renewed_program_counts_for_its_own_source_only(
    client: httpx.AsyncClient, world: ApiWorld, project: Project, url: str, hog: HogProcesses
) -> None:
    """The compiler is asked outside of the row's lock: somebody may save another source meanwhile."""
    old = await stored_by_an_older_version(world, project, "return true", OUTDATED)
    item = f"{url}{old.id}/"

    class SlowCompiler:
        async def compile(self, source: str, *, owner: object) -> CompiledProgram:
            assert owner == ("save", project.id)
            other = await client.patch(item, json={"evaluation_config": {"source": "return false"}})
            assert other.status_code == 200
            return await hog.compile(source, owner=owner)

    async with world.client(hog=SlowCompiler()) as slow:
        renamed = (await slow.patch(item, json={"name": "New"})).json()
    assert (renamed["name"], renamed["evaluation_config"]["source"]) == ("New", "return false")
    assert (await result_of(hog, renamed["evaluation_config"], "")).verdict is False
