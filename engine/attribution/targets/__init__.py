"""Resolves targets, as they were asked, to logits."""
