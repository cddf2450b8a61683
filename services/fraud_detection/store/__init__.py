"""SQL of fraud detection: one module per table family, functions that take a transaction. Decides nothing."""
