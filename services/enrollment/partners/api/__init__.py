"""The HTTP edge of partners: parse, call one use case, render."""
