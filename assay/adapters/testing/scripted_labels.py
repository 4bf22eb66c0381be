"""Names of clusters without a model: they repeat keywords, so that names can be tried without a key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_SHOWN: Final = re.compile(r"^BEGIN CLUSTERS (\w+)\n(.*)\nEND CLUSTERS \1$", re.MULTILINE | re.DOTALL)
_KEYWORDS: Final = 2


def scripted_labels(schema: Mapping[str, Any], said: str) -> str | None:
    """What is answered to a question for names of clusters.

    Args:
        schema: of the answer.
        said: the user's message of the question.

    Returns:
        None if the question is about something else.
    """
    shown = _SHOWN.search(said)
    if set(schema.get("properties", ())) != {"clusters"} or shown is None:
        return None
    entries = [_entry(json.loads(line)) for line in shown[2].split("\n")]
    return json.dumps({"clusters": entries}, ensure_ascii=False)


def _entry(cluster: Mapping[str, Any]) -> dict[str, Any]:
    about = " and ".join(cluster["keywords"][:_KEYWORDS]) or "this and that"
    return {
        "cluster": cluster["cluster"],
        "title": f"All about {about} {cluster['cluster']}",
        "description": [
            f"It holds {cluster['size']} items.",
            f"They were shown with {len(cluster['samples'])} samples.",
        ],
    }
