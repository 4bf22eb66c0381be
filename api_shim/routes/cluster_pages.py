"""`GET /clusters/{run_id}`: one run of a clustering job, for people."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.responses import Response
from starlette.routing import BaseRoute

from api_shim.cluster_found import found
from api_shim.cluster_view import cluster_view
from api_shim.context import Deps
from api_shim.page_access import Admitted, RunPages
from api_shim.pages import page_response
from api_shim.throttle import Limits, Rate
from assay.contracts.clustering_runs import ClusteringRun
from assay.domain.signed_links import Page
from assay.ports import Registry

LINK_LIMITS = Limits("clusters page", (Rate(30, 60),))
"""Of one run by signed links, whoever holds them: a page reads up to 50,000 places."""

_UNKNOWN = "There is no such run of a clustering job."


def routes() -> list[BaseRoute]:
    """The pages of clustering runs."""
    pages = RunPages(page=Page.CLUSTERS, find=_find, render=_page, link_limits=LINK_LIMITS, unknown=_UNKNOWN)
    return [pages.route()]


async def _find(registry: Registry, run_id: UUID) -> ClusteringRun | None:
    return await registry.clustering_runs.find(run_id)


async def _page(deps: Deps, admitted: Admitted[ClusteringRun]) -> Response:
    """The page of a run, at whatever point it is."""
    run = admitted.run
    known = await found(run, deps.clustering_artefacts)

    def render() -> Response:
        view = cluster_view(run, known, link_ends=admitted.link_ends)
        return page_response("clusters.html", {"clusters": view}, style="clusters.css")

    return await asyncio.to_thread(render)  # thousands of points take some tens of milliseconds
