"""The author of reports: which model writes, and one activity per answer of it.

A report is written by the model of its evaluation, or else by the one that judges in its project, on the
same keys. On the operator's own access a run takes one place of the trial, as a verdict does, however many
questions and attempts it needs. What a model answers is stored before anything follows from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import UUID

import structlog
from temporalio import activity

from activities.consent import has_ai_consent
from activities.judge_models import KEY_FAULTS, KEY_NOT_OK, JudgeModel, JudgeModels, NoModel
from activities.judging import gate_key
from activities.keeping import keep_paid
from activities.model_gate import ModelGate
from assay.contracts.evaluations import Evaluation, StatusReason, TrialPlace
from assay.contracts.models import ChatReply, ChatRequest
from assay.contracts.report_run_workflows import AuthorAsk, AuthorStep
from assay.contracts.report_runs import TranscriptEntry
from assay.domain.report_author.budget import MAX_CALLS_PER_MESSAGE
from assay.domain.report_author.conversation import tool_calls, with_fewer_calls
from assay.domain.report_author.tools import definitions
from assay.domain.report_author.trimming import estimated_tokens, trimmed
from assay.errors import (
    EvaluationNotFound,
    ProviderKeyRequired,
    ProviderKeyUnreadable,
    StoreRejected,
    StoreUnavailable,
)
from assay.ports import Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.retry import AUTHOR_CALL_TIMEOUT

log = structlog.get_logger(__name__)

_NO_CONSENT = "the organisation has not agreed to AI processing of its data"
_NO_PLACE: Mapping[TrialPlace, str] = MappingProxyType(
    {
        TrialPlace.USED_UP: "the trial on the operator's model access is used up",
        TrialPlace.BUSY: "evaluations under way hold the last places of the trial on the operator's model "
        "access",
    }
)
_UNREADABLE = "the provider key cannot be decrypted here"
_OTHERWISE = "there is no model to ask"
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        KEY_NOT_OK: "the provider key does not work at the moment",
        StatusReason.PROVIDER_KEY_DELETED: "the provider key of the evaluation was deleted",
        StatusReason.PROVIDER_KEY_INVALID: "the provider refuses the key of the evaluation",
        StatusReason.PROVIDER_KEY_REQUIRED: "there is no key for a model provider",
        StatusReason.MODEL_NOT_ALLOWED: "the operator's model access does not cover the evaluation's model",
    }
)
"""Why there is nobody to ask, as the rest of a sentence."""

_NAMED_CHARS: Final = 64
"""Of the ids and names of calls that histories carry; some providers put kilobytes into an id."""


@dataclass(frozen=True, slots=True)
class NoAuthor:
    """There is nobody to write.

    Attributes:
        reason: the rest of a sentence, without a full stop.
    """

    reason: str


class Authors:
    """Finds the models that write, and keeps their places in the trial.

    A run's place is reserved for its id before anything is asked, used for good once an answer has been paid
    for, and given back if none ever was.

    Args:
        trial_eval_limit: evaluations that a project may run on the operator's own model access.
    """

    def __init__(self, registry: Registry, models: JudgeModels, *, trial_eval_limit: int) -> None:
        self._registry = registry
        self._models = models
        self._trial_eval_limit = trial_eval_limit

    async def choose(self, evaluation: Evaluation, run_id: UUID) -> JudgeModel | NoAuthor:
        """The model that writes about an evaluation now; on the operator's access the run has a place then.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        project_id = evaluation.project_id
        if not await has_ai_consent(self._registry.access, project_id):
            return NoAuthor(_NO_CONSENT)
        try:
            chosen = await self._models.choose(project_id, evaluation.model_configuration)
        except ProviderKeyUnreadable:
            return NoAuthor(_UNREADABLE)
        if isinstance(chosen, NoModel):
            return NoAuthor(_REASONS.get(chosen.stops or chosen.reason, _OTHERWISE))
        if chosen.own_key is None:
            trial = self._registry.trial
            place = await trial.reserve(project_id, run_id, limit=self._trial_eval_limit)
            if place is not TrialPlace.RESERVED:
                return NoAuthor(_NO_PLACE[place])
        return chosen

    async def paid(self, project_id: int, run_id: UUID, author: JudgeModel) -> None:
        """An author has answered: the place of the run, if it needs one, is used for good.

        A registry that is away does not keep the answer from being stored; the next answer counts.
        """
        if author.own_key is not None:
            return
        try:
            await self._registry.trial.confirm(project_id, run_id)
        except StoreUnavailable as error:
            log.warning("trial place not settled", run_id=str(run_id), error=error.detail)

    async def done(self, project_id: int, run_id: UUID) -> None:
        """The run asks nothing more: its place comes back, unless an answer was paid for.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        await self._registry.trial.release(project_id, run_id)


class ReportAuthorActivities:
    """Asks authors.

    Args:
        sleep: waits for seconds.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        authors: Authors,
        models: JudgeModels,
        gate: ModelGate,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._registry = registry
        self._authors = authors
        self._models = models
        self._gate = gate
        self._sleep = sleep

    @activity.defn(name="ask-report-author")
    async def ask(self, given: AuthorAsk) -> AuthorStep:
        """Get the next message of the author: from the transcript if it is there, else from the model.

        Raises:
            ProviderKeyRequired: there is nobody to ask any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            transcript = await self._registry.report_runs.transcript(given.project_id, given.run_id)
            stored = next((entry for entry in transcript if entry.number == given.number), None)
            if stored is not None:
                return _step(stored)
            messages = [entry.message for entry in transcript if entry.number < given.number]
            shown = await asyncio.to_thread(trimmed, messages)
            reply = await self._asked(given, shown)
            return _step(await self._keep(given, await asyncio.to_thread(_entry, given.number, reply, shown)))

    async def _asked(self, given: AuthorAsk, messages: list[dict[str, object]]) -> ChatReply:
        chosen = await self._authors.choose(await self._evaluation(given), given.run_id)
        if isinstance(chosen, NoAuthor):
            raise ProviderKeyRequired(f"Nobody can be asked: {chosen.reason}.")
        request = ChatRequest(
            provider=chosen.provider,
            model=chosen.model,
            messages=tuple(messages),
            tools=definitions(),
            timeout_seconds=AUTHOR_CALL_TIMEOUT.total_seconds(),
        )
        try:
            async with self._gate.turn(gate_key(chosen), owner=("report", given.project_id)) as turn:
                reply = await turn.chat(request, chosen.access)
        except KEY_FAULTS as error:
            await self._models.blame(chosen, error)
            raise
        await self._authors.paid(given.project_id, given.run_id, chosen)
        await self._models.absolve(chosen)
        return reply

    async def _evaluation(self, given: AuthorAsk) -> Evaluation:
        """The evaluation that is reported on; one that was deleted meanwhile is reported on to the end."""
        run = await self._registry.report_runs.get(given.project_id, given.run_id)
        if run is None:
            raise StoreRejected(f"There is no report run {given.run_id}.")
        evaluation = await self._registry.evaluations.get(
            given.project_id, run.evaluation_id, include_deleted=True
        )
        if evaluation is None:
            raise EvaluationNotFound(f"Evaluation {run.evaluation_id} is gone.")
        return evaluation

    async def _keep(self, given: AuthorAsk, entry: TranscriptEntry) -> TranscriptEntry:
        """Store what was paid for, though the registry be away for a while."""
        add = self._registry.report_runs.add_message
        return await keep_paid(partial(add, given.project_id, given.run_id, entry), sleep=self._sleep)


def _entry(number: int, reply: ChatReply, shown: list[dict[str, object]]) -> TranscriptEntry:
    """An answer as it is stored; a provider that does not say what it took is taken at the texts' length."""
    asked, answered = reply.input_tokens, reply.output_tokens
    return TranscriptEntry(
        number=number,
        message=with_fewer_calls(reply.message, MAX_CALLS_PER_MESSAGE),
        input_tokens=estimated_tokens([*shown, *definitions()]) if asked is None else asked,
        output_tokens=estimated_tokens([reply.message]) if answered is None else answered,
        cost_usd=reply.cost_usd,
    )


def _step(entry: TranscriptEntry) -> AuthorStep:
    return AuthorStep(
        tool_calls=tuple(
            (call.id[:_NAMED_CHARS], call.name[:_NAMED_CHARS]) for call in tool_calls(entry.message)
        ),
        next_number=entry.number + 1,
        input_tokens=entry.input_tokens or 0,
        output_tokens=entry.output_tokens or 0,
        cost_usd=entry.cost_usd,
    )
