"""Enrollment: owns products, partners, policies and enrollment batches.

Publishes ``enrollment.policies.v1`` and ``enrollment.products.v1``; consumes ``claims.decisions.v1`` and
``payout.payouts.v1``.
"""
