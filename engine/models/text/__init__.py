"""Turns a text into tokens and back."""
