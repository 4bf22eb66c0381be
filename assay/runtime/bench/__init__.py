"""Benchmarks: each compares two things in the same run, because machines differ and are noisy."""
