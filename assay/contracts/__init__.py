"""Pydantic types of everything that crosses a wire or a workflow history. No logic."""
