"""The demonstration: a support bot's traces, captured, judged and shown."""
