"""Stand-ins that ship with Assay: for its tests, for yours, and for `assay demo` without a model key."""

from assay.adapters.testing.model_server import RecordedRequest, ScriptedModelServer
from assay.adapters.testing.replies import SCRIPTED_MODEL, Reply
from assay.adapters.testing.slack_server import PostedMessage, SlackReply, SlackServer

__all__ = [
    "SCRIPTED_MODEL",
    "PostedMessage",
    "RecordedRequest",
    "Reply",
    "ScriptedModelServer",
    "SlackReply",
    "SlackServer",
]
