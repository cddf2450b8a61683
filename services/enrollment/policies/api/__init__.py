"""The HTTP edge of policies: parse, call one use case, render."""
