"""Talks with the worker: each asks one kind of thing, follows it to its end, and drops what comes late."""
