"""Partners and their contracts: what each may sell, what it keeps, its quotas and file keys, its suspension and end.

What a policy is sold under is said here; the policies themselves are the wing of that name.
"""
