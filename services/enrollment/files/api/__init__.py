"""The HTTP edge of files: parse, call one use case, render."""
