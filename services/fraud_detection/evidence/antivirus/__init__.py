"""Asks clamd whether a file is known as harmful."""
