"""Plots over layers and over generated tokens."""
