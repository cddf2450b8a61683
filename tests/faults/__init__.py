"""Faults tried on the real parts, and the proof that the suite notices when a guard is gone."""
