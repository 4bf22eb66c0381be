"""Hog programs in child processes that may be killed.

    processes.HogProcesses ── what the rest of Assay calls
      ├─ compiler.Compiler one call of `compile` after the other; what is known costs nothing
      ├─ batch.Batch       one call of `evaluate`: its targets in chunks, on whichever child is free
      └─ pool.Pool         children of one role: started when needed, recycled, closed when idle
           ├─ turns.Turns        who is next: owners take turns
           └─ process.Child      one child as the parent sees it; pipes.Pipes takes in what it says
    ═══ pipes: frames (lengths), messages (contents) ═══
    child ── what runs on the other side, within rlimits

Importing this package imports nothing, because the children do it too.
"""
