"""Benchmarks: each measures its baseline and its ceiling in the same run, and never fails a build on time."""
