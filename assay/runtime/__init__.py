"""Composition root: settings, adapters, workers, app and the command line."""
