"""Hosted embeddings on a real registry, the real litellm and a scripted provider."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from activities.embedding_models import HostedOrLocal, LocalOnly, keep_vectors
from activities.hosted_embeddings import HostedEmbeddings
from activities.judge_models import JudgeModels
from activities.model_gate import GateKey, ModelGate
from assay.adapters.clickhouse import ClickHouseEmbeddings
from assay.adapters.embeddings import StaticEmbeddings
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.adapters.testing.scripted_embeddings import SCRIPTED_DIMENSIONS, embeddings_body, scripted_vector
from assay.contracts.embeddings import Vectors
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess, ProviderKey
from assay.domain.digests import digest_of
from assay.domain.embedding import LONGEST_TEXT, MOST_TEXTS, hosted_model
from assay.errors import (
    CircuitOpen,
    ContextWindowExceeded,
    ProviderAuthenticationFailed,
    ProviderKeyRequired,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
)
from assay.ports import EmbeddingModel
from assay.runtime.embeddings import embedding_models
from assay.runtime.settings import Settings
from tests.activities.world import PROJECT, World

OWN = "sk-own"
NAME = "openai/text-embedding-3-small"


class Kept:
    """Takes vectors, and remembers how many came together."""

    def __init__(self) -> None:
        self.vectors: dict[str, Vectors] = {}
        self.together: list[int] = []

    async def __call__(self, vectors: Mapping[str, Vectors]) -> None:
        assert not self.vectors.keys() & vectors.keys()
        self.vectors.update(vectors)
        self.together.append(len(vectors))


class Hosting:
    """Hosted embeddings on the world's registry and model."""

    def __init__(self, world: World, *, house: bool = True) -> None:
        self.world = world
        url = world.model.base_url
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=url, api_version=None)
        asks = LiteLLM({Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: url})
        self.gate = ModelGate(asks)
        self.judges = JudgeModels(world.registry, asks)
        self.hosted = HostedEmbeddings(
            hosted_model(NAME), access=world.registry.access, models=self.judges, gate=self.gate
        )
        self.local = StaticEmbeddings()
        self.models = HostedOrLocal(self.hosted, self.local)

    async def embed(self, *texts: str) -> Vectors:
        """The vectors, in the order of the texts."""
        kept = Kept()
        await self.hosted.embed(PROJECT, {str(at): text for at, text in enumerate(texts)}, kept)
        return np.array([kept.vectors[str(at)] for at in range(len(texts))])

    async def own_key(self, provider: Provider = Provider.OPENAI) -> ProviderKey:
        access = ProviderAccess(provider=provider, api_key=SecretStr(OWN))
        return await self.world.registry.provider_keys.create(
            PROJECT, "Own", access, created_by=None, set_as_active=True
        )

    @property
    def keys(self) -> list[str]:
        """The keys that questions came with."""
        return [request.headers["authorization"] for request in self.world.model.requests]

    @property
    def asked(self) -> list[list[str]]:
        """The texts of each question."""
        return [request.body["input"] for request in self.world.model.requests]


@pytest.fixture
def hosting(world: World) -> Hosting:
    return Hosting(world)


