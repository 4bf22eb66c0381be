"""Language models of all providers, through litellm."""

from assay.adapters.llm.client import HouseAccess, LiteLLM

__all__ = ["HouseAccess", "LiteLLM"]
