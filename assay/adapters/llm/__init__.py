"""Language models of all providers: asking them through litellm, and what they say about a key."""

from assay.adapters.llm.access import HouseAccess
from assay.adapters.llm.client import LiteLLM
from assay.adapters.llm.directory import RestProviderDirectory

__all__ = ["HouseAccess", "LiteLLM", "RestProviderDirectory"]
