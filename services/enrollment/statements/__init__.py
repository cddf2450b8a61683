"""What a partner owes for a month: drawn, disputed, settled by two persons, tied out against policies and events."""
