"""Keeps settings from one start to the next, and writes files."""
