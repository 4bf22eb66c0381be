"""Implementations of the ports: the only place that imports drivers."""
