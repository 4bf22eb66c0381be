"""The API as one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from api_shim.context import Deps
from api_shim.docs import docs_routes
from api_shim.endpoints import endpoint_routes
from api_shim.errors import EXPECTED_ERRORS
from api_shim.health import healthz, readyz
from api_shim.known_projects import KnownProjects
from api_shim.metrics import MetricsMiddleware, metrics
from api_shim.middleware import FailureMiddleware, HeadMiddleware, RequestIdMiddleware
from api_shim.routes import (
    capture,
    cluster_pages,
    clustering_config,
    clustering_jobs,
    clustering_runs,
    dataset_items,
    datasets,
    evaluation_backfills,
    evaluation_config,
    evaluation_reports,
    evaluation_runs,
    evaluation_summary,
    evaluations,
    models,
    provider_keys,
    report_pages,
    review_queue_items,
    review_queues,
    score_definitions,
    sentiment,
    summarization,
    text_repr,
    trace_reviews,
    translate,
)
from api_shim.throttle import Throttle

RESOURCES = (
    evaluations.RESOURCE,
    evaluation_runs.RESOURCE,
    evaluation_backfills.RESOURCE,
    evaluation_config.RESOURCE,
    provider_keys.RESOURCE,
    provider_keys.VALIDATIONS,
    models.RESOURCE,
    evaluation_reports.RESOURCE,
    datasets.RESOURCE,
    dataset_items.RESOURCE,
    clustering_config.RESOURCE,
    clustering_jobs.RESOURCE,
    clustering_runs.RESOURCE,
    score_definitions.RESOURCE,
    trace_reviews.RESOURCE,
    review_queues.RESOURCE,
    review_queue_items.RESOURCE,
    text_repr.RESOURCE,
    summarization.RESOURCE,
    evaluation_summary.RESOURCE,
    translate.RESOURCE,
    sentiment.RESOURCE,
)
"""Every resource of the API. A new one is added here, and nowhere else."""


def create_app(deps: Deps, *, extra_routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Assemble the application.

    Args:
        deps: what the handlers work with; opened and closed by the caller.
        extra_routes: tried after all others.
    """
    app = Starlette(
        routes=[
            *endpoint_routes(RESOURCES),
            *capture.routes(),
            *docs_routes(RESOURCES),
            *report_pages.routes(),
            *cluster_pages.routes(),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *extra_routes,
        ],
        middleware=[
            Middleware(RequestIdMiddleware),
            Middleware(HeadMiddleware),
            Middleware(MetricsMiddleware),
            Middleware(FailureMiddleware),
        ],
        exception_handlers=EXPECTED_ERRORS,
    )
    app.router.redirect_slashes = False
    app.state.deps = deps
    app.state.throttle = Throttle(deps.clock)
    app.state.known_projects = KnownProjects(deps.clock)
    return app
