from __future__ import annotations

import numpy as np

from assay.adapters.clickhouse import ClickHouseEmbeddings
from assay.domain.digests import digest_of
from tests.stores.events.support import Backend

MODEL = "a-model"


def vectors(*names: str) -> dict[str, np.ndarray]:
    return {digest_of(name): np.asarray([float(len(name)), 0.25, -1.5], dtype=np.float32) for name in names}


def test_vectors_come_back_as_they_were_stored(backend: Backend, project: int) -> None:
    cache = ClickHouseEmbeddings(backend.store.connection)
    stored = vectors("a", "bb")
    cache.put(project, MODEL, stored)

    found = cache.find(project, MODEL, [*stored, digest_of("unknown")])

    assert found.keys() == stored.keys()
    assert all(np.array_equal(found[digest], stored[digest]) for digest in stored)


def test_projects_and_models_are_kept_apart(backend: Backend, project: int) -> None:
    cache = ClickHouseEmbeddings(backend.store.connection)
    stored = vectors("a")
    cache.put(project, MODEL, stored)

    assert cache.find(project + 1_000_000, MODEL, list(stored)) == {}
    assert cache.find(project, "another-model", list(stored)) == {}


def test_storing_again_changes_nothing(backend: Backend, project: int) -> None:
    cache = ClickHouseEmbeddings(backend.store.connection)
    stored = vectors("a", "bb")
    cache.put(project, MODEL, stored)
    cache.put(project, MODEL, stored)

    assert len(cache.find(project, MODEL, list(stored))) == 2


def test_more_digests_than_one_statement_takes(backend: Backend, project: int) -> None:
    cache = ClickHouseEmbeddings(backend.store.connection)
    stored = vectors(*(f"text {number}" for number in range(4_500)))
    cache.put(project, MODEL, stored)

    assert cache.find(project, MODEL, list(stored)).keys() == stored.keys()


def test_nothing_is_stored_and_asked_for_without_a_statement(backend: Backend, project: int) -> None:
    cache = ClickHouseEmbeddings(backend.store.connection)
    cache.put(project, MODEL, {})

    assert cache.find(project, MODEL, []) == {}
