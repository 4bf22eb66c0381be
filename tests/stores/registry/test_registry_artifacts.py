from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from assay.adapters.sql import SqlRegistry
from assay.adapters.sql.tables import ArtifactRow
from assay.contracts.artifacts import KEPT, Artifact, ArtifactKind
from assay.domain.digests import digest_of

PROJECT = 1
SUMMARY = ArtifactKind.SUMMARY


def artifact(name: str, *, age: timedelta = timedelta(), **changes: Any) -> Artifact:
    values = {"project_id": PROJECT, "kind": SUMMARY, "digest": digest_of(name), "body": {"title": name}}
    return Artifact(**values | {"created_at": datetime.now(UTC) - age} | changes)


@pytest.mark.parametrize(
    "body", ["text", "", None, ["\ud800", "\x00"], {"n": 10**30, "f": 0.1}, "x" * 3_000_000], ids=range(6)
)
async def test_a_body_comes_back_as_it_was_stored(registry: SqlRegistry, body: Any) -> None:
    stored = artifact("any", body=body, subject="trace", variant="minimal", source="3 events")

    await registry.artifacts.put(stored)

    assert await registry.artifacts.get(PROJECT, SUMMARY, stored.digest) == stored


async def test_kind_project_and_digest_tell_artifacts_apart(registry: SqlRegistry) -> None:
    stored = artifact("one")
    await registry.artifacts.put(stored)

    assert await registry.artifacts.get(PROJECT, ArtifactKind.TEXT, stored.digest) is None
    assert await registry.artifacts.get(PROJECT + 1, SUMMARY, stored.digest) is None
    assert await registry.artifacts.get(PROJECT, SUMMARY, digest_of("other")) is None


async def test_the_same_digest_again_replaces(registry: SqlRegistry) -> None:
    await registry.artifacts.put(artifact("one", body="old", subject="a"))
    newer = artifact("one", body="new", subject="b")

    await registry.artifacts.put(newer)

    assert await registry.artifacts.get(PROJECT, SUMMARY, newer.digest) == newer


async def test_what_has_expired_is_not_there_and_goes_with_the_next_write(registry: SqlRegistry) -> None:
    old = artifact("old", age=KEPT[SUMMARY], subject="a", variant="v")
    await registry.artifacts.put(old)

    assert await registry.artifacts.get(PROJECT, SUMMARY, old.digest) is None
    assert await registry.artifacts.latest(PROJECT, SUMMARY, ["a"], "v") == {}

    await registry.artifacts.put(artifact("new"))
    async with registry.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ArtifactRow)) == 1


async def test_the_newest_of_each_subject_and_variant_is_found(registry: SqlRegistry) -> None:
    hour = timedelta(hours=1)
    newest = artifact("a2", subject="a", variant="v")
    other = artifact("b1", subject="b", variant="v", age=hour)
    for each in (
        artifact("a1", subject="a", variant="v", age=hour),
        newest,
        artifact("a3", subject="a", variant="w"),
        artifact("a4", subject="a", variant="v", kind=ArtifactKind.TRANSLATION),
        other,
    ):
        await registry.artifacts.put(each)

    found = await registry.artifacts.latest(PROJECT, SUMMARY, ["a", "b", "c"], "v")

    assert found == {"a": newest, "b": other}


async def test_subjects_of_any_length_are_found(registry: SqlRegistry) -> None:
    stored = artifact("long", subject="t" * 5_000, variant="v")
    await registry.artifacts.put(stored)

    found = await registry.artifacts.latest(PROJECT, SUMMARY, [stored.subject, "t" * 4_999], "v")

    assert {subject: each.digest for subject, each in found.items()} == {stored.subject: stored.digest}
