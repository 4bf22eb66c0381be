from __future__ import annotations

import asyncio
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


async def test_many_are_stored_and_found_together(registry: SqlRegistry) -> None:
    many = [artifact(f"text {n}", kind=ArtifactKind.SENTIMENT, body={"n": n}) for n in range(1_200)]
    expired = artifact("old", kind=ArtifactKind.SENTIMENT, age=KEPT[ArtifactKind.SENTIMENT])
    await registry.artifacts.put_all([*many, expired])
    changed = [each.model_copy(update={"body": "changed"}) for each in many[:600]]
    await registry.artifacts.put_all(changed)
    await registry.artifacts.put_all([])

    digests = [digest_of("unknown"), expired.digest, *(each.digest for each in many)]
    found = await registry.artifacts.get_all(PROJECT, ArtifactKind.SENTIMENT, digests)

    assert found == {each.digest: each for each in [*changed, *many[600:]]}
    assert await registry.artifacts.get_all(PROJECT, SUMMARY, digests) == {}
    assert await registry.artifacts.get_all(PROJECT + 1, ArtifactKind.SENTIMENT, digests) == {}
    assert await registry.artifacts.get_all(PROJECT, ArtifactKind.SENTIMENT, []) == {}


async def test_those_who_store_the_same_ones_do_not_stop_each_other(registry: SqlRegistry) -> None:
    many = [artifact(f"text {n}", kind=ArtifactKind.SENTIMENT) for n in range(300)]

    await asyncio.gather(*(registry.artifacts.put_all(each) for each in (many, many[::-1]) * 4))

    found = await registry.artifacts.get_all(PROJECT, ArtifactKind.SENTIMENT, [each.digest for each in many])
    assert len(found) == len(many)
