"""The author of evaluation reports: a model that reads results by tools and writes by tools.

Pure: what it is told (`prompt`, `tools`), what its conversation has shown and written so far (`conversation`,
`evidence`, `draft`), what of it is shown again (`trimming`), when it has to stop (`budget`), and the report
that needs no model (`plain`). Everything follows from the stored messages alone, so whoever works on a run
after a crash comes to the same.
"""
