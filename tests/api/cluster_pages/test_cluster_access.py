"""Who may read the page of a clustering run, and what everybody else learns: nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from assay.contracts.access import Project
from assay.contracts.clustering_runs import ClusteringRun
from assay.domain.signed_links import LINK_LIFETIME, Page, PageLinks
from assay.errors import StoreUnavailable
from tests.api.cluster_pages.conftest import MakeRun, signed
from tests.api.cluster_pages.stored import kept_of
from tests.harness.api import SECRETS, ApiWorld

TITLE = "6 clusters of traces"


def client(
    world: ApiWorld, run: ClusteringRun, *, key: str | None = None, **options: object
) -> httpx.AsyncClient:
    return world.client(key=key, clustering_artefacts=kept_of(run), **options)


async def test_a_signed_link_opens_the_page_without_a_key(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world, run) as visitor:
        page = await visitor.get(signed(run, datetime(2099, 1, 1, 12, tzinfo=UTC)))
    assert page.status_code == 200
    assert TITLE in page.text
    assert "works until 1 Jan 2099 12:00" in page.text


async def test_a_key_with_the_scope_opens_it(world: ApiWorld, make_run: MakeRun, project: Project) -> None:
    run = await make_run()
    async with client(
        world, run, key=await world.new_key("llm_analytics:read", project_id=project.id)
    ) as visitor:
        page = await visitor.get(f"/clusters/{run.id}")
    assert page.status_code == 200
    assert TITLE in page.text
    assert "works until" not in page.text


async def test_a_link_to_another_page_opens_nothing(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    report = PageLinks(SECRETS).sign(Page.REPORT, run.id, datetime.now(UTC) + LINK_LIFETIME)
    async with client(world, run) as visitor:
        page = await visitor.get(report.replace("/reports/", "/clusters/"))
        turned = await visitor.get(signed(run).replace("/clusters/", "/reports/"))
    assert (page.status_code, turned.status_code) == (403, 403)
    assert "not one of ours" in page.text


async def test_a_link_ends(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world, run) as visitor:
        page = await visitor.get(signed(run, datetime.now(UTC) - timedelta(seconds=1)))
    assert page.status_code == 403
    assert "The time of this link is over" in page.text


async def test_without_credentials_nobody_learns_which_runs_there_are(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run()
    async with client(world, run) as visitor:
        pages = [await visitor.get(f"/clusters/{name}") for name in (run.id, uuid4(), "nonsense")]
    assert {page.status_code for page in pages} == {401}
    assert len({page.content for page in pages}) == 1
    assert "the scope llm_analytics:read" in pages[0].text


async def test_a_run_of_another_project_is_answered_as_if_it_did_not_exist(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run, elsewhere = await make_run(), await world.new_project()
    key = await world.new_key("llm_analytics:read", project_id=elsewhere.id)
    async with client(world, run, key=key) as visitor:
        pages = [await visitor.get(f"/clusters/{name}") for name in (run.id, uuid4(), "nonsense")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert "There is no such run of a clustering job." in pages[0].text


async def test_a_link_to_a_run_that_is_gone_says_so(world: ApiWorld, make_run: MakeRun) -> None:
    gone = (await make_run()).model_copy(update={"id": uuid4()})
    async with client(world, gone) as visitor:
        page = await visitor.get(signed(gone))
    assert page.status_code == 404
    assert "There is no such run" in page.text


async def test_a_key_without_the_scope_is_refused(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world, run, key=await world.new_key("evaluation:read")) as visitor:
        page = await visitor.get(f"/clusters/{run.id}")
    assert page.status_code == 403
    assert TITLE not in page.text


async def test_a_link_that_went_round_does_not_wear_out_the_event_store(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run()
    async with client(world, run, throttle=True, clock=lambda: 0.0) as visitor:
        answers = [await visitor.get(signed(run)) for _ in range(31)]
    assert {answer.status_code for answer in answers[:30]} == {200}
    assert (answers[30].status_code, answers[30].headers["retry-after"]) == (429, "60")


async def test_a_registry_that_does_not_answer_is_told_on_a_page(
    world: ApiWorld, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await make_run()

    async def away(_: object) -> None:
        raise StoreUnavailable("The registry did not answer.", retry_after=7)

    monkeypatch.setattr(world.registry.clustering_runs, "find", away)
    async with client(world, run) as visitor:
        page = await visitor.get(signed(run))
    assert (page.status_code, page.headers["retry-after"]) == (503, "7")


async def test_pages_keep_to_themselves(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world, run) as visitor:
        page = await visitor.get(signed(run))
        head = await visitor.head(signed(run))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")
