"""Which arrivals the conditions of evaluations admit: each event is read once, and only if it matters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from assay.contracts.evaluation_batches import Arrival
from assay.contracts.evaluations import Evaluation
from assay.domain.conditions import CompiledConditions
from assay.domain.sampling import admitted, cut
from assay.ports import EvaluationTargets

_READ_BYTES = 8 * 1024 * 1024
"""Properties of the events that are read together."""

_COMPILED = 1_000
"""Evaluations whose compiled conditions are kept."""


class Matching:
    """Matches arrivals with evaluations. Use it from any thread."""

    def __init__(self, targets: EvaluationTargets) -> None:
        self._targets = targets
        self._compiled: OrderedDict[tuple[UUID, datetime], CompiledConditions] = OrderedDict()

    def admitted(
        self,
        project_id: int,
        evaluations: Sequence[Evaluation],
        arrivals: Sequence[Arrival],
        *,
        now: datetime,
    ) -> dict[UUID, set[UUID]]:
        """Evaluation id → the arrivals that its conditions admit.

        Args:
            now: what relative dates of filters count from.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        conditions = {evaluation.id: self._conditions(evaluation) for evaluation in evaluations}
        found: dict[UUID, set[UUID]] = {evaluation_id: set() for evaluation_id in conditions}
        blind = {key: each for key, each in conditions.items() if not each.property_names}
        reading = {key: each for key, each in conditions.items() if each.property_names}
        for evaluation_id, each in blind.items():
            found[evaluation_id] |= admitted(each, arrivals, {}, now=now)
        sampled = [
            arrival for arrival in arrivals if any(c.samples(str(arrival.uuid)) for c in reading.values())
        ]
        names = frozenset().union(*(each.property_names for each in reading.values()))
        for some in cut(sampled, most=len(sampled), most_bytes=_READ_BYTES):
            properties = self._targets.properties(project_id, some, long_values=names)
            for evaluation_id, each in reading.items():
                found[evaluation_id] |= admitted(each, some, properties, now=now)
        return found

    def _conditions(self, evaluation: Evaluation) -> CompiledConditions:
        """Compiled once for every state of an evaluation: any change of it sets `updated_at`."""
        key = evaluation.id, evaluation.updated_at
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = CompiledConditions(evaluation.conditions)
            while len(self._compiled) > _COMPILED:
                self._compiled.popitem(last=False)
        return compiled
