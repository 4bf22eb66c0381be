"""Who may read the page of a report run, and what everybody else learns: nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from assay.contracts.access import Project
from assay.domain.signed_links import PageLinks
from assay.errors import StoreUnavailable
from tests.api.report_pages.conftest import MakeRun, Results, fortnight, signed
from tests.harness.api import SECRETS, ApiWorld

TITLE = "Refunds are refused too often"


def client(world: ApiWorld, **options: object) -> httpx.AsyncClient:
    defaults: dict[str, object] = {"key": None, "report_data": Results(fortnight())}
    return world.client(**(defaults | options))  # type: ignore[arg-type]  # whatever a test needs


def same_page(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers can be told apart by anything but the id of the request."""
    ids = {"x-request-id"}
    headers = [{k: v for k, v in answer.headers.items() if k not in ids} for answer in (one, other)]
    return (one.status_code, one.content, headers[0]) == (other.status_code, other.content, headers[1])


async def test_a_signed_link_opens_the_page_without_a_key(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world) as visitor:
        page = await visitor.get(signed(run, datetime(2099, 1, 1, 12, tzinfo=UTC)))
    assert page.status_code == 200
    assert TITLE in page.text
    assert "works until 1 Jan 2099 12:00" in page.text


async def test_a_key_with_the_scope_opens_it(world: ApiWorld, make_run: MakeRun, project: Project) -> None:
    run = await make_run()
    keys = [await world.new_key(scope, project_id=project.id) for scope in ("llm_analytics:read", "*")]
    for key in keys:
        async with client(world, key=key) as visitor:
            page = await visitor.get(f"/reports/{run.id}")
        assert page.status_code == 200
        assert TITLE in page.text
        assert "works until" not in page.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda link: link[:-1] + ("0" if link[-1] != "0" else "1"), "not one of ours"),
        (lambda link: link[:-1], "not one of ours"),
        (lambda link: link.rpartition("=")[0] + "=", "not one of ours"),
        (lambda link: link.rpartition("=")[0] + "=\u00e9", "not one of ours"),
        (lambda link: link.replace("expires=", "expires=1"), "not one of ours"),
        (lambda link: link.replace("expires=", "ends="), "not one of ours"),
        (lambda link: link.replace("/reports/", "/reports/x"), "not one of ours"),
    ],
)
async def test_an_altered_link_opens_nothing(
    world: ApiWorld, make_run: MakeRun, change: object, words: str
) -> None:
    run = await make_run()
    async with client(world) as visitor:
        page = await visitor.get(change(signed(run)))  # type: ignore[operator]  # one of the lambdas above
    assert page.status_code == 403
    assert words in page.text
    assert TITLE not in page.text


async def test_a_link_ends(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world) as visitor:
        page = await visitor.get(signed(run, datetime.now(UTC) - timedelta(seconds=1)))
    assert page.status_code == 403
    assert "The time of this link is over" in page.text


async def test_a_link_of_a_secret_that_was_taken_out_ends(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world, page_links=PageLinks(["another secret", *SECRETS])) as visitor:
        assert (await visitor.get(signed(run))).status_code == 200
    async with client(world, page_links=PageLinks(["another secret"])) as visitor:
        assert (await visitor.get(signed(run))).status_code == 403


async def test_without_credentials_nobody_learns_which_runs_there_are(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run()
    async with client(world) as visitor:
        there, not_there, nonsense = [
            await visitor.get(f"/reports/{name}") for name in (run.id, uuid4(), "nonsense")
        ]
        forged, forged_too = [
            await visitor.get(f"/reports/{name}?expires=4000000000&signature=00")
            for name in (run.id, uuid4())
        ]
        wrong_key = [
            await visitor.get(f"/reports/{name}", headers={"Authorization": "Bearer phx_wrong"})
            for name in (run.id, uuid4())
        ]
    assert there.status_code == 401
    assert there.headers["www-authenticate"] == "Bearer"
    assert "the scope llm_analytics:read" in there.text
    assert same_page(there, not_there)
    assert same_page(there, nonsense)
    assert forged.status_code == 403
    assert same_page(forged, forged_too)
    assert [answer.status_code for answer in wrong_key] == [401, 401]
    assert same_page(*wrong_key)


async def test_a_key_of_another_project_is_answered_as_if_the_run_did_not_exist(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run()
    elsewhere = await world.new_project()
    async with client(
        world, key=await world.new_key("llm_analytics:read", project_id=elsewhere.id)
    ) as visitor:
        there, not_there = [await visitor.get(f"/reports/{name}") for name in (run.id, uuid4())]
        nonsense = await visitor.get("/reports/nonsense")
    assert there.status_code == 404
    assert "There is no such report" in there.text
    assert same_page(there, not_there)
    assert same_page(there, nonsense)


async def test_a_key_without_the_scope_is_refused_before_anything_is_looked_up(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run = await make_run()
    async with client(world, key=await world.new_key("evaluation:read")) as visitor:
        there, not_there = [await visitor.get(f"/reports/{name}") for name in (run.id, uuid4())]
    assert there.status_code == 403
    assert "llm_analytics:read" in there.text
    assert same_page(there, not_there)


async def test_a_link_to_a_run_that_is_gone_says_so(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    gone = run.model_copy(update={"id": uuid4()})
    async with client(world) as visitor:
        page = await visitor.get(signed(gone))
    assert page.status_code == 404
    assert "There is no such report" in page.text


async def test_deleting_a_report_closes_its_pages(
    world: ApiWorld, make_run: MakeRun, project: Project
) -> None:
    run = await make_run()
    await world.registry.evaluation_reports.update(
        project.id, run.report_id, lambda report: report.model_copy(update={"deleted": True})
    )
    async with client(world) as visitor:
        assert (await visitor.get(signed(run))).status_code == 404


async def test_a_deleted_evaluation_leaves_its_reports(
    world: ApiWorld, make_run: MakeRun, project: Project
) -> None:
    run = await make_run()
    await world.registry.evaluations.update(
        project.id, run.evaluation_id, lambda current: current.model_copy(update={"deleted": True})
    )
    async with client(world) as visitor:
        assert (await visitor.get(signed(run))).status_code == 200


async def test_a_link_that_went_round_does_not_wear_out_the_event_store(
    world: ApiWorld, make_run: MakeRun
) -> None:
    run, other = await make_run(), await make_run()
    async with client(world, throttle=True, clock=lambda: 0.0) as visitor:
        answers = [await visitor.get(signed(run)) for _ in range(61)]
        apart = await visitor.get(signed(other))
    assert {answer.status_code for answer in answers[:60]} == {200}
    assert (answers[60].status_code, answers[60].headers["retry-after"]) == (429, "60")
    assert "Too many requests" in answers[60].text
    assert apart.status_code == 200


async def test_a_registry_that_does_not_answer_is_told_on_a_page(
    world: ApiWorld, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await make_run()

    async def away(_: object) -> None:
        raise StoreUnavailable("The registry did not answer.", retry_after=7)

    monkeypatch.setattr(world.registry.report_runs, "find", away)
    async with client(world) as visitor:
        page = await visitor.get(signed(run))
    assert (page.status_code, page.headers["retry-after"]) == (503, "7")
    assert "does not answer" in page.text


async def test_pages_keep_to_themselves(world: ApiWorld, make_run: MakeRun) -> None:
    run = await make_run()
    async with client(world) as visitor:
        pages = [await visitor.get(path) for path in (signed(run), f"/reports/{run.id}")]
        head = await visitor.head(signed(run))
        posted = await visitor.post(f"/reports/{run.id}")
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "private, no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")
    assert posted.status_code == 405
