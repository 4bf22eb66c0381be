"""Starlette shim: HTTP requests become workflow starts, updates, queries and store reads."""
