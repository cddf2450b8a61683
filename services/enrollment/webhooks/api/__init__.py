"""The HTTP edge of webhooks: parse, call one use case, render."""
