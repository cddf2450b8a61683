"""The HTTP edge of webhooks, the same in each service: parse, call one use case, render."""
