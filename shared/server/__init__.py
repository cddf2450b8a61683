"""The HTTP server of a web process: gunicorn's master, and workers of our own that no unfinished request holds up.

gunicorn forks, restarts and stops workers and reads their signals. A worker's threads wait together for connections
that have something to read; a request is worked on once it is there as a whole. What is done with it is shared.web's.
"""
