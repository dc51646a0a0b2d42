"""Tokens in colour: laid out, painted, walked, and found."""
