"""Claiming what arrived before: history for a backfill, and what a stream has passed by for a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from activities.claiming import batches_of, claimed_before, new_claims
from activities.matching import Matching
from assay.contracts.evaluation_batches import Arrival, ClaimedPage, ClaimPageInput, Origin, Place
from assay.contracts.evaluations import Evaluation
from assay.contracts.events import EVALUATION, EventRef
from assay.domain.evaluations import verdict_event_id
from assay.domain.sampling import AUTOMATIC, Room, choose
from assay.ports import EvaluationTargets

PAGE = 2_000
"""Generations that are looked at together."""

_ANY_SIZE = 2**63
_VERSIONS_BACK = 20
"""How many older versions may have judged a target whose claim is theirs."""


class ClaimPages:
    """Claims pages. Use it from any thread."""

    def __init__(self, targets: EvaluationTargets, matching: Matching) -> None:
        self._targets = targets
        self._matching = matching

    def claim(self, given: ClaimPageInput, evaluation: Evaluation) -> ClaimedPage:
        """Claim a page; asked again, the same page claims no more than what was left of it.

        Raises:
            StoreUnavailable: the store did not answer; some of the page may be claimed.
        """
        earlier = self._targets.claims_of(given.project_id, given.dispatch_id)
        page = self._page(given, evaluation)
        backfill = given.origin is Origin.BACKFILL
        known = self._not_for_backfills(evaluation, page) if backfill else self._claimed(evaluation, page)
        unknown = [arrival for arrival in page if arrival.uuid not in known]
        found = self._matching.admitted(given.project_id, [evaluation], unknown, now=datetime.now(UTC))
        chosen = choose(page, found[evaluation.id], known, room=Room(given.limit, _ANY_SIZE))
        new = new_claims(
            evaluation, chosen.taken, dispatch_id=given.dispatch_id, origin=given.origin, earlier=earlier
        )
        self._targets.claim(new)
        last = page[chosen.seen - 1] if chosen.seen else None
        is_last = chosen.seen == len(page) < PAGE
        return ClaimedPage(
            batches=tuple(batches_of([*earlier, *new], [evaluation])),
            seen=chosen.seen,
            known=len(known) - len({claim.target for claim in earlier} & known),
            before=None if is_last or last is None else (_order(given.origin, last), last.uuid),
        )

    def _page(self, given: ClaimPageInput, evaluation: Evaluation) -> list[Arrival]:
        if given.origin is Origin.BACKFILL:
            return self._targets.history(
                given.project_id, since=given.since, until=given.until, before=given.before, limit=PAGE
            )
        # What arrived before the evaluation was as it is now was looked at when it was as it was then.
        since = max(given.since, evaluation.active_since or given.until, evaluation.updated_at)
        place = Place(ingested_at=since)
        if given.before is not None and given.before[0] >= since:
            place = Place(ingested_at=given.before[0], uuid=given.before[1])
        return self._targets.stored(given.project_id, after=place, until=given.until, limit=PAGE)

    def _claimed(self, evaluation: Evaluation, page: Sequence[Arrival]) -> set[UUID]:
        return claimed_before(self._targets, evaluation, page)

    def _not_for_backfills(self, evaluation: Evaluation, page: Sequence[Arrival]) -> set[UUID]:
        """What this version has judged or is about to judge.

        A target that an older version claimed and has not judged is about to be: its batch judges with the
        version that is stored when its turn comes.
        """
        claimed = self._claimed(evaluation, page)
        by_this = claimed_before(self._targets, evaluation, page, version=evaluation.version)
        older = [arrival for arrival in page if arrival.uuid in claimed - by_this]
        return claimed - self._judged_by_older(evaluation, older)

    def _judged_by_older(self, evaluation: Evaluation, arrivals: Sequence[Arrival]) -> set[UUID]:
        first = max(1, evaluation.version - _VERSIONS_BACK)
        verdicts = {
            verdict_event_id(
                project_id=evaluation.project_id,
                evaluation_id=evaluation.id,
                version=version,
                target=arrival.uuid,
                trigger=AUTOMATIC,
            ): arrival
            for arrival in arrivals
            for version in range(first, evaluation.version)
        }
        refs = [
            EventRef(project_id=evaluation.project_id, event=EVALUATION, uuid=uuid, day=arrival.day)
            for uuid, arrival in verdicts.items()
        ]
        return {verdicts[uuid].uuid for uuid in self._targets.recorded(refs)} if refs else set()


def _order(origin: Origin, arrival: Arrival) -> datetime:
    """By what the pages of an origin are ordered."""
    return arrival.timestamp if origin is Origin.BACKFILL else arrival.ingested_at
