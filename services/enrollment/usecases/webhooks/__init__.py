"""Telling partners' servers what happened: queued with the fact, sent by the worker, asked about over HTTP."""
