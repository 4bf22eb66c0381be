"""Stand-ins that ship with Assay: for its tests, for yours, and for `assay demo` without a model key."""

from assay.adapters.testing.model_server import RecordedRequest, ScriptedModelServer
from assay.adapters.testing.replies import SCRIPTED_MODEL, Reply

__all__ = ["SCRIPTED_MODEL", "RecordedRequest", "Reply", "ScriptedModelServer"]
