"""Fraud detection: owns the coverage view, claims, files of evidence, decisions, reviews and models.

Publishes ``claims.submitted.v1`` and ``claims.decisions.v1``; consumes ``enrollment.policies.v1``,
``enrollment.products.v1``, ``claims.submitted.v1``, ``payout.payouts.v1`` and ``payout.payees.v1``.
"""
