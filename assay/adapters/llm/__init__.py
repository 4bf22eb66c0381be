"""Language models of all providers: asking them through litellm, and what they say about a key."""

from assay.adapters.llm.access import LITELLM_ENVIRONMENT, Endpoints, HouseAccess
from assay.adapters.llm.client import LiteLLM
from assay.adapters.llm.directory import RestProviderDirectory
from assay.adapters.llm.process import ModelProcess

__all__ = [
    "LITELLM_ENVIRONMENT",
    "Endpoints",
    "HouseAccess",
    "LiteLLM",
    "ModelProcess",
    "RestProviderDirectory",
]
