"""Products as data: versions that never change, their drafts, prices and explanations, and what a quote says.

A version is proposed by one person and published by another. It knows of nobody who sells it or is covered by it.
"""
