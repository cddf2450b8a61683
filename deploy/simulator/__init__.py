"""Simulated people, scams and claims: everything follows from a seed, and nothing of it could be a real person.

Ids carry the region prefix 00, which no real one has. It imports no service: what it makes travels over HTTP.
"""
