"""Enrollment's own commands: one module per subject, each with ``add(cli, …)``; app.py adds them."""
