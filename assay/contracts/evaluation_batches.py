"""Automatic evaluation: what arrived, what was claimed for judging, and the messages around batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, PlainSerializer

from assay.contracts.base import Contract, HistoryContract, UtcDatetime
from assay.contracts.evaluations import EvaluationType
from assay.contracts.events import utc_day

MAX_BATCH_TARGETS = 200
"""Targets of one batch."""


class Origin(StrEnum):
    """Why targets are judged without anybody asking for one of them (`$ai_evaluation_trigger`)."""

    LIVE = "live"
    BACKFILL = "backfill"


class Arrival(Contract):
    """A generation as it came into the event store; without its properties.

    Attributes:
        timestamp: of the event.
        ingested_at: when the store took it.
        size: bytes of its properties as JSON.
    """

    uuid: UUID
    timestamp: UtcDatetime
    ingested_at: UtcDatetime
    size: int

    @property
    def day(self) -> date:
        """UTC day of the timestamp: where the event is stored."""
        return utc_day(self.timestamp)


class Place(HistoryContract):
    """A point between two arrivals of a project; arrivals are ordered by time, then by uuid."""

    ingested_at: UtcDatetime
    uuid: UUID = UUID(int=0)


class Position(HistoryContract):
    """How far an evaluation has come in the arrivals of its project.

    An insert takes its `ingested_at` when it begins and shows its rows when it ends, so arrivals can appear
    behind the place. How many were passed in each of the last seconds tells in which there are new ones.

    Attributes:
        since: arrivals before this are none of the evaluation's business.
        place: everything up to here was looked at, except what came late.
        passed: Unix second of `ingested_at` → arrivals that were there up to the place; recent seconds only.
    """

    since: UtcDatetime
    place: Place
    passed: dict[int, int] = Field(default_factory=dict)


class BatchRef(HistoryContract):
    """Which batch: targets that one dispatch claimed together for one evaluation.

    Attributes:
        dispatch_id: the dispatch; the same one claims the same targets, however often it is tried.
        number: of the batch among those of the dispatch and evaluation, from 0.
    """

    project_id: int
    evaluation_id: UUID
    dispatch_id: str
    number: int


class Claim(Contract):
    """The decision that a target is to be judged: the sample. It has a verdict, or it will have one.

    Attributes:
        evaluation_version: version whose conditions admitted the target. A later one may judge it.
        verdict_event_id: uuid of its verdict, if that version judges it.
        timestamp, size: of the target, see `Arrival`.
        claimed_at: by the store's clock; None until it is stored.
    """

    batch: BatchRef
    evaluation_version: int
    target: UUID
    timestamp: UtcDatetime
    size: int
    origin: Origin
    verdict_event_id: UUID
    claimed_at: UtcDatetime | None = None

    @property
    def day(self) -> date:
        """UTC day of the target."""
        return utc_day(self.timestamp)


class ClaimedBatch(HistoryContract):
    """A batch that can be started.

    Attributes:
        evaluation_name, evaluation_type: as they were when it was claimed; shown in the Temporal UI.
        size: targets.
    """

    ref: BatchRef
    evaluation_name: str
    evaluation_type: EvaluationType
    size: int


class EvaluationBatchInput(HistoryContract):
    """Start argument of `evaluation-batch`.

    Attributes:
        reply_to: id of the workflow that is told when the batch has finished; empty: nobody.
        backfill_id: which backfill it belongs to; None for live targets.
    """

    batch: ClaimedBatch
    origin: Origin
    reply_to: str = ""
    backfill_id: UUID | None = None


class BatchTally(HistoryContract):
    """What became of the targets of a batch, so far or in the end.

    Attributes:
        size: targets of the batch.
        outcomes: `pass`, `fail`, `not_applicable`, `skipped` → verdicts.
        skip_reasons: reason → skipped ones.
        recorded_before: targets that had their verdict already.
        input_tokens, output_tokens: of the model calls.
        cost_usd: of the calls with a known price.
        unpriced: calls without one.
        stopped: why targets were left without a verdict; None: there are none left. A word of
            `assay.domain.eligibility`, or a code of `assay.errors`.
        stopped_because: what went wrong, for the author of the evaluation, if there is more to say.
    """

    size: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    skip_reasons: dict[str, int] = Field(default_factory=dict)
    recorded_before: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    stopped: str | None = None
    stopped_because: str = ""

    @property
    def judged(self) -> int:
        """Verdicts that this batch reached."""
        return sum(self.outcomes.values())


class BatchFinished(HistoryContract):
    """Signal of a batch to who waits for it."""

    ref: BatchRef
    tally: BatchTally


def _shared(positions: Mapping[UUID, Position]) -> list[dict[str, Any]]:
    """Each position once, with the evaluations that stand there: most stand where the others do."""
    there: dict[str, list[str]] = {}
    for evaluation_id, position in positions.items():
        there.setdefault(position.model_dump_json(), []).append(str(evaluation_id))
    return [{"position": json.loads(text), "evaluations": ids} for text, ids in there.items()]


def _spread(value: object) -> object:
    """The inverse of `_shared`, before validation."""
    if not isinstance(value, list):
        return value
    return {found: group["position"] for group in value for found in group["evaluations"]}


Positions = Annotated[dict[UUID, Position], BeforeValidator(_spread), PlainSerializer(_shared)]
"""Evaluation id → where it stands; in histories, each position once."""


class DispatchInput(HistoryContract):
    """Argument of the activity that claims live targets.

    Attributes:
        positions: of the evaluations that were active last time.
        in_flight: evaluation id → targets that are in flight, and in how many batches.
        again: an earlier activity for the same dispatch failed, and may have claimed.
    """

    project_id: int
    dispatch_id: str
    positions: Positions = Field(default_factory=dict)
    in_flight: dict[UUID, tuple[int, int]] = Field(default_factory=dict)
    again: bool = False


class Dispatched(HistoryContract):
    """What one dispatch found and claimed.

    Attributes:
        positions: evaluation id → where it stands now, of all active evaluations.
        batches: to start.
        more: arrivals are left that could be taken at once.
        blocked: evaluations that have no room for what is left: they go on when a batch has finished.
        matched, filtered: how many pairs of an evaluation and an arrival its conditions admitted, and not.
    """

    positions: Positions
    batches: tuple[ClaimedBatch, ...] = ()
    more: bool = False
    blocked: tuple[UUID, ...] = ()
    matched: int = 0
    filtered: int = 0


class EvaluationStreamInput(HistoryContract):
    """Argument of `evaluation-stream`: empty at its start; its state when it continues as new.

    Attributes:
        sequence: of the next dispatch.
        positions: evaluation id → where it stands.
        in_flight: batches that have not finished.
    """

    project_id: int
    sequence: int = 0
    positions: Positions = Field(default_factory=dict)
    in_flight: tuple[ClaimedBatch, ...] = ()


class ClaimPageInput(HistoryContract):
    """Asks the stream of a project, which alone claims, for a page of targets that arrived before.

    Attributes:
        dispatch_id: names the page; the same page is claimed once.
        origin: backfill: events of the window by their timestamp, newest first; live: arrivals that the
            stream has passed by, by their arrival (a sweep).
        since, until: the window; half-open.
        before: backfill: only targets before this (timestamp, uuid), exclusive; None at the beginning.
        limit: targets to claim at most.
    """

    project_id: int
    evaluation_id: UUID
    dispatch_id: str
    origin: Origin
    since: UtcDatetime
    until: UtcDatetime
    before: tuple[UtcDatetime, UUID] | None = None
    limit: int = 1_000


class ClaimedPage(HistoryContract):
    """What came of it.

    Attributes:
        batches: to start; by whom asked.
        seen: targets looked at.
        known: of them, those that had been claimed for this version of the evaluation before.
        before: where the next page begins; None: this was the last one.
        stopped: why the evaluation judges nothing (see `BatchTally.stopped`); None: it does.
    """

    batches: tuple[ClaimedBatch, ...] = ()
    seen: int = 0
    known: int = 0
    before: tuple[UtcDatetime, UUID] | None = None
    stopped: str | None = None
