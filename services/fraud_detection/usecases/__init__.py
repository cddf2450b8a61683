"""What fraud detection does: one module per verb, each in one transaction that its caller commits."""
