"""What each process needs before it does anything: clock, ids, settings, logs, metrics, traces, health, shutdown."""
