"""Rules of paying: steps, answers of a bank, bookings, reconciliation. Pure; SQL and HTTP stand in other rooms."""
