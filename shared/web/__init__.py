"""HTTP edge of every service: routes, problems, idempotency, paging, the API document. Rules live elsewhere."""
