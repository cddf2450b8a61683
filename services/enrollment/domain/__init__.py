"""The rules of enrollment: products, contracts, cover, one subscriber's row, one batch. Pure."""
