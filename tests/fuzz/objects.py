"""One object of each kind, so that requests for an object get beyond "not found"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

_KINDS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "evaluations/": lambda _: {
        "name": "Polite",
        "evaluation_type": "llm_judge",
        "evaluation_config": {"prompt": "Is it polite?"},
        "output_type": "boolean",
    },
    "datasets/": lambda _: {"name": "Golden answers"},
    "dataset_items/": lambda made: {"dataset": made["datasets/"]},
    "llm_analytics/clustering_jobs/": lambda _: {"name": "Topics", "analysis_level": "trace"},
    "llm_analytics/evaluation_reports/": lambda made: {
        "evaluation": made["evaluations/"],
        "trigger_threshold": 100,
    },
    "llm_analytics/score_definitions/": lambda _: {"name": "Tone", "kind": "boolean", "config": {}},
    "llm_analytics/trace_reviews/": lambda made: {
        "trace_id": "trace-1",
        "scores": [
            {"definition_id": made["llm_analytics/score_definitions/"], "boolean_value": True},
        ],
    },
    "llm_analytics/review_queues/": lambda _: {"name": "To do"},
    "llm_analytics/review_queue_items/": lambda made: {
        "queue_id": made["llm_analytics/review_queues/"],
        "trace_id": "trace-2",
    },
    "llm_analytics/provider_keys/": lambda _: {
        "name": "Ours",
        "provider": "openai",
        "api_key": "sk-of-the-project",
    },
}


def make_objects(client: httpx.Client) -> dict[str, str]:
    """Create one object of each kind.

    Returns:
        The path of each kind below the project, and the id of its object.
    """
    made: dict[str, str] = {}
    for path, body in _KINDS.items():
        response = client.post(f"/{path}", json=body(made))
        assert response.status_code == 201, f"{path}: {response.text}"
        made[path] = response.json()["id"]
    return made
