"""Callers' servers, told what happened: endpoints and secrets, messages that wait, sending them, their log, the routes.

A service says who its callers are (``Partners``), and what they may be told; its migrations have the tables.
"""
