"""Pure functions and small engines: no I/O, no clock, no Temporal, no HTTP."""
