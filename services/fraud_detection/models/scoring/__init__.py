"""Scoring: models are trained, measured, signed, kept and asked here, and nowhere else is scikit-learn imported.

``champions.Scorer`` answers for adjudication and loads scikit-learn only when it opens a model; ``training`` makes one.
"""
