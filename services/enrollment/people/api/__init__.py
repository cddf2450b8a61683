"""The HTTP edge of people: parse, call one use case, render."""
