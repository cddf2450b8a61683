"""A model's report: what is measured (``measures``), how it is drawn (``drawing``) and put on one page (``page``).

Knows no table, no training and no database: our own models' reports and those of strangers' tables are made of it.
"""