def expected(texts: Sequence[str]) -> Vectors:
    made = np.asarray([scripted_vector(text) for text in texts], dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def by_number(count: int) -> dict[str, str]:
    """So many texts."""
    return {digest_of(str(number)): f"text number {number}" for number in range(count)}


ANSWER = embeddings_body({"input": ["any text"] * MOST_TEXTS})
"""To a question of as many texts as there may be."""


def refused(status: int, message: str = "No.", **headers: str) -> Reply:
    return Reply(status=status, headers=headers, body={"error": {"message": message}})


async def test_vectors_have_length_one_and_come_in_order(hosting: Hosting) -> None:
    texts = ["A lost card", "A boiled egg", "Another lost card"]

    vectors = await hosting.embed(*texts)

    assert vectors.dtype == np.float32
    assert np.allclose(vectors, expected(texts))
    assert hosting.keys == ["Bearer sk-house"]


async def test_many_texts_go_in_batches_and_come_back_in_order(hosting: Hosting) -> None:
    texts = [f"text number {number}" for number in range(2 * MOST_TEXTS + 5)]

    assert np.allclose(await hosting.embed(*texts), expected(texts))
    assert sorted(map(len, hosting.asked)) == [5, MOST_TEXTS, MOST_TEXTS]


async def test_texts_without_words_are_asked_nobody_and_have_zeros(hosting: Hosting) -> None:
    vectors = await hosting.embed("", "words", " \n\t")

    assert hosting.asked == [["words"]]
    assert not vectors[[0, 2]].any()
    assert np.allclose(vectors[1], expected(["words"])[0])
    assert (await hosting.embed("", " ")).tolist() == np.zeros((2, SCRIPTED_DIMENSIONS)).tolist()
    assert len(await hosting.embed()) == 0


async def test_of_a_long_text_the_beginning_counts(hosting: Hosting) -> None:
    await hosting.embed("x" * (LONGEST_TEXT + 1))

    assert [len(text) for [text] in hosting.asked] == [LONGEST_TEXT]


async def test_no_text_with_words_counts_as_one_without(hosting: Hosting) -> None:
    vectors = await hosting.embed(" " * (LONGEST_TEXT + 1) + "words", "\n" * (LONGEST_TEXT + 1))

    assert hosting.asked == [["words"]]
    assert np.allclose(vectors[0], expected(["words"])[0])
    assert not vectors[1].any()


@pytest.fixture
def short_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model takes texts of up to 1,500 characters."""
    monkeypatch.setattr("assay.adapters.testing.scripted_embeddings.MOST_TOKENS", 375)


@pytest.mark.usefixtures("short_model")
async def test_a_vector_does_not_depend_on_the_texts_beside_it(hosting: Hosting) -> None:
    texts = ["a short one", "long " * 800, "last " * 300, "fills it"]

    together = await hosting.embed(*texts)

    assert [[len(text) for text in question] for question in hosting.asked] == [
        [11, 4000, 1500, 8],
        [11, 4000],
        [11],
        [4000],
        [2000],
        [1000],
        [1500, 8],
    ]
    assert np.allclose(together, expected([texts[0], texts[1][:1000], texts[2], texts[3]]))
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal((await hosting.embed(text))[0], vector)


async def test_each_answer_to_a_smaller_question_is_kept(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    too_long = refused(400, "This model's maximum context length is 512 tokens.")
    model.enqueue(too_long, Reply(body=embeddings_body({"input": ["first"]})), refused(503))
    kept = Kept()

    with pytest.raises(ProviderUnavailable):
        await hosting.hosted.embed(PROJECT, {"1": "first", "2": "second"}, kept)
    assert hosting.asked == [["first", "second"], ["first"], ["second"]]
    assert list(kept.vectors) == ["1"]


async def test_halving_has_an_end(hosting: Hosting, model: ScriptedModelServer) -> None:
    model.enqueue(*[refused(400, "maximum context length is 0 tokens")] * 3)

    with pytest.raises(ContextWindowExceeded):
        await hosting.embed("x" * 800)
    assert [len(text) for [text] in hosting.asked] == [800, 400, 200]


async def test_what_it_takes_and_costs_is_counted(hosting: Hosting) -> None:
    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, {"provider": "openai", **labels}) or 0.0

    def all_counted() -> tuple[float, float, float]:
        return (
            counted("assay_model_tokens_total", kind="input"),
            counted("assay_model_cost_usd_total"),
            counted("assay_model_calls_total", code="ok"),
        )

    before = all_counted()
    await hosting.embed("x" * 4000)
    tokens, cost, calls = np.subtract(all_counted(), before)
    assert (tokens, calls) == (1000, 1)
    assert cost == pytest.approx(1000 * 2e-8)


async def test_a_429_is_raised_with_its_retry_after_and_obeyed_on_that_key(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    model.enqueue(refused(429, **{"retry-after": "77"}))
    with pytest.raises(RateLimited) as limited:
        await hosting.embed("a text")
    assert limited.value.retry_after == 77

    with pytest.raises(CircuitOpen) as open_circuit:
        await hosting.embed("a text")
    assert 0 < (open_circuit.value.retry_after or 0) <= 77
    assert len(hosting.asked) == 1
    assert hosting.gate.blocked_for(GateKey(Provider.OPENAI)) > 0


async def test_after_a_failure_what_was_asked_is_kept_and_no_more_is_asked(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    model.enqueue(Reply(status=429, delay_seconds=0.3, body={}), *[Reply(delay_seconds=0.6, body=ANSWER)] * 9)
    kept = Kept()

    with pytest.raises(RateLimited):
        await hosting.hosted.embed(PROJECT, by_number(10 * MOST_TEXTS), kept)
    assert kept.together == [MOST_TEXTS] * (len(hosting.asked) - 1)
    assert len(hosting.asked) <= 4


async def test_vectors_of_other_dimensions_are_not_put_together(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    rows = [{"index": index, "embedding": [1.0, 2.0]} for index in range(MOST_TEXTS)]
    model.enqueue(Reply(body={"object": "list", "model": "m", "data": rows}))

    with pytest.raises(ProviderUnavailable, match="different lengths"):
        await hosting.embed(*["a text"] * MOST_TEXTS * 2)


async def test_garbage_is_an_outage(hosting: Hosting, model: ScriptedModelServer) -> None:
    model.enqueue(Reply(body={"data": [{"index": 0, "embedding": [float("nan")]}]}))
    with pytest.raises(ProviderUnavailable, match="no finite number"):
        await hosting.embed("a text")


async def test_whoever_stops_waiting_gives_the_places_back(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    model.enqueue(Reply(hang=True))
    asking = asyncio.create_task(hosting.embed("a text"))
    while not model.requests:  # noqa: ASYNC110  (the server tells nobody)
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with hosting.gate.turn(GateKey(Provider.OPENAI), owner="another"):
        pass
    assert np.allclose(await hosting.embed("a text"), expected(["a text"]))


# Who is asked


async def test_the_projects_key_is_asked_if_it_is_for_that_provider(hosting: Hosting) -> None:
    await hosting.own_key()
    await hosting.embed("a text")
    assert hosting.keys == [f"Bearer {OWN}"]


async def test_texts_go_to_no_account_that_their_project_did_not_choose(hosting: Hosting) -> None:
    await hosting.own_key(Provider.ANTHROPIC)

    assert await hosting.models.of(PROJECT) is hosting.local
    with pytest.raises(ProviderKeyRequired):
        await hosting.embed("a text")
    assert hosting.asked == []


async def test_a_hosted_model_is_a_third_party_and_has_a_name_of_its_own(hosting: Hosting) -> None:
    found = await hosting.models.of(PROJECT)
    assert (found.name, found.is_third_party) == (NAME, True)
    assert (hosting.local.name != NAME, hosting.local.is_third_party) == (True, False)


async def test_without_consent_no_text_leaves(hosting: Hosting) -> None:
    await hosting.own_key()
    await hosting.world.registry.access.set_ai_consent(False)

    assert await hosting.models.of(PROJECT) is hosting.local
    with pytest.raises(ProviderKeyRequired, match="no consent"):
        await hosting.embed("a text")
    assert hosting.asked == []
    await hosting.world.registry.access.set_ai_consent(True)
    assert await hosting.models.of(PROJECT) is hosting.hosted


async def test_without_a_key_texts_are_embedded_here(world: World) -> None:
    hosting = Hosting(world, house=False)
    assert await hosting.models.of(PROJECT) is hosting.local

    await hosting.own_key()
    assert await hosting.models.of(PROJECT) is hosting.hosted


async def test_a_project_that_is_gone_is_not_served(hosting: Hosting) -> None:
    assert await hosting.models.of(4711) is hosting.local


async def test_a_key_that_is_refused_is_not_replaced_by_the_operators(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    key = await hosting.own_key()
    model.rejected_keys.add(OWN)
    with pytest.raises(ProviderAuthenticationFailed) as failed:
        await hosting.embed("a text")

    assert failed.value.retryable  # and the next attempt finds the local model
    stored = await hosting.world.registry.provider_keys.get(PROJECT, key.id)
    assert stored is not None
    assert stored.state is KeyState.INVALID
    assert await hosting.models.of(PROJECT) is hosting.local
    assert hosting.keys == [f"Bearer {OWN}"]


async def test_a_key_rests_after_an_error_and_is_then_asked_again(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = hosting.world.registry.provider_keys
    key = await hosting.own_key()
    check = KeyCheck(state=KeyState.ERROR, error_message="No credit.", error_field="api_key")
    await keys.report(PROJECT, key.id, check, version=key.version)
    assert await hosting.models.of(PROJECT) is hosting.local

    monkeypatch.setattr("assay.domain.provider_keys.ERROR_PAUSE", timedelta(0))
    assert await hosting.models.of(PROJECT) is hosting.hosted
    await hosting.embed("a text")
    stored = await keys.get(PROJECT, key.id)
    assert stored is not None
    assert stored.state is KeyState.OK


async def test_the_operators_key_that_is_refused_is_an_outage_for_all(
    hosting: Hosting, model: ScriptedModelServer
) -> None:
    model.rejected_keys.add("sk-house")
    with pytest.raises(ProviderAuthenticationFailed):
        await hosting.embed("a text")
    with pytest.raises(CircuitOpen):
        await hosting.embed("a text")
    assert await hosting.models.of(PROJECT) is hosting.hosted


# What is kept


def by_digest(*texts: str) -> dict[str, str]:
    return {digest_of(text): text for text in texts}


async def test_the_same_text_is_asked_for_once_by_each_model_and_project(hosting: Hosting) -> None:
    cache = ClickHouseEmbeddings(hosting.world.events.connection)
    texts = by_digest("kept once", "kept twice")

    async def keep(model: EmbeddingModel, project: int = PROJECT, more: Any = ()) -> int:
        return await keep_vectors(model, cache, project, texts | by_digest(*more))

    assert [await keep(hosting.hosted), await keep(hosting.hosted)] == [2, 0]
    assert await keep(hosting.hosted, more=["kept later"]) == 1
    assert hosting.asked == [["kept once", "kept twice"], ["kept later"]]
    assert [await keep(hosting.local), await keep(hosting.local, project=2)] == [2, 2]
    found = cache.find(PROJECT, NAME, list(texts))
    for digest, text in texts.items():
        assert np.allclose(found[digest], expected([text])[0])
    await hosting.world.registry.access.set_ai_consent(False)
    assert await keep(hosting.hosted) == 0  # there is nothing to ask for
    local = cache.find(PROJECT, hosting.local.name, list(texts))
    assert np.allclose(local[digest_of("kept once")], hosting.local.vectors(["kept once"])[0])


async def test_a_retry_asks_for_what_is_not_kept(hosting: Hosting, model: ScriptedModelServer) -> None:
    cache = ClickHouseEmbeddings(hosting.world.events.connection)
    texts = by_number(5 * MOST_TEXTS)
    model.enqueue(*[Reply(body=ANSWER)] * 2, Reply(status=503, body={}), *[Reply(body=ANSWER)] * 9)
    with pytest.raises((ProviderUnavailable, CircuitOpen)):
        await keep_vectors(hosting.hosted, cache, PROJECT, texts)
    answered = len(hosting.asked) - 1

    model.reset()
    after_the_outage = Hosting(hosting.world)
    made = await keep_vectors(after_the_outage.hosted, cache, PROJECT, texts)
    assert made == sum(map(len, hosting.asked)) == (5 - answered) * MOST_TEXTS
    assert answered >= 2
    assert len(cache.find(PROJECT, NAME, list(texts))) == len(texts)


class AwayAtFirst(ClickHouseEmbeddings):
    """Stores nothing the first time."""

    was_asked = False

    def put(self, project_id: int, model: str, vectors: Mapping[str, Vectors]) -> None:
        if not self.was_asked:
            self.was_asked = True
            raise StoreUnavailable("away")
        super().put(project_id, model, vectors)


async def test_what_was_paid_for_outlives_an_event_store_that_is_away(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.keeping.STORING_PAUSES", (0.0,))
    cache = AwayAtFirst(hosting.world.events.connection)
    texts = by_digest("paid for while the store is away")

    assert await keep_vectors(hosting.hosted, cache, PROJECT, texts) == 1
    assert cache.find(PROJECT, NAME, list(texts)).keys() == texts.keys()
    assert len(hosting.asked) == 1


async def test_the_setting_decides(hosting: Hosting) -> None:
    registry, shared = hosting.world.registry, {"models": hosting.judges, "gate": hosting.gate}
    local = embedding_models(Settings(embedding_model=None), registry, **shared)
    hosted = embedding_models(Settings(embedding_model=NAME), registry, **shared)

    assert isinstance(local, LocalOnly)
    assert not (await local.of(PROJECT)).is_third_party
    assert (await hosted.of(PROJECT)).name == NAME
    await registry.access.set_ai_consent(False)
    assert await hosted.of(PROJECT) is await local.of(PROJECT)
