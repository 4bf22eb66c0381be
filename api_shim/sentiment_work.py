"""Having texts classified: what is known is looked up, the rest is made by a workflow, or awaited.

One workflow makes what one request lacks. Requests about the same texts share it. Requests that share only
some of theirs may both ask about a text of which nobody knows anything yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from api_shim.answers import Work, result_of, result_under_way
from api_shim.operations import Call
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.sentiment import (
    SentimentBatchInput,
    SentimentBatchResult,
    SentimentScores,
    SentimentSource,
    StoredScores,
)
from assay.domain.sentiment.batches import text_digest, work_digest, work_facts, work_line
from assay.errors import FieldError, NotPossible, RequestError, StillWorking, WorkFailed
from assay.temporal.ids import answer_id
from assay.temporal.search_attributes import PROJECT, TRIGGER, pairs

_REFRESH_TAKES_LONG: Final = (
    "This takes longer than usual. Send the request again without force_refresh to get the result."
)
_NOT_KEPT: Final = "The scores of some messages are not kept any more; send the request again."

type _Call = Call[Any, Any]
type _Digests = Mapping[str, str]
"""What each text's scores are kept under."""


class Known(NamedTuple):
    """What is known of texts.

    Attributes:
        scores: by text.
        problem: why texts that are not among them have none.
    """

    scores: Mapping[str, SentimentScores]
    problem: str


class _End(NamedTuple):
    """How work ended.

    Attributes:
        run: of the workflow; empty if it failed.
        failure: why some texts, or all, have no scores.
    """

    run: str
    failure: RequestError | None


class _Found(NamedTuple):
    """Scores by digest, and why others are missing."""

    scores: Mapping[str, SentimentScores]
    failure: RequestError | None = None


async def scores_of(call: _Call, texts: Iterable[str], *, refresh: bool) -> Known:
    """What a model says of texts, or has said in the last week.

    Args:
        refresh: only what it says from now on, or in a refresh of the same texts that is under way.

    Raises:
        StillWorking: it takes longer than a request waits.
        ServiceUnavailable: Temporal, or the registry, did not answer.
        NotPossible, WorkFailed: nothing is known of any text, for that reason.
    """
    digests = await asyncio.to_thread(_digests, call.deps.sentiment, texts)
    found, failure = await (_made_anew if refresh else _looked_up)(call, digests)
    if failure is not None and not found:
        raise failure
    scores = {text: found[digest] for text, digest in digests.items() if digest in found}
    return Known(scores, _NOT_KEPT if failure is None else failure.detail)


async def _looked_up(call: _Call, digests: _Digests) -> _Found:
    """Scores that are kept, and those that have to be made."""
    await _refresh_awaited(call, digests)
    known = _scores(await _kept(call, digests.values()))
    missing = [text for text, digest in digests.items() if digest not in known]
    if not missing:
        return _Found(known)
    made = await _end(_made(call, digests, missing, refresh=False))
    return _Found(known | _scores(await _kept(call, [digests[text] for text in missing])), made.failure)


async def _made_anew(call: _Call, digests: _Digests) -> _Found:
    """Scores of one run, which is begun unless it is under way."""
    if not digests:
        return _Found({})
    try:
        made = await _end(_made(call, digests, digests, refresh=True))
    except StillWorking:
        # Once the work is done, the same request would have it done once more.
        raise StillWorking(_REFRESH_TAKES_LONG) from None
    return _Found(_scores(await _kept(call, digests.values()), made.run), made.failure)


async def _end(work: Awaitable[SentimentBatchResult]) -> _End:
    try:
        result = await work
    except FieldError as error:  # the model, which the operator has chosen and no field of a request
        return _End("", WorkFailed(error.detail))
    except (NotPossible, WorkFailed) as error:
        return _End("", error)
    return _End(result.run, WorkFailed(result.problem) if result.problem else None)


async def _refresh_awaited(call: _Call, digests: _Digests) -> None:
    """Wait for who has these texts classified anew right now, if anybody does.

    Most texts are never classified anew. That is known without a question to Temporal: what a refresh is
    about is kept for longer than it takes.

    Raises:
        StillWorking: it takes longer than a request waits.
    """
    if not digests:
        return
    work = _batch(call, digests, digests, refresh=True)
    if await call.deps.registry.artifacts.get(call.project.id, ArtifactKind.TEXT, work.digest) is not None:
        with suppress(FieldError, NotPossible, WorkFailed):  # what it lacks is asked for again
            await result_under_way(call, _workflow(work, work.digest))


async def _made(
    call: _Call, digests: _Digests, missing: Iterable[str], *, refresh: bool
) -> SentimentBatchResult:
    """Have texts classified, or wait for who does it already.

    Args:
        digests: of all texts that the request is about. They name the work, so that the same request joins it
            however far it is.
        missing: those that have no scores.

    Raises:
        RequestError: see `result_of`.
    """
    texts = _ordered(digests, missing)
    work = _batch(call, digests, texts, refresh=refresh)
    await call.deps.registry.artifacts.put(
        Artifact(
            project_id=work.project_id,
            kind=ArtifactKind.TEXT,
            digest=work.digest,
            body=texts,
            created_at=datetime.now(UTC),
        )
    )
    return await result_of(call, _workflow(work, _digest(call, digests, digests, refresh=refresh)))


def _ordered(digests: _Digests, texts: Iterable[str]) -> list[str]:
    """Texts in an order that does not depend on where they were said."""
    return sorted(texts, key=lambda text: digests[text])


def _digest(call: _Call, digests: _Digests, texts: Iterable[str], *, refresh: bool) -> str:
    of_texts = [digests[text] for text in _ordered(digests, texts)]
    return work_digest(call.project.id, call.deps.sentiment, of_texts, refresh=refresh)


def _batch(call: _Call, digests: _Digests, texts: Collection[str], *, refresh: bool) -> SentimentBatchInput:
    return SentimentBatchInput(
        project_id=call.project.id,
        digest=_digest(call, digests, texts, refresh=refresh),
        texts=len(texts),
        backend=call.deps.sentiment.backend,
        model=call.deps.sentiment.model,
        refresh=refresh,
    )


def _workflow(work: SentimentBatchInput, whole: str) -> Work[SentimentBatchResult]:
    return Work(
        workflow="sentiment-batch",
        id=answer_id("sentiment", whole),
        argument=work,
        result=SentimentBatchResult,
        attributes=pairs((PROJECT, str(work.project_id)), (TRIGGER, "manual")),
        summary=work_line(work),
        details=work_facts(work),
    )


def _digests(source: SentimentSource, texts: Iterable[str]) -> dict[str, str]:
    return {text: text_digest(source, text) for text in dict.fromkeys(texts)}


async def _kept(call: _Call, digests: Iterable[str]) -> dict[str, StoredScores]:
    """What is kept, by digest."""
    found = await call.deps.registry.artifacts.get_all(call.project.id, ArtifactKind.SENTIMENT, list(digests))
    return {digest: StoredScores.model_validate(artifact.body) for digest, artifact in found.items()}


def _scores(kept: Mapping[str, StoredScores], run: str | None = None) -> dict[str, SentimentScores]:
    """Scores by digest; only those of a run, if there is one."""
    return {digest: each.scores for digest, each in kept.items() if run is None or each.run == run}
