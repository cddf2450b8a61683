"""One module per verb, each in one transaction that its caller commits."""
