"""The HTTP edge of products: parse, call one use case, render."""
