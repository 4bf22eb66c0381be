"""Sentiment models that run on this machine; the one that asks a language model is an activity's helper."""

from assay.adapters.sentiment.lexicon import LexiconSentiment
from assay.adapters.sentiment.onnx import OnnxSentiment
from assay.adapters.sentiment.onnx_files import fingerprint

__all__ = ["LexiconSentiment", "OnnxSentiment", "fingerprint"]
