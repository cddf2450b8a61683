"""One module per verb of files; each works in the transaction that it is given."""
