"""From stored verdicts to the page of a report run."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.api.report_pages.conftest import MakeRun, signed
from tests.api.report_pages.stored import DAY, rates, store
from tests.harness.api import ApiWorld
from tests.stores.events.support import Backend


def numbers(markup: str, pattern: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, found)) for found in re.findall(pattern, markup)]


@pytest.mark.parametrize("true_is_failure", [False, True])
async def test_the_chart_shows_the_verdicts_that_are_stored(
    world: ApiWorld, make_run: MakeRun, events: Backend, true_is_failure: bool
) -> None:
    run = await make_run()
    await world.registry.evaluations.update(
        run.project_id,
        run.evaluation_id,
        lambda current: current.model_copy(update={"output_config": {"true_is_failure": true_is_failure}}),
    )
    store(events, run)
    async with world.client(key=None, report_data=events.report_data) as visitor:
        markup = (await visitor.get(signed(run))).text

    expected = rates(true_is_failure=true_is_failure)
    assert f"{4 * len(expected)} results that passed or failed" in markup
    levels = [y for _, _, y, _ in numbers(markup, r'x1="(.+?)" x2="(.+?)" y1="(.+?)" y2="(.+?)"')]
    bottom, top = max(levels), min(levels)
    dots = numbers(markup, r'<circle cx="(.+?)" cy="(.+?)"')
    assert [(bottom - y) / (bottom - top) for _, y in dots] == pytest.approx([rate for _, rate in expected])
    a_day = (dots[-1][0] - dots[0][0]) / ((expected[-1][0] - expected[0][0]) / DAY)
    steps = [(other - one) / DAY * a_day for (one, _), (other, _) in pairwise(expected)]
    assert [other - one for (one, _), (other, _) in pairwise(dots)] == pytest.approx(steps, abs=0.2)


async def test_an_evaluation_without_verdicts_has_no_chart(
    world: ApiWorld, make_run: MakeRun, events: Backend
) -> None:
    run = await make_run()
    async with world.client(key=None, report_data=events.report_data) as visitor:
        markup = (await visitor.get(signed(run))).text
    assert "<svg" not in markup
    assert "There is no chart: " in markup
