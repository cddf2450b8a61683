"""Simulated people and claims."""
