"""One module per verb of statements; each works in the transaction that it is given."""
