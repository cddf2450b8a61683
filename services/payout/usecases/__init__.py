"""What payout does, one module per verb. Each says which transactions it is made of."""
