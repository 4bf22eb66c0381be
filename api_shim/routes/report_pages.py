"""`GET /reports/{run_id}`: one run of an evaluation report, for people."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from api_shim.context import Deps
from api_shim.page_access import Admitted, RunPages
from api_shim.pages import page_response
from api_shim.report_chart import trend
from api_shim.report_view import report_view
from api_shim.throttle import Limits, Rate
from assay.contracts.report_runs import ReportRun
from assay.domain.signed_links import Page
from assay.errors import NotFound
from assay.ports import Registry

LINK_LIMITS = Limits("report page", (Rate(60, 60),))
"""Of one run by signed links, whoever holds them: a page costs a query of the event store."""

_UNKNOWN = "There is no such report, or it was deleted."


def routes() -> list[BaseRoute]:
    """The pages of reports."""
    pages = RunPages(page=Page.REPORT, find=_find, render=_page, link_limits=LINK_LIMITS, unknown=_UNKNOWN)
    return [pages.route()]


async def _find(registry: Registry, run_id: UUID) -> ReportRun | None:
    return await registry.report_runs.find(run_id)


async def _page(deps: Deps, admitted: Admitted[ReportRun]) -> Response:
    """The page of a run. Deleting a report closes the pages of its runs, links or not."""
    run = admitted.run
    report = await deps.registry.evaluation_reports.get(run.project_id, run.report_id)
    evaluation = await deps.registry.evaluations.get(run.project_id, run.evaluation_id, include_deleted=True)
    if report is None or evaluation is None:
        raise NotFound(_UNKNOWN)
    swapped = evaluation.output_config.get("true_is_failure") is True
    chart = await trend(run, deps.report_data, true_is_failure=swapped)

    def render() -> Response:
        view = report_view(run, report, evaluation.name, chart, link_ends=admitted.link_ends)
        return page_response("report.html", {"report": view})

    return await asyncio.to_thread(render)  # a long text takes some tens of milliseconds
