"""The event store: one adapter for ClickHouse embedded in this process (chDB) and for a ClickHouse server.

Limits of the embedded engine, which the rest of Assay is built around:

- One process owns a folder. A second one that opens it gets `SetupError`; commands of the operator go
  through the API or Temporal while a server runs.
- A process has one folder at a time. After `close()` it may open another.
- Spawn, never fork: the first statement of a forked child hangs for ever. No preloading web server, no
  `multiprocessing` with the fork method.
- There is no asynchronous client, so this port is synchronous on both engines: call it from thread-pool
  activities or through `asyncio.to_thread`. Any number of threads may share one store; four statements run
  at once, the others wait their turn.
- Acknowledged events survive the death of the process (`kill -9`). Against power loss they are as safe as
  the file system makes unsynced files; `ALTER TABLE events MODIFY SETTING fsync_after_insert = 1` buys
  more, on either engine.
- The first insert pays about 0.8 s for imports of the driver; the engine takes 0.3 GB of memory when idle and
  about 1 GB under load.

A server has none of these limits and needs release 25.8 or newer. On a replicated one, reads go where
writes went only if the operator's load balancer or `select_sequential_consistency` sees to it.
"""

from assay.adapters.clickhouse.clustering_artefacts import ClickHouseClusteringArtefacts
from assay.adapters.clickhouse.clustering_sources import ClickHouseClusteringSources
from assay.adapters.clickhouse.embeddings import ClickHouseEmbeddings
from assay.adapters.clickhouse.evaluation_targets import ClickHouseEvaluationTargets
from assay.adapters.clickhouse.generation_inputs import ClickHouseGenerationInputs
from assay.adapters.clickhouse.judged_runs import ClickHouseJudgedRuns
from assay.adapters.clickhouse.opening import open_event_store
from assay.adapters.clickhouse.report_data import ClickHouseReportData
from assay.adapters.clickhouse.store import ClickHouseEventStore
from assay.adapters.clickhouse.traces import ClickHouseTraces
from assay.adapters.clickhouse.window_candidates import ClickHouseWindowCandidates

__all__ = [
    "ClickHouseClusteringArtefacts",
    "ClickHouseClusteringSources",
    "ClickHouseEmbeddings",
    "ClickHouseEvaluationTargets",
    "ClickHouseEventStore",
    "ClickHouseGenerationInputs",
    "ClickHouseJudgedRuns",
    "ClickHouseReportData",
    "ClickHouseTraces",
    "ClickHouseWindowCandidates",
    "open_event_store",
]
