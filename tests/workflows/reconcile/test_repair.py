"""What repairs do, on real stores and among real workflows."""

from __future__ import annotations

from assay.contracts.reconcile import Repairs
from assay.domain.reconcile.arrivals import with_sweeps
from tests.workflows.reconcile.stand_ins import Stream
from tests.workflows.reconcile.world import LATER, World, refs


async def test_gaps_are_driven_again_until_they_are_closed(world: World) -> None:
    evaluation = await world.evaluation()
    claimed = world.claim(evaluation, 3)
    found = await world.survey()

    done = await world.repair(found)

    assert done == Repairs(redriven=1)
    assert await world.batch_is_running(claimed[0].batch)
    assert (await world.survey(found.mark, after=2 * LATER)).running == 3
    world.judge(*claimed)
    closed = await world.survey(found.mark, after=2 * LATER)
    assert (closed.missing, closed.running, closed.mark.held) == (0, 0, ())


async def test_a_batch_that_began_to_run_meanwhile_is_left_alone(world: World) -> None:
    [claim] = world.claim(await world.evaluation(), 1)
    found = await world.survey()
    await world.start_batch(claim.batch)

    assert refs(found) == {claim.batch: 1}
    assert (await world.repair(found)).redriven == 0


async def test_a_stream_that_does_not_run_is_started(world: World) -> None:
    await world.evaluation()
    world.generations(1)

    done = await world.repair(await world.survey())

    assert done.woken == 1
    assert await world.stream().query(Stream.wakes) == 1


async def test_a_stream_is_told_of_batches_that_it_waits_for_in_vain(world: World) -> None:
    [claim] = world.claim(await world.evaluation(), 1)
    await (await world.start_batch(claim.batch)).terminate()
    stream = await world.start_stream(None, in_flight=(world.batch(claim.batch),))

    done = await world.repair(await world.survey())

    assert (done.released, done.redriven) == (1, 1)
    [finished] = await stream.query(Stream.finished)
    assert (finished.ref, finished.tally.stopped) == (claim.batch, "not_running")


async def test_arrivals_that_were_passed_by_are_claimed_and_judged(world: World) -> None:
    evaluation = await world.evaluation()
    missed = world.generations(3)
    await world.start_stream(await world.last_arrival(), evaluation)
    found = await world.survey()

    done = await world.repair(found)
    again = await world.repair(found)

    assert (done.missed, found.missing) == (3, 0)
    mark = with_sweeps(found.mark, done.sweeps)
    assert mark.sweeps == {}
    assert (await world.survey(mark, after=2 * LATER)).sweeps == {}
    assert (await world.survey()).running == 3
    claimed = world.targets.claimed(
        world.project_id,
        evaluation.id,
        [(event.uuid, event.timestamp.date()) for event in missed],
        version=None,
    )
    assert claimed == {event.uuid for event in missed}
    assert again.missed in (0, 3)  # the same answer if the stream still has it, else nothing is left to claim


async def test_what_was_claimed_is_not_claimed_again_by_a_sweep(world: World) -> None:
    evaluation = await world.evaluation()
    world.generations(2)
    await world.start_stream(await world.last_arrival(), evaluation)
    found = await world.survey()
    await world.repair(found)

    done = await world.repair(await world.survey(after=2 * LATER))

    assert done.missed == 0


async def test_an_evaluation_that_stopped_meanwhile_has_missed_nothing(world: World) -> None:
    evaluation = await world.evaluation()
    world.generations(2)
    await world.start_stream(await world.last_arrival(), evaluation)
    found = await world.survey()
    await world.change(evaluation, enabled=False)

    done = await world.repair(found)

    assert done.missed == 0
    assert with_sweeps(found.mark, done.sweeps).sweeps == {}
