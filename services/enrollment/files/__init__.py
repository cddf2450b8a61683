"""Partners' files of millions of rows: taken in, split into parts, judged, worked off, and answered row by row.

What becomes of a row is policies' business; here is how many come at once, and what is said of those that fail.
"""
