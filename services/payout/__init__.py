"""Payout: owns payees, payouts, the ledger and what the bank said of each transfer.

Publishes ``payout.payouts.v1`` and ``payout.payees.v1``; consumes ``claims.decisions.v1`` and
``enrollment.policies.v1``.
"""
