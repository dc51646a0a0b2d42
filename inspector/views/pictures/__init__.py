"""A picture and its relevance, and heatmaps of every layer."""
