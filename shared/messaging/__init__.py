"""Events out by the outbox and the relay, in by the inbox and the consumer runtime. What they mean is the services'."""
