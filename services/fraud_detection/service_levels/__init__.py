"""How long claims take: the clocks of law and terms, which stop while others are waited for, and the public series."""
