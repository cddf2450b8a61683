"""One module per verb of webhooks; each works in the transaction that it is given."""
