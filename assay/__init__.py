"""Assay: a Temporal-centric engine that evaluates and analyses LLM traces."""

__version__ = "0.1.0"
