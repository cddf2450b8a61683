"""One module per verb of products; each works in the transaction that it is given."""
