"""Record histories of the cases of each workflow type, as JSON beside this file.

    python -m tests.histories.record [TYPE …]

Run with `make histories`, on purpose only: a recorded history is the promise that runs started by an
earlier version still replay. Add a case for new behaviour; leave the old files where they are.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.harness.temporal import dev_server
from tests.histories.cases import CASES

FOLDER = Path(__file__).parent


def _portable(value: Any) -> Any:
    """The history without stack traces: they name folders of the machine that recorded it."""
    if isinstance(value, dict):
        return {key: _portable(item) for key, item in value.items() if key not in ("stackTrace", "identity")}
    return [_portable(item) for item in value] if isinstance(value, list) else value


async def _main(types: list[str]) -> None:
    async with dev_server() as client:
        for workflow_type in types or list(CASES):
            folder = FOLDER / workflow_type
            folder.mkdir(exist_ok=True)
            for name, case in CASES[workflow_type].items():
                history = await (await case(client)).fetch_history()
                path = folder / f"{datetime.now(UTC):%Y-%m-%d}-{name}.json"
                path.write_text(json.dumps(_portable(history.to_json_dict()), indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
