"""Activities of `run-evaluation`: judge a target, record the verdict, stop an evaluation that cannot go on.

Event bodies and prompts are read here, by reference, and never enter a workflow history.
"""

from __future__ import annotations

import asyncio
import secrets
import time

import structlog
from temporalio import activity

from activities.cases import Case, Cases
from activities.judge_models import KEY_FAULTS, JudgeModel, JudgeModels, NoModel
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    RecordVerdictInput,
    RunEvaluationInput,
    StatusReason,
    TrialPlace,
)
from assay.contracts.events import Event
from assay.contracts.models import ModelMessage, ModelReply, ModelRequest
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.judging import UnparsableVerdict, build_prompt, parse_verdict, verdict_schema
from assay.domain.readable import target_text
from assay.domain.verdicts import verdict_event
from assay.errors import (
    ContextWindowExceeded,
    OutputLimitExceeded,
    ProviderPermissionDenied,
    StoreUnavailable,
    TrialBusy,
    WorkError,
)
from assay.ports import EventStore, LanguageModel, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import MODEL_CALL_SECONDS, MODEL_CALLS, VERDICTS
from assay.temporal.retry import MODEL_CALL_TIMEOUT

log = structlog.get_logger(__name__)


class EvaluationActivities:
    """Activities around one verdict.

    Args:
        trial_eval_limit: evaluations that a project may run on the operator's own model key.
    """

    def __init__(
        self, *, registry: Registry, events: EventStore, model: LanguageModel, trial_eval_limit: int
    ) -> None:
        self._registry = registry
        self._events = events
        self._model = model
        self._cases = Cases(registry, events)
        self._judge_models = JudgeModels(registry, model)
        self._trial_eval_limit = trial_eval_limit

    @activity.defn(name="judge-target")
    async def judge(self, run: RunEvaluationInput) -> Judgement:
        """Reach a judgement on one target: from the ledger if it is there, else from the model.

        Raises:
            WorkError: there is nothing to judge (see `Cases.open`), or the model could not be asked.
        """
        async with heartbeating():
            case = await self._cases.open(run, EvaluationType.LLM_JUDGE)
            if isinstance(case, Judgement):
                return case
            judgement = await self._judge(case)
        VERDICTS.labels(EvaluationType.LLM_JUDGE, judgement.outcome).inc()
        return judgement

    @activity.defn(name="record-verdict")
    async def record_verdict(self, record: RecordVerdictInput) -> None:
        """Write the `$ai_evaluation` event. Its identity is fixed, so writing it again changes nothing."""
        async with heartbeating():
            await asyncio.to_thread(self._record, record)

    def _record(self, record: RecordVerdictInput) -> None:
        source = self._events.find_event(record.run.target)
        self._events.insert([verdict_event(record.run, record.judgement, source=source)])

    @activity.defn(name="fail-evaluation")
    async def fail_evaluation(self, failed: FailEvaluationInput) -> bool:
        """Put an active evaluation into `error`, unless its author has repaired it meanwhile.

        Returns:
            True for the one call that made the transition.
        """
        async with heartbeating():
            return await self._registry.evaluations.fail(
                failed.project_id, failed.evaluation_id, failed.reason, version=failed.version
            )

    async def _judge(self, case: Case) -> Judgement:
        evaluation, target, blank = case.evaluation, case.target, case.blank
        if _is_errored(target):
            return _skipped(blank, "trace_errored")
        chosen = await self._judge_models.choose(evaluation.project_id, evaluation.model_configuration)
        if isinstance(chosen, NoModel):
            return blank.model_copy(update={"skip_reason": chosen.reason, "disable_reason": chosen.stops})
        if chosen.own_key is not None:
            return await self._ask(evaluation, target, chosen, blank)
        place = await self._registry.trial.reserve(
            evaluation.project_id, blank.verdict_event_id, limit=self._trial_eval_limit
        )
        if place is TrialPlace.USED_UP:
            return _disabling(blank, StatusReason.TRIAL_LIMIT_REACHED)
        if place is TrialPlace.BUSY:
            raise TrialBusy("Other evaluations hold the last places of the trial.")
        return await self._judge_on_trial(evaluation, target, chosen, blank)

    async def _judge_on_trial(
        self, evaluation: Evaluation, target: Event, chosen: JudgeModel, blank: Judgement
    ) -> Judgement:
        """Ask, and settle the reserved place: only verdicts count, not failures and not skips."""
        settle = self._registry.trial.release
        try:
            judgement = await self._ask(evaluation, target, chosen, blank)
            if judgement.skip_reason is None:
                settle = self._registry.trial.confirm
            return judgement
        finally:
            try:
                await asyncio.shield(settle(evaluation.project_id, blank.verdict_event_id))
            except StoreUnavailable:
                # What was paid for matters more than the count; an unsettled place comes back by itself.
                log.warning("trial place not settled", verdict_event_id=str(blank.verdict_event_id))

    async def _ask(
        self, evaluation: Evaluation, target: Event, chosen: JudgeModel, blank: Judgement
    ) -> Judgement:
        attributed = _attributed(blank, chosen)
        request = ModelRequest(
            provider=chosen.provider,
            model=chosen.model,
            messages=await asyncio.to_thread(_prompt, evaluation, target, blank.allows_na),
            schema_name="verdict",
            json_schema=verdict_schema(blank.allows_na),
            timeout_seconds=MODEL_CALL_TIMEOUT.total_seconds(),
        )
        try:
            reply = await self._complete(request, chosen.access)
        except (ContextWindowExceeded, OutputLimitExceeded) as error:
            return _skipped(attributed, error.code)
        except ProviderPermissionDenied as error:
            # What the provider forbids is this request, which no other attempt changes; the reason is its.
            return _skipped(attributed, error.code).model_copy(update={"reasoning": error.detail})
        except KEY_FAULTS as error:
            if await self._judge_models.blame(chosen, error):
                return _skipped(attributed, error.code)
            raise
        await self._judge_models.absolve(chosen)
        attributed = attributed.model_copy(
            update={
                "input_tokens": reply.input_tokens,
                "output_tokens": reply.output_tokens,
                "cost_usd": reply.cost_usd,
            }
        )
        try:
            parsed = parse_verdict(reply.text, allows_na=blank.allows_na)
        except UnparsableVerdict:
            return _skipped(attributed, "unparsable_response")
        return attributed.model_copy(
            update={
                "verdict": parsed.verdict,
                "applicable": parsed.applicable,
                "reasoning": parsed.reasoning,
            }
        )

    async def _complete(self, request: ModelRequest, access: ProviderAccess | None) -> ModelReply:
        started = time.monotonic()
        code = "error"
        try:
            reply = await self._model.complete(request, access)
            code = "ok"
            return reply
        except WorkError as error:
            code = error.code
            raise
        finally:
            MODEL_CALLS.labels(request.provider, code).inc()
            MODEL_CALL_SECONDS.labels(request.provider).observe(time.monotonic() - started)


def _prompt(evaluation: Evaluation, target: Event, allows_na: bool) -> tuple[ModelMessage, ...]:
    return build_prompt(
        str(evaluation.evaluation_config["prompt"]),
        target_text(target.event, target.properties),
        allows_na=allows_na,
        boundary=secrets.token_hex(16),
    )


def _attributed(judgement: Judgement, chosen: JudgeModel) -> Judgement:
    """The judgement with who judges, and on whose key."""
    own = chosen.own_key
    return judgement.model_copy(
        update={
            "provider": chosen.provider.value,
            "model": chosen.model,
            "key_type": "posthog" if own is None else "byok",
            "key_id": None if own is None else own.key.id,
        }
    )


def _is_errored(target: Event) -> bool:
    """Whether the sender marked the generation as failed (`$ai_is_error`, a boolean or its spelling)."""
    return str(target.properties.get("$ai_is_error", "")).lower() == "true"


def _skipped(judgement: Judgement, reason: str) -> Judgement:
    return judgement.model_copy(update={"skip_reason": reason})


def _disabling(judgement: Judgement, reason: StatusReason) -> Judgement:
    return judgement.model_copy(update={"skip_reason": reason.value, "disable_reason": reason})
