"""One module per resource: parse, validate, call, render."""
