"""One module per verb of partners; each works in the transaction that it is given."""
