"""What a survey finds, on real stores and among real workflows."""

from __future__ import annotations

from datetime import timedelta

from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluation_batches import Origin
from assay.domain.reconcile.marks import JUDGING, SETTLED
from tests.workflows.reconcile.world import LATER, World, ids, refs


async def test_targets_without_a_verdict_are_gaps_of_their_batch(world: World) -> None:
    evaluation = await world.evaluation()
    first, second = world.claim(evaluation, 4), world.claim(evaluation, 2)
    world.judge(*first[:1], *second)

    found = await world.survey()

    assert refs(found) == {first[0].batch: 3}
    assert (found.missing, ids(found)) == (3, {evaluation.id})
    assert found.gaps[0].batch.evaluation_name == "Short enough"


async def test_where_all_is_judged_nothing_is_wrong(world: World) -> None:
    world.judge(*world.claim(await world.evaluation(), 3))

    found = await world.survey()

    assert (found.missing, found.gaps, found.mark.held) == (0, (), ())


async def test_what_was_just_claimed_is_left_to_its_batch(world: World) -> None:
    world.claim(await world.evaluation(), 3)

    found = await world.survey(after=JUDGING - timedelta(seconds=30))

    assert (found.missing, found.mark.held) == (0, ())
    assert (await world.survey(found.mark)).missing == 3


async def test_a_verdict_of_a_later_version_will_do(world: World) -> None:
    evaluation = await world.evaluation()
    by_later, by_none = world.claim(evaluation, 2)
    for source in ("return false", "return not false"):
        evaluation = await world.change(evaluation, evaluation_config={"source": source})
    world.judge(by_later, version=3)

    found = await world.survey()

    assert evaluation.version == 3
    assert refs(found) == {by_none.batch: 1}


async def test_what_waits_for_its_evaluation_is_no_gap_until_it_goes_on(world: World) -> None:
    evaluation = await world.evaluation()
    claimed = world.claim(evaluation, 3)
    paused = await world.change(evaluation, enabled=False)

    waiting = await world.survey()
    later = await world.survey(waiting.mark, after=2 * LATER)
    await world.change(paused, enabled=True)
    resumed = await world.survey(later.mark, after=3 * LATER)

    assert (waiting.waiting, waiting.gaps) == (3, ())
    assert (later.waiting, later.mark.held) == (3, waiting.mark.held)
    assert later.mark.compared > waiting.mark.compared
    assert (resumed.waiting, refs(resumed)) == (0, {claimed[0].batch: 3})


async def test_a_paused_evaluation_still_judges_history(world: World) -> None:
    evaluation = await world.evaluation(enabled=False)
    live, history = world.claim(evaluation, 1), world.claim(evaluation, 2, origin=Origin.BACKFILL)

    found = await world.survey()

    assert (found.waiting, refs(found)) == (len(live), {history[0].batch: 2})
    assert found.gaps[0].origin is Origin.BACKFILL


async def test_deleted_evaluations_and_judges_without_consent_wait(
    world: World, registry: SqlRegistry
) -> None:
    deleted = await world.evaluation()
    judge = await world.evaluation(evaluation_type="llm_judge", evaluation_config={"prompt": "Is it short?"})
    world.claim(deleted, 1)
    world.claim(judge, 2)
    await world.change(deleted, deleted=True)
    await registry.access.set_ai_consent(False)
    try:
        found = await world.survey()
    finally:
        await registry.access.set_ai_consent(True)

    assert (found.waiting, found.missing, ids(found)) == (3, 0, {deleted.id, judge.id})
    assert (await world.survey(found.mark, after=2 * LATER)).missing == 2


async def test_a_batch_that_runs_is_no_gap_and_is_compared_again(world: World) -> None:
    [claim, *_] = world.claim(await world.evaluation(), 2)
    batch = await world.start_batch(claim.batch)

    parked = await world.survey()
    await batch.terminate()
    ended = await world.survey(parked.mark, after=2 * LATER)

    assert (parked.running, parked.gaps) == (2, ())
    assert refs(ended) == {claim.batch: 2}


async def test_all_pages_are_compared_however_many_claims_share_an_instant(world: World) -> None:
    evaluation = await world.evaluation()
    batches = [world.claim(evaluation, count) for count in (2, 7, 1, 3)]

    found = await world.survey(page=2)

    assert refs(found) == {batch[0].batch: len(batch) for batch in batches}


async def test_gaps_are_named_oldest_first_up_to_a_bound(world: World) -> None:
    evaluation = await world.evaluation()
    oldest, _, _ = (world.claim(evaluation, 2)[0].batch for _ in range(3))

    found = await world.survey(gaps=1)

    assert (refs(found), found.missing) == ({oldest: 2}, 6)


async def test_a_stream_that_does_not_run_is_missed_where_something_arrived(world: World) -> None:
    evaluation = await world.evaluation()
    assert (await world.survey()).stream_fault == ""

    world.generations(2)

    assert (await world.survey()).stream_fault == "it did not run"
    await world.start_stream(await world.last_arrival(), evaluation)
    assert (await world.survey()).stream_fault == ""


async def test_a_stream_that_stands_behind_the_last_arrival_has_to_be_woken(world: World) -> None:
    evaluation = await world.evaluation()
    world.generations(1)
    await world.start_stream(await world.last_arrival(), evaluation)
    world.generations(1)

    assert (await world.survey()).stream_fault == "it had not looked at the last arrivals"
    assert (await world.survey(after=SETTLED / 2)).stream_fault == ""


async def test_batches_that_a_stream_waits_for_in_vain_are_lost(world: World) -> None:
    evaluation = await world.evaluation()
    running, terminated, unknown = (world.claim(evaluation, 1)[0].batch for _ in range(3))
    await world.start_batch(running)
    await (await world.start_batch(terminated)).terminate()
    await world.start_stream(
        None, in_flight=tuple(world.batch(ref) for ref in (running, terminated, unknown))
    )

    found = await world.survey()

    assert [batch.ref for batch in found.lost] == [terminated, unknown]
    assert (await world.survey(after=timedelta())).lost == ()


async def test_windows_to_look_through_begin_where_the_mark_is(world: World) -> None:
    evaluation = await world.evaluation()
    world.generations(1)
    await world.start_stream(await world.last_arrival(), evaluation)

    found = await world.survey()
    failed = await world.survey(found.mark, after=2 * LATER)

    [window] = found.sweeps.values()
    assert window.until == found.mark.swept
    assert failed.sweeps[evaluation.id].since == window.since


async def test_where_nothing_was_stored_nothing_is_looked_through(world: World) -> None:
    await world.start_stream(None, await world.evaluation())

    found = await world.survey()

    assert (found.sweeps, found.mark.sweeps) == ({}, {})


async def test_an_evaluation_that_the_stream_does_not_know_yet_is_looked_through_later(world: World) -> None:
    evaluation = await world.evaluation()
    world.generations(1)
    stream = await world.start_stream(None)

    found = await world.survey()
    await stream.terminate()
    await world.start_stream(await world.last_arrival(), evaluation)
    later = await world.survey(found.mark, after=2 * LATER)

    assert found.sweeps == {}
    assert later.sweeps[evaluation.id].since == found.mark.swept - timedelta(days=1) + SETTLED
