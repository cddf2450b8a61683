"""SQL of payout, one module per table family: functions that take a transaction first."""
