"""One attempt at judging a batch: its items side by side, and what makes it end before they are all judged.

As many items run as the governor of the key lets in (`ModelGate`), and each verdict is committed as it comes,
so that an attempt that is killed has lost no more than the calls in flight. An item that meets weather is put
again after the pause that the governor makes for everybody; one that fails while others succeed is left to
the next attempts, at the expense of nobody else, and after some of them it is skipped. When there is nothing
to wait for in here (an open circuit, a key without credit, an unknown model), nobody is let in any more, what
is in flight ends and is committed, and the attempt fails: Temporal parks the batch until the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from uuid import UUID

import structlog
from temporalio import activity

from activities.batch_judge import LONGEST_PARK, BatchJudge, JudgingStopped
from activities.batches import OpenBatch, Verdict
from activities.judge_models import KEY_FAULTS, JudgeModel
from activities.judging import ERRORED, Judge, declined, gate_key, is_errored, skipped
from activities.model_gate import Turn
from activities.trial_places import TrialPlaces
from activities.verdict_recorder import VerdictRecorder
from assay.contracts.evaluation_batches import MAX_BATCH_TARGETS, Claim
from assay.contracts.evaluations import Evaluation, Judgement, StatusReason, TrialPlace
from assay.contracts.events import Event
from assay.errors import (
    CircuitOpen,
    JudgeUnavailable,
    ModelNotFound,
    OutboundRefused,
    ProviderAuthenticationFailed,
    ProviderKeyRequired,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
    TimedOut,
    TrialBusy,
    WorkError,
)

log = structlog.get_logger(__name__)

_ADMITTING_SECONDS = 780.0
"""An attempt asks nothing new after this, so that others have its slot and its memory."""

_READ_BYTES = 2 * 1024 * 1024
"""Properties of the targets that are read together: they are in memory for as long as the model takes."""

DEFECT = "judge_defect"
"""Why a target is skipped that Assay fails to judge."""

_LONG_BYTES = 64 * 1024
"""Properties of this size are made into a question in a thread, not on the event loop."""

_PLACES_AHEAD = 31
"""Places in the trial that are reserved along with the one that is wanted."""

_LASTING = (ModelNotFound, OutboundRefused, ProviderKeyRequired)
"""Only a person mends these: the batch waits for it."""


class JudgeAttempt:
    """One attempt at what is left of a batch.

    It ends when nothing is left, or when there is a reason to ask nothing more; the first one counts. Then
    those who wait for a place go home, and those who were let in finish.
    """

    def __init__(
        self,
        batch: OpenBatch,
        *,
        judge: Judge,
        model: BatchJudge,
        places: TrialPlaces,
        owner: tuple[str, int],
    ) -> None:
        self._batch = batch
        self._judge = judge
        self._model = model
        self._places = places
        self._owner = owner
        self._recorder = VerdictRecorder(self._record)
        self._queue: deque[Claim] = deque()
        self._missing: list[Claim] = []
        self._put_off: list[Claim] = []
        self._waits: set[asyncio.Timeout] = set()
        self._stopped: str | None = None
        self._parked: WorkError | None = None
        self._defect: Exception | None = None

    async def run(self) -> None:
        """Judge all targets that are left.

        Raises:
            WorkError: some are still left.
        """
        watching = asyncio.create_task(self._watch())
        try:
            for claims in self._batch.chunks(lambda: MAX_BATCH_TARGETS, most_bytes=_READ_BYTES):
                await self._judge_all(claims)
                if self._has_ended:
                    break
            await self._recorder.flush()
            await self._places.give_back()
        finally:
            watching.cancel()
            await self._recorder.close()
        self._batch.tally.stopped = self._stopped
        if self._stopped is None:
            await self._conclude()

    async def _watch(self) -> None:
        """Ask nothing new when the worker is being stopped, or when the time of the attempt is over."""
        try:
            async with asyncio.timeout(_ADMITTING_SECONDS):
                await activity.wait_for_worker_shutdown()
        except TimeoutError:
            self._park(TimedOut("The attempt has used up its time; the next one goes on.", retry_after=0))
        else:
            self._park(TimedOut("The worker is being stopped; another one goes on."))

    async def _conclude(self) -> None:
        """Fail the attempt if targets are left that another one may get judged."""
        error = self._parked or self._defect
        if error is not None:
            raise error
        if self._put_off:
            raise ProviderUnavailable(
                f"{len(self._put_off)} targets of the batch got no answer and are asked about later."
            )
        await self._batch.give_up_on(self._missing)

    async def _judge_all(self, claims: Sequence[Claim]) -> None:
        """Judge and record targets, if there is anybody to ask: to read them is dear."""
        async with AsyncExitStack() as stack:
            if not (await self._may_ask() and await self._has_room(stack, claims) and await self._may_ask()):
                return
            events = await self._batch.read(claims)
            self._queue.extend(sorted(claims, key=self._has_failed))
            while self._queue and not self._has_ended:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(len(self._queue), self._judge.gate.maximum)):
                        group.create_task(self._work(events))
                await self._reconsider()
            await self._recorder.flush()

    async def _may_ask(self) -> bool:
        try:
            await self._model.check(self._batch.evaluation, self._judge.gate)
        except JudgingStopped as stopped:
            self._stop(stopped.reason)
        except WorkError as error:
            self._park(error)
        return not self._has_ended

    async def _has_room(self, stack: AsyncExitStack, claims: Sequence[Claim]) -> bool:
        """Wait until there is memory for targets; False if the attempt ends first."""
        try:
            async with self._until_the_end():
                await stack.enter_async_context(self._batch.room(claims))
        except TimeoutError:
            return False
        return True

    def _has_failed(self, claim: Claim) -> bool:
        return self._judge.failing.is_repeated(self._batch.blank(claim).verdict_event_id)

    async def _reconsider(self) -> None:
        """After everything in flight has ended: a probe of our own may have closed the circuit."""
        if not isinstance(self._parked, CircuitOpen) or self._stopped is not None:
            return
        try:
            chosen = await self._model.chosen(self._batch.evaluation)
        except (JudgingStopped, WorkError):
            return  # the next attempt meets it
        wait = self._judge.gate.blocked_for(gate_key(chosen))
        self._parked = (
            CircuitOpen(self._parked.detail, retry_after=min(wait, LONGEST_PARK)) if wait > 0 else None
        )

    async def _work(self, events: Mapping[UUID, Event]) -> None:
        """Judge one target after the other; one of many that do so side by side."""
        while self._queue and not self._has_ended:
            claim = self._queue.popleft()
            event = events.get(claim.target)
            if event is None:
                self._missing.append(claim)
                continue
            try:
                judgement = await self._judgement(claim, event)
            except JudgingStopped as stopped:
                self._stop(stopped.reason)
            except WorkError as error:
                self._park(error)
                self._queue.appendleft(claim)
            except Exception as error:  # a defect in one target must not keep the others from their verdicts
                self._note_defect(claim, event, error)
            else:
                if judgement is not None:
                    self._recorder.add((claim, judgement, event))

    def _note_defect(self, claim: Claim, event: Event, error: Exception) -> None:
        blank = self._batch.blank(claim)
        log.exception(
            "judging a target failed", target=str(claim.target), verdict=str(blank.verdict_event_id)
        )
        if self._judge.failing.is_defective(blank.verdict_event_id):
            self._recorder.add((claim, skipped(blank, DEFECT), event))
        else:
            self._defect = self._defect or error

    @property
    def _has_ended(self) -> bool:
        """Whether nothing new is to be asked."""
        return self._stopped is not None or self._parked is not None or self._recorder.is_broken

    def _stop(self, reason: str) -> None:
        self._stopped = self._stopped or reason
        self._send_home()

    def _park(self, error: WorkError) -> None:
        self._parked = self._parked or error
        self._send_home()

    def _send_home(self) -> None:
        for wait in self._waits:
            wait.reschedule(0)  # long ago
        self._waits.clear()

    async def _judgement(self, claim: Claim, event: Event) -> Judgement | None:
        """Ask until there is an answer; None if there will be none for now, and the target comes again.

        Raises:
            JudgingStopped: the evaluation judges nothing any more.
            WorkError: there is nothing to wait for in here.
        """
        if is_errored(event):
            return skipped((await self._case(claim))[1], ERRORED)
        while not self._has_ended:
            chosen = await self._model.chosen(self._batch.evaluation)
            if self._has_failed(claim) and self._judge.gate.leaves_probe(gate_key(chosen)):
                self._put_off.append(claim)
                return None
            try:
                async with AsyncExitStack() as stack:
                    turn = await self._turn(stack, chosen)
                    judgement = None if turn is None else await self._ask(turn, claim, event, chosen)
                if judgement is not None:
                    return judgement
            except RateLimited:
                continue
            except ProviderUnavailable as error:
                return self._unanswered(claim, error, chosen)
            except _LASTING as error:
                raise JudgeUnavailable(error.detail, retry_after=LONGEST_PARK) from error
        self._queue.appendleft(claim)
        return None

    def _unanswered(self, claim: Claim, error: WorkError, chosen: JudgeModel) -> Judgement | None:
        """What becomes of a target that got no answer: it comes last, or next time, or is skipped."""
        blank = self._batch.blank(claim)
        if self._judge.failing.is_hopeless(blank.verdict_event_id):
            self._judge.failing.forget(blank.verdict_event_id)
            return declined(blank, error, by=chosen)
        again = self._queue if self._judge.failing.is_first(blank.verdict_event_id) else self._put_off
        again.append(claim)
        return None

    async def _turn(self, stack: AsyncExitStack, chosen: JudgeModel) -> Turn | None:
        """Wait until a question may be put and its answer could be stored; None if the attempt ends first."""
        if self._has_ended:
            return None
        try:
            async with self._until_the_end():
                await self._recorder.in_order()
                turn = self._judge.gate.turn(gate_key(chosen), owner=self._owner)
                return await stack.enter_async_context(turn)
        except TimeoutError:
            return None

    @asynccontextmanager
    async def _until_the_end(self) -> AsyncIterator[None]:
        """Waits in the block are over, by `TimeoutError`, when the attempt asks nothing more."""
        async with asyncio.timeout(None) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)

    async def _ask(self, turn: Turn, claim: Claim, event: Event, chosen: JudgeModel) -> Judgement | None:
        """Put the question, if after the wait it is still the one to put; None: find out anew who to ask."""
        evaluation, blank = await self._case(claim)
        chosen_now = await self._model.chosen(evaluation)
        if not self._recorder.is_in_order or gate_key(chosen_now) != gate_key(chosen):
            return None
        if chosen_now.own_key is None:
            await self._reserve(evaluation, blank)
        if self._has_ended:
            return None
        is_long = claim.size > _LONG_BYTES
        try:
            judgement = await self._judge.ask(turn, evaluation, event, chosen_now, blank, is_long=is_long)
            self._judge.failing.forget(blank.verdict_event_id)
            return judgement
        except ProviderUnavailable:
            self._note_failure(turn, blank, chosen_now)
            raise
        except RequestRejected as error:
            return declined(blank, error, by=chosen_now)
        except KEY_FAULTS as error:  # before the place is given back: nobody else should find out by asking
            await self._blame(chosen_now, error)
            return None

    def _note_failure(self, turn: Turn, blank: Judgement, chosen: JudgeModel) -> None:
        """Find out whether it is the target that fails or its key: the key must not suffer for the target."""
        key, failing = gate_key(chosen), self._judge.failing
        failing.failed(blank.verdict_event_id, key, self._judge.gate.answers(key))
        if failing.is_repeated(blank.verdict_event_id):
            turn.disregard()

    async def _case(self, claim: Claim) -> tuple[Evaluation, Judgement]:
        """The evaluation as it is now, and the judgement that it would reach, as far as it is known."""
        reason = await self._batch.still_on()
        if reason is not None:
            raise JudgingStopped(reason)
        return self._batch.evaluation, self._batch.blank(claim)

    async def _reserve(self, evaluation: Evaluation, blank: Judgement) -> None:
        place = await self._places.take(
            blank.verdict_event_id,
            lambda: (
                self._batch.blank(claim).verdict_event_id for claim in islice(self._queue, _PLACES_AHEAD)
            ),
        )
        if place is TrialPlace.USED_UP:
            raise await self._model.stop(evaluation, StatusReason.TRIAL_LIMIT_REACHED)
        if place is TrialPlace.BUSY:
            raise TrialBusy("Other evaluations hold the last places of the trial.")

    async def _blame(self, chosen: JudgeModel, error: WorkError) -> None:
        """A project's key that is refused has stopped its evaluations; all else is weather.

        The operator's key, and one without credit, keep the circuit open; a key that is another by now is
        worth another try.
        """
        told = await self._judge.models.blame(chosen, error)
        if told and isinstance(error, ProviderAuthenticationFailed):
            raise JudgingStopped(StatusReason.PROVIDER_KEY_INVALID)
        self._model.choose_again()

    async def _record(self, verdicts: Sequence[Verdict]) -> None:
        """Settle the places before the verdicts are in the ledger: what is there is not looked at again."""
        skips = [judgement.verdict_event_id for _, judgement, _ in verdicts if judgement.skip_reason]
        reached = [judgement.verdict_event_id for _, judgement, _ in verdicts if not judgement.skip_reason]
        await self._places.settle(reached, skips)
        await self._batch.record(verdicts)
