"""Decodes pictures, and finds out what a model sees of them."""
