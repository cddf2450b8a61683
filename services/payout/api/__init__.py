"""Payout over HTTP: the vault, payouts, the ledger. Parse, call one use case, render."""
