"""Summaries of what an evaluation has found: the questions, what their answers may say, and the result."""
