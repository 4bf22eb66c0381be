"""When things run: native Temporal Schedules as data, and the pure rules that admit a run."""
