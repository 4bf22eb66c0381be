"""Hog: the language of code evaluations, compatible with PostHog's, for programs that nobody trusts.

    source ──compiling──▶ compiled program (JSON) ──generating──▶ Python code ──machine──▶ result

`docs/hog.md` describes the language. Nothing here imports more than the standard library, RE2 and the
parser: it runs in processes of its own that must be small and quick to start (`assay.adapters.hog`).
"""
