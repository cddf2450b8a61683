"""The child process that reads what strangers send: pictures and PDF. Nobody imports it."""
