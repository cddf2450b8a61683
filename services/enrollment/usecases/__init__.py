"""What enrollment does: one module per verb, each function one transaction unless it says otherwise."""
