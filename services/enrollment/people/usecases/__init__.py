"""One module per verb of people; each works in the transaction that it is given."""
