"""Residents' backends: what their servers are told of their claims, written in the transaction of the claim's step.

All else about endpoints and sending is the shared webhooks'.
"""
