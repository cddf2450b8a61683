"""Enrollment: owns products, partners, policies and enrollment batches.

Publishes ``enrollment.policies.v1`` and ``enrollment.products.v1``; consumes ``claims.decisions.v1``,
``payout.payouts.v1``, and its own ``enrollment.policies.v1`` to prove what the others heard.
"""
