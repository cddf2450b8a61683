"""The HTTP edge of statements: parse, call one use case, render."""
