"""Values that mean the same in each service: money, ids, periods and the root of errors. Pure."""
