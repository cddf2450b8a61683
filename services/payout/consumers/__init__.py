"""Events that payout takes, one module per topic: check, translate, call one use case."""
