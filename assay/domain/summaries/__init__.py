"""Summaries of texts whose lines are numbered: what models are asked, and what is made of their answers."""
