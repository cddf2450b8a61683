"""The documents of claims as files: taken in, kept sealed, shown to reviewers as pictures, and forgotten.

Which documents a claim names is claims' business, and what is concluded from them is decisions' and reviews'. A file
that nobody can read is kept all the same, and stops no claim.
"""
