"""Everything Temporal that is neither a workflow nor an activity."""
