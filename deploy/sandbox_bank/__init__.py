"""A bank for sandboxes and tests: a process and a book of its own, with which our word can be compared.

It moves no money. What it does with an order hangs on the last four digits of the account (``outcomes``).
"""
