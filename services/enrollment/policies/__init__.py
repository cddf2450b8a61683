"""Policies from issue to end: enrolling, endorsing, renewing, canceling, expiring, moving, forgetting; certificates.

It announces each change on enrollment's topic, and learns from other services' topics what claims became of it.
"""
