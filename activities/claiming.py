"""What dispatches and pages share: which targets are claimed already, and the batches that claims make up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from assay.contracts.evaluation_batches import Arrival, BatchRef, Claim, ClaimedBatch, Origin
from assay.contracts.evaluations import Evaluation
from assay.domain.sampling import claims
from assay.ports import EvaluationTargets


def claimed_before(
    targets: EvaluationTargets,
    evaluation: Evaluation,
    arrivals: Iterable[Arrival],
    *,
    version: int | None = None,
) -> set[UUID]:
    """Which arrivals are claimed for an evaluation, or for one version of it.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    wanted = [(arrival.uuid, arrival.day) for arrival in arrivals]
    if not wanted:
        return set()
    return targets.claimed(evaluation.project_id, evaluation.id, wanted, version=version)


def new_claims(
    evaluation: Evaluation,
    taken: Sequence[Arrival],
    *,
    dispatch_id: str,
    origin: Origin,
    earlier: Sequence[Claim],
) -> list[Claim]:
    """Claims of a dispatch on targets, in batches after those that an earlier attempt has made.

    Args:
        earlier: claims of the same dispatch.
    """
    used = (claim.batch.number for claim in earlier if claim.batch.evaluation_id == evaluation.id)
    first = max(used, default=-1) + 1
    return list(claims(evaluation, taken, dispatch_id=dispatch_id, origin=origin, first=first))


def batches_of(claimed: Iterable[Claim], evaluations: Collection[Evaluation]) -> Iterable[ClaimedBatch]:
    """The batches that claims make up, in the order of their numbers."""
    known: Mapping[UUID, Evaluation] = {evaluation.id: evaluation for evaluation in evaluations}
    sizes: dict[BatchRef, int] = {}
    for claim in claimed:
        sizes[claim.batch] = sizes.get(claim.batch, 0) + 1
    for ref, size in sizes.items():
        evaluation = known.get(ref.evaluation_id)
        if evaluation is not None:  # else it was stopped meanwhile, and its claims wait for it
            yield ClaimedBatch(
                ref=ref,
                evaluation_name=evaluation.name,
                evaluation_type=evaluation.evaluation_type,
                size=size,
            )
