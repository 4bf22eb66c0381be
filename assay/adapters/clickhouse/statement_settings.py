"""ClickHouse settings of every statement, on either engine."""

from __future__ import annotations

from typing import Final

STATEMENT_SECONDS: Final = 20
"""No statement runs longer."""

STATEMENT_SETTINGS: Final = {
    "max_execution_time": STATEMENT_SECONDS,
    # An insert that has returned is in a part on disk, not in a buffer.
    "async_insert": 0,
    # 'a.b' stays a key of its own beside {'a': {'b': …}}, and no pair of keys fails an insert.
    "json_type_escape_dots_in_keys": 1,
    "type_json_skip_duplicated_paths": 1,
    # Text stays text in the JSON type, also if it reads like a date.
    "input_format_try_infer_dates": 0,
    "input_format_try_infer_datetimes": 0,
    # A batch of old events may touch any number of months.
    "max_partitions_per_insert_block": 0,
    # FINAL: copies of an event share a partition, and an index must not hide the copy that replaces another.
    "do_not_merge_across_partitions_select_final": 1,
    "use_skip_indexes_if_final": 1,
    "use_skip_indexes_if_final_exact_mode": 1,
}

MINIMUM_VERSION: Final = "25.8"
"""The first ClickHouse release that knows all of them."""
