"""How a claim is decided: the rules, what is payable, limits, the model's opinion; what waits for a person."""
