"""Any table: what a spec says of a table of strangers is trained on and measured here, and nothing of it is kept.

It reaches no database and no topic, and makes no model that could decide claims.
"""
