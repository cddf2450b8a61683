"""Messages to other people's servers: which addresses may be called, one connection each, no redirects."""
