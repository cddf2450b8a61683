"""Who calls: the token and the keys it is checked by, and which callers a route is for."""
