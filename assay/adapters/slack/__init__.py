"""Slack: its own SDK makes the requests and reads the answers, Assay's outbound policy carries them."""

from assay.adapters.slack.web import SLACK_BASE_URL, SlackWeb

__all__ = ["SLACK_BASE_URL", "SlackWeb"]
