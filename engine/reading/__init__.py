"""Relevance as people read it: its colours, its places on a picture, its ledger in words."""
