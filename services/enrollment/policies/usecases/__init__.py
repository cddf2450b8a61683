"""One module per verb of policies; each works in the transaction that it is given."""
