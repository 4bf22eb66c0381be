"""Scores: the configs of score definitions, and which values fit them."""
